"""What stands in a text in another encoding, or in pieces; and that looking for it costs no more for hostile texts."""

import base64
import random
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_codeexec.filtering import FilterPipeline
from mcp_codeexec.filtering.decoded import back, readings
from mcp_codeexec.filtering.detect import Detector
from mcp_codeexec.filtering.spans import Span
from mcp_codeexec.model import Json
from tests.unit.filtering.memory_vault import MemoryVault
from tests.unit.filtering.people import MAKERS
from tests.unit.filtering.samples import BY_VENDOR, PASSWORD

ADDRESS = "ann.smith@example.com"
ENCODED: list[tuple[str, str]] = [
    ("percent", "ann.smith%40example.com"),
    ("percent, twice", "ann.smith%2540example.com"),
    ("percent, every letter", "".join(f"%{ord(c):02x}" for c in ADDRESS)),
    ("escapes", "".join(f"\\u{ord(c):04x}" for c in ADDRESS)),
    ("one escape", "ann.smith\\u0040example.com"),
    ("an escape of two digits", "ann.smith\\x40example.com"),
    ("an escape in braces", "ann.smith\\u{40}example.com"),
    ("an escaped escape", "ann.smith\\\\u0040example.com"),
    ("an entity", "ann.smith&#64;example.com"),
    ("a hexadecimal entity", "ann.smith&#x40;example.com"),
    ("base64", base64.b64encode(f"write to {ADDRESS} now".encode()).decode()),
    ("base64 in an address", urllib.parse.quote(base64.b64encode(f"write to {ADDRESS} now!".encode()).decode(), safe="")),
]


@pytest.mark.parametrize(("text"), [row[1] for row in ENCODED], ids=[row[0] for row in ENCODED])
async def test_an_encoded_address_becomes_a_token_for_the_encoded_text(
    pipeline: FilterPipeline, vault: MemoryVault, text: str
) -> None:
    cleaned = await pipeline.clean(f"é before {text} after", vault)
    token = vault.minted()[0].token
    assert cleaned.tree == f"é before {token} after"
    assert cleaned.redactions == {"email": 1}
    assert vault.reveal(token) == text


@pytest.mark.parametrize(
    "text", ["100%", "%41%42 is AB", "a &amp; b", "\\u00e9t\\u00e9", "x%zz", "\\u{110000}", "&#9999999;", "%ff%fe"]
)
async def test_what_hides_nothing_stays_encoded(pipeline: FilterPipeline, vault: MemoryVault, text: str) -> None:
    assert (await pipeline.clean(text, vault)).tree == text


WRITTEN_OTHERWISE = [
    ("email", "ann\u200b.smith@exam\u00adple.com"),
    ("email", "ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
    ("email", "ann＠example．com"),
    ("card", "4111\u00a01111\u00a01111\u00a01111"),
    ("card", "4111\u202f1111\u202f1111\u202f1111"),
    ("card", "4111\u20091111\u20091111\u20091111"),
    ("phone", "+49\u3000151\u300023456789"),
    ("card", "4111\u20111111\u20111111\u20111111"),
    ("card", "４１１１１１１１１１１１１１１１"),
    ("iban", "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000"),
    ("github_token", f"{BY_VENDOR['github_token'][:9]}\u2060{BY_VENDOR['github_token'][9:]}"),
]


@pytest.mark.parametrize(("kind", "text"), WRITTEN_OTHERWISE)
async def test_hard_spaces_invisible_letters_and_full_width_hide_nothing(
    pipeline: FilterPipeline, vault: MemoryVault, kind: str, text: str
) -> None:
    shown = (await pipeline.clean(f"card é {text} 次", vault)).tree
    minted = vault.minted()
    assert shown == f"card é {minted[0].token if minted else f'[REDACTED:{kind}]'} 次"
    assert [row.value for row in minted] == ([] if kind == "github_token" else [text])


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour\u00a0! 12\u202f345,60\u00a0€",
        "👩\u200d👩\u200d👧 and ﬁne",
        "ＡＢＣ１２３、次の＠行",
        "soft\u00adhy\u00adphen 2020\u20112024",
    ],
    ids=["French", "a family", "full width", "hyphens"],
)
async def test_ordinary_text_with_such_letters_stays(pipeline: FilterPipeline, vault: MemoryVault, text: str) -> None:
    assert (await pipeline.clean(text, vault)).tree == text


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def _percent(text: str) -> str:
    return urllib.parse.quote(text)


@pytest.mark.parametrize("encode", [_percent, _escaped])
async def test_a_password_is_known_by_an_encoded_name(
    pipeline: FilterPipeline, vault: MemoryVault, encode: Callable[[str], str]
) -> None:
    cleaned = await pipeline.clean(encode(f'{{"password": "{PASSWORD}"}}'), vault)
    assert cleaned.redactions == {"secret": 1}
    assert encode(PASSWORD[-6:]) not in str(cleaned.tree)


