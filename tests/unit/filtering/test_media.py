"""Files in what is printed or returned: a word for each, the rest of the text as it is."""

import base64
import json
import struct
from typing import Any

import pytest

from mcp_codeexec.answers import Outcome
from mcp_codeexec.filtering import fit
from mcp_codeexec.filtering.media import described, has_media, kind_of

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + bytes(range(256)) * 3
GIF = b"GIF89a" + struct.pack("<HH", 12, 34) + bytes(range(256)) * 3
KINDS = [
    (PNG, "PNG image, 640 × 480"),
    (GIF, "GIF image, 12 × 34"),
    (b"\xff\xd8\xff\xe0" + PNG, "JPEG image"),
    (b"RIFF\x00\x01\x02\x03WEBPVP8 " + PNG, "WebP image"),
    (b"%PDF-1.7\n" + PNG, "PDF document"),
    (b"PK\x03\x04\x14\x00" + PNG, "ZIP archive"),
    (b"\x1f\x8b\x08\x00" + PNG, "gzip data"),
    (b"SQLite format 3\x00" + PNG, "SQLite database"),
    (b"\x00asm\x01\x00\x00\x00" + PNG, "WebAssembly module"),
]
BASE64 = base64.b64encode(PNG).decode()


def items(data: bytes) -> str:
    """As inspect prints a long array of bytes."""
    rows = ",\n".join("  " + ", ".join(map(str, data[at : at + 10])) for at in range(0, 100, 10))
    return f"Uint8Array({len(data)}) [\n{rows},\n  ... {len(data) - 100} more items\n]"


def pairs(data: bytes) -> str:
    """As inspect prints a buffer."""
    return f"ArrayBuffer {{ [Uint8Contents]: <{data[:100].hex(' ')} ... {len(data) - 100} more bytes> }}"


@pytest.mark.parametrize(("data", "kind"), KINDS, ids=[kind for _, kind in KINDS])
def test_a_file_is_told_by_its_first_bytes_in_every_form(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind
    assert described(f"a {items(data)} b") == f"a Uint8Array({len(data)}) [{kind}] b"
    assert described(pairs(data)) == f"ArrayBuffer {{ [Uint8Contents]: <{kind}> }}"
    encoded = base64.b64encode(data).decode()
    assert described(f'"data:x/y;base64,{encoded}" é') == f'"data:x/y;base64,[{kind}, {len(data)} bytes in base64]" é'
    assert has_media(encoded)


@pytest.mark.parametrize(
    "text",
    ["", "é", items(bytes(300)), pairs(bytes(300)), base64.b64encode(bytes(300)).decode(), "x" + BASE64, BASE64[:150], "/9j/" + "!" * 300],
    ids=["nothing", "a letter", "zeros", "a buffer of zeros", "base64 of zeros", "in a longer word", "short", "no base64"],
)  # fmt: skip
def test_what_is_no_file_stays(text: str) -> None:
    assert described(text) == text


def test_base64_that_only_begins_like_a_file_leaves_the_value_plain() -> None:
    sound = base64.b64encode(b"RIFF\x00\x01\x02\x03WAVEfmt " + PNG).decode()
    whole = Outcome(session_id="ses_x", run=1, status="ok", value={"sound": sound})
    assert fit(whole, 8_000) is whole


def test_numbers_that_are_no_bytes_do_no_harm() -> None:
    text = f"Uint8Array(999) [\n  {'9' * 5_000}, 137, 80\n  ... 899 more items\n]"
    assert described(text) == text


@pytest.mark.parametrize(
    ("fields", "shown", "part"),
    [
        ({"value": BASE64}, f"[PNG image, 640 × 480, {len(PNG)} bytes in base64]", "value"),
        ({"value": {"a": 1, "b": [BASE64]}}, f'{{"a": 1,\n "b": ["[PNG image, 640 × 480, {len(PNG)} bytes in base64]"]}}', "value"),
        ({"value_text": items(PNG)}, f"Uint8Array({len(PNG)}) [PNG image, 640 × 480]", "value"),
        ({"output": f"a\n{items(PNG)}\nb\n"}, f"a\nUint8Array({len(PNG)}) [PNG image, 640 × 480]\nb\n", "output"),
    ],
    ids=["a string", "in data", "as bytes", "in the output"],
)
def test_an_answer_with_a_file_in_it_says_so_and_where_it_is(fields: dict[str, Any], shown: str, part: str) -> None:
    fitted = fit(Outcome(session_id="ses_4Jw9kQ2mXr7TbN0pLc5VyA", run=7, status="ok", **fields), 8_000)
    assert fitted.value_text + fitted.output == shown
    assert "value" not in fitted.model_fields_set
    (cut,) = fitted.truncated
    assert cut.part == part
    assert cut.kept < cut.total
    assert ("ses_4Jw9kQ2mXr7TbN0pLc5VyA" in cut.get, json.dumps(fitted.structure()).count(BASE64[:40])) == (True, 0)
