"""Any bytes on the wire: frames or BadFrame, the same ones however the pipe cuts them, in bounded memory, and the same on both ends."""

import json
import struct
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from deno import find_deno_bin
from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.model import Json
from mcp_codeexec.runtime.frames import BadFrame, FrameReader, encode
from mcp_codeexec.runtime.host_files import sources
from tests.fuzz.profile import examples

LIMIT, CALL_LIMIT = 300, 900
ECHO = """
import { receive, receiveBlocking, send } from "%s";
for (let i = 0; ; i++) {
  const frame = i %% 3 ? receiveBlocking() : await receive();
  if (frame === null) break;
  send(frame.header, frame.blob);
}
"""

SAFE = 2**53  # beyond it, the two ends write the same number with other digits
numbers = st.integers(-SAFE, SAFE) | st.floats(-SAFE, SAFE) | st.sampled_from([1e300, -5e-324, 1e-7])
data: Any = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
headers = st.dictionaries(st.sampled_from(["op", "id", "__proto__", "toJSON", "then"]) | st.text(max_size=5), data, max_size=4)
frames = st.tuples(headers | st.just({"op": "call"}), st.binary(max_size=400))
cuts = st.lists(st.integers(0, 3_000), max_size=6)
Frame = tuple[dict[str, Json], bytes]


def pieces(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    at = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in pairwise(at)]


def heard(parts: Sequence[bytes], limit: int = LIMIT, call_limit: int = CALL_LIMIT) -> tuple[list[Frame], str]:
    """What a reader makes of it, and the rule that was broken; the bytes it still holds are always bounded."""
    found: list[Frame] = []
    reader = FrameReader(lambda header, blob: found.append((header, blob)), limit, call_limit)
    for part in parts:
        try:
            reader.feed(part)
        except BadFrame as broken:
            return found, str(broken)
        assert len(vars(reader)["_buffer"]) < 4 + call_limit
    return found, ""


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid stream with bytes changed, taken out and put in, and lengths that lie."""
    stream = bytearray(b"".join(encode(*frame) for frame in draw(st.lists(frames, min_size=1, max_size=4))))
    for _ in range(draw(st.integers(1, 4))):
        at, more = (
            draw(st.integers(0, len(stream))),
            draw(st.binary(max_size=6) | st.integers(0, 2_000).map(struct.Struct(">I").pack)),
        )
        stream[at : at + draw(st.sampled_from([0, len(more), 3]))] = more
    return bytes(stream)


@examples(100, 2_000)
@given(st.lists(frames, max_size=6), cuts)
def test_a_valid_stream_is_the_same_frames_however_it_is_cut(sent: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(encode(*frame) for frame in sent)
    assert heard(pieces(stream, cuts), 10_000, 10_000) == (sent, "")


@examples(100, 2_000)
@given(damaged() | st.binary(max_size=2_000), cuts)
def test_any_stream_means_the_same_however_it_is_cut(stream: bytes, cuts: list[int]) -> None:
    found, broken = heard([stream])
    assert heard(pieces(stream, cuts)) == (found, broken)


@st.composite
def sized(draw: st.DrawFn) -> bytes:
    """A frame of sizes about the limits, whose prefix may lie."""
    size = st.sampled_from([LIMIT, CALL_LIMIT, 2 * CALL_LIMIT]).flatmap(lambda limit: st.integers(limit - 2, limit + 2))
    head = b'{"op":"%s"%*s}' % (draw(st.sampled_from([b"call", b"done"])), draw(st.sampled_from([0, 100, LIMIT])), b"")
    blob = bytes(max(0, draw(size) - 4 - len(head)))
    length, head_bytes = 4 + len(head) + len(blob), len(head)
    match draw(st.sampled_from(["no lie", "no lie", "frame", "header"])):
        case "frame":
            length = draw(st.sampled_from([head_bytes, head_bytes + 3, 2**32 - 1]) | size)
        case "header":
            head_bytes = draw(st.sampled_from([length - 3, length, 2**32 - 1]) | size)
        case _:
            pass
    return struct.pack(">II", length, head_bytes) + head + blob


@examples(100, 2_000)
@given(sized(), cuts)
def test_nothing_beyond_the_limits_is_kept_or_heard(stream: bytes, cuts: list[int]) -> None:
    length, head_bytes = struct.unpack_from(">II", stream)
    for header, blob in heard(pieces(stream, cuts))[0][:1]:
        assert head_bytes <= LIMIT
        assert length == 4 + head_bytes + len(blob) <= (CALL_LIMIT if header["op"] == "call" else LIMIT)


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of a Deno process that reads frames and sends them back."""
    script = tmp_path_factory.mktemp("echo") / "echo.ts"
    script.write_text(ECHO % (sources() / "frames.ts").as_uri(), "utf-8")
    return [find_deno_bin(), "run", "--no-config", "--no-lock", f"--allow-read={sources()}", str(script)]


def test_the_other_end_hears_and_says_the_same(echo: list[str], tmp_path: Path) -> None:
    sent: list[Frame] = []
    parts: list[bytes] = []

    @examples(100, 2_000)
    @given(frames, cuts)
    def collect(frame: Frame, cuts: list[int]) -> None:
        sent.append(frame)
        parts.extend(pieces(encode(*frame), cuts))

    collect()
    with (tmp_path / "echoed").open("w+b") as echoed:
        with subprocess.Popen(echo, stdin=subprocess.PIPE, stdout=echoed, bufsize=0) as process:
            assert process.stdin is not None
            for part in parts:
                process.stdin.write(part)
        assert process.returncode == 0
        echoed.seek(0)
        back, broken = heard([echoed.read()], 10_000, 10_000)
    assert broken == ""
    assert [(json.loads(json.dumps(header)), blob) for header, blob in back] == sent