IN_PIECES = ["aws_key", "github_token", "github_token fine", "gitlab_token", "stripe_access_token", "gcp_api_key", "npm_token"]


@pytest.mark.parametrize("glue", [" ", "\n", "', '", '", "', " + ", '"\n"'])
@pytest.mark.parametrize("kind", IN_PIECES)
async def test_a_key_in_pieces_is_redacted(pipeline: FilterPipeline, vault: MemoryVault, kind: str, glue: str) -> None:
    key = BY_VENDOR[kind]
    for at in (2, 4, len(key) // 2, len(key) - 3):
        cleaned = await pipeline.clean(f"it is {key[:at]}{glue}{key[at:]} .", vault)
        assert cleaned.tree == f"it is [REDACTED:{kind.split(maxsplit=1)[0]}] .", at


@pytest.mark.parametrize(
    "text",
    [
        "AKIA IS THE PREFIX OF AN AWS KEY ID",
        "npm_config_registry and npm_package_version of the package that is built",
        "ghp_ begins a token, sk_live_ and sk-ant- begin keys of other vendors, glpat- is one of gitlab",
        "a list of prefixes: 'AKIA', 'ASIA', 'ghp_', 'gho_', 'xoxb-', 'AIza', 'npm_'",
    ],
)
async def test_a_prefix_and_words_after_it_are_no_key(pipeline: FilterPipeline, vault: MemoryVault, text: str) -> None:
    assert (await pipeline.clean(text, vault)).tree == text


@settings(max_examples=60, deadline=None)
@given(text=st.text("%4061\\ux&#;=aZ09+/é \n", max_size=200), start=st.integers(0, 100), size=st.integers(1, 40))
def test_the_way_back_stays_within_the_text(text: str, start: int, size: int) -> None:
    data = text.encode()
    for reading, steps in readings(data):
        end = min(len(reading), start + size)
        if start < end:
            span = back(Span(start, end, "x"), steps)
            assert 0 <= span.start < span.end <= len(data)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


HOSTILE = {
    "percent": "%4",
    "percents": "%40",
    "escapes": "\\u0041",
    "backslashes": "\\",
    "base64": "QUFB",
    "at": "a@",
    "digits": "4",
    "groups": "4111 ",
    "plus": "+1",
    "phone": "+1 (",
    "octets": "1.1.",
    "hex": "aa:",
    "names": "password=",
    "prefixes": "AKIA ",
    "iban": "DE89 3704 ",
    "born": "born on ",
    "ssn": "123-45-",
    "ids": "dni 1",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_readings_of_a_hostile_text_grow_as_the_text_does(unit: str) -> None:
    sizes: list[int] = []
    for count in (2_000, 8_000):
        data = (unit * count).encode()
        sizes.append(sum(len(reading) for reading, _ in readings(data)))
        assert sizes[-1] <= 4 * len(data) + 4_096
    assert sizes[1] <= 4 * sizes[0] + 4_096


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_text_gets_through_whole(pipeline: FilterPipeline, unit: str) -> None:
    text = unit * (200_000 // len(unit))
    assert (await pipeline.clean(text, MemoryVault())).tree == text


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_the_work_on_a_hostile_text_grows_as_the_text_does(detector: Detector, unit: str) -> None:
    small, large = (_calls(detector, (unit * (size // len(unit))).encode()) for size in (16_000, 64_000))
    assert large <= 4.5 * small + 500


def _calls(detector: Detector, data: bytes) -> int:
    """How many calls, of Python's and of C's, it takes to look through `data`: each is one step of RE2's or of ours."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        detector.find(data)
    finally:
        sys.setprofile(before)
    return calls


def _secrets() -> Iterator[str]:
    source = random.Random(2)
    yield from (BY_VENDOR[kind] for kind in IN_PIECES)
    yield from (f"password={PASSWORD}", *(MAKERS[kind](source) for kind in MAKERS))


frames = st.sampled_from(["{}", " {} ", "x: {}.", "({})", "<{}>", '"{}"', "{}, {}", "\n{}\n", "é {} 😀"])


def _framed(frame: str, secret: str) -> Json:
    return frame.replace("{}", secret)


leaves: st.SearchStrategy[Json] = st.builds(_framed, frames, st.sampled_from(list(_secrets())))
trees: st.SearchStrategy[Json] = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(tree=trees)
async def test_no_secret_and_no_personal_value_is_in_any_string(pipeline: FilterPipeline, tree: Json) -> None:
    shown = str((await pipeline.clean(tree, MemoryVault())).tree)
    for secret in _secrets():
        assert secret.rpartition(": ")[2] not in shown
