"""The wire: frames as bytes, whole, in pieces, hostile, and as the other side writes and reads them."""

import asyncio
import json
import os
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from deno import find_deno_bin
from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.model import Json
from mcp_codeexec.runtime.frames import BadFrame, FramePipe, FrameReader, encode
from mcp_codeexec.runtime.host_files import sources

Frame = tuple[dict[str, Json], bytes]

EXAMPLES: list[Frame] = [
    ({"op": "ping", "id": 1}, b""),
    ({"op": "ünï", "text": "é😀\n\0"}, b""),
    ({"op": "output"}, bytes(range(256))),
    ({"op": "call", "data": {"nested": [1, 2.5, None, True, "x"]}}, b"\n" * 70_000),
    ({}, b""),
    ({"op": "looks like a frame", "1": 1, "z": [[], {}]}, struct.pack(">II", 12, 8) + b"{}"),
    ({"op": "large", "s": "x" * 70_000}, b"\x00\xff" * 200_000),
]


def read(data: bytes, limit: int = 2_000_000, call_limit: int = 16_000_000, step: int = 0) -> list[Frame]:
    frames: list[Frame] = []
    reader = FrameReader(lambda header, blob: frames.append((header, blob)), limit, call_limit)
    for at in range(0, len(data), step or len(data) or 1):
        reader.feed(data[at : at + (step or len(data))])
    return frames


@pytest.mark.parametrize("step", [0, 1, 7, 65_536])
def test_frames_arrive_as_they_were_sent_however_the_pipe_cuts_them(step: int) -> None:
    examples = EXAMPLES[:3] if step == 1 else EXAMPLES
    assert read(b"".join(encode(header, blob) for header, blob in examples), step=step) == examples


def test_a_lone_surrogate_crosses_as_an_escape() -> None:
    assert b'"a\\ud800b"' in encode({"body": "a\ud800b"})
    assert b'["\\udfff"]' in encode({"op": "describe", "path": ["\udfff"]})


def frame(head: bytes, blob: bytes = b"", length: int | None = None, head_bytes: int | None = None) -> bytes:
    sizes = 4 + len(head) + len(blob) if length is None else length, len(head) if head_bytes is None else head_bytes
    return struct.pack(">II", *sizes) + head + blob


@pytest.mark.parametrize(
    "data",
    [
        frame(b"{}", length=3),
        frame(b"{}", head_bytes=3),
        frame(b"{}", length=17_000_000),
        frame(b"{}", length=2**32 - 1, head_bytes=2**32 - 1),
        frame(b"not json"),
        frame(b"[1]"),
        frame(b"1"),
        frame(b'{"a": NaN}'),
        frame(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        frame(b'{"a": "\xff"}'),
        frame(b'{"a": "\\ud800"}'),
        frame(b'{"n": ' + b"9" * 900_000 + b"}"),
        frame(b'{"a": ' + b'{"a": ' * 1_000 + b"1" + b"}" * 1_001),
        frame(b'{"op": 1} x'),
        frame(b""),
        frame(b'{"op": "done"}', b"x" * 2_000_001),
    ],
)
def test_a_frame_that_breaks_a_rule_is_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        read(data)


def test_only_the_blobs_of_host_calls_may_be_large() -> None:
    blob = b"x" * 3_000_000
    assert read(frame(b'{"op": "call"}', blob)) == [({"op": "call"}, blob)]
    with pytest.raises(BadFrame):
        read(encode({"op": "call", "data": "x" * 3_000_000}))


def test_limits_are_reached_and_not_passed() -> None:
    for op, limits in (("output", (1_000, 5_000)), ("call", (500, 1_000))):
        fits, over = (frame(b'{"op":"%s"}' % op.encode(), bytes(1_000 - 4 - len(op) - 9 + more)) for more in (0, 1))
        assert len(read(fits, *limits)) == 1
        with pytest.raises(BadFrame):
            read(over, *limits)


def test_a_frame_over_the_limit_is_refused_before_it_has_come() -> None:
    with pytest.raises(BadFrame):
        read(struct.pack(">II", 2**32 - 1, 2))


def test_what_json_has_no_number_for_crosses_as_null() -> None:
    assert read(encode({"a": float("nan"), "b": [float("-inf")]})) == [({"a": None, "b": [None]}, b"")]


def test_a_stream_may_be_cut_at_any_byte() -> None:
    stream = b"".join(encode(header, blob) for header, blob in EXAMPLES[:3])
    for at in range(len(stream)):
        frames: list[Frame] = []
        reader = FrameReader(lambda header, blob, to=frames: to.append((header, blob)), 1_000, 0)
        reader.feed(stream[:at])
        reader.feed(stream[at:])
        assert frames == EXAMPLES[:3]


def test_nothing_is_heard_after_a_broken_rule() -> None:
    frames: list[Frame] = []
    ends: list[str] = []
    pipe = FramePipe(FrameReader(lambda header, blob: frames.append((header, blob)), 1_000, 0), ends.append)
    pipe.data_received(encode({"op": "a"}) + frame(b"[]") + encode({"op": "b"}))
    pipe.data_received(encode({"op": "c"}))
    pipe.connection_lost(None)
    assert frames == [({"op": "a"}, b"")]
    assert ends == ["a header that is not an object"]


async def test_a_pipe_that_closes_in_the_middle_of_a_frame_has_ended() -> None:
    frames: list[Frame] = []
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[str] = loop.create_future()
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        reader = FrameReader(lambda header, blob: frames.append((header, blob)), 1_000, 0)
        transport, _ = await loop.connect_read_pipe(lambda: FramePipe(reader, ended.set_result), pipe)
        os.write(writing, encode({"op": "a"}) + encode({"op": "b"})[:-1])
        os.close(writing)
        assert await ended == ""
        transport.close()
    assert frames == [({"op": "a"}, b"")]


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    try:
        for header, blob in read(data):
            assert isinstance(header, dict)
            assert isinstance(blob, bytes)
    except BadFrame:
        pass


json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4), st.binary(max_size=50))
def test_every_header_and_blob_comes_back(header: dict[str, Json], blob: bytes) -> None:
    assert read(encode(header, blob)) == [(header, blob)]


def test_the_other_side_reads_and_writes_the_same_frames(tmp_path: Path) -> None:
    script = tmp_path / "echo.ts"
    frames = (sources() / "frames.ts").as_uri()
    script.write_text(
        f'import {{ receive, receiveBlocking, send }} from "{frames}";\n'
        "for (let i = 0; ; i++) {\n"
        "  const frame = i % 2 ? await receive() : receiveBlocking();\n"
        "  if (frame === null) break;\n"
        "  send(frame.header, frame.blob);\n"
        "}\n",
        "utf-8",
    )
    sent = b"".join(encode(header, blob) for header, blob in EXAMPLES)
    argv = [find_deno_bin(), "run", "--no-config", "--no-lock", f"--allow-read={sources()}", str(script)]
    echoed = subprocess.run(argv, input=sent, capture_output=True, timeout=60, check=True).stdout
    assert [(json.loads(json.dumps(header)), blob) for header, blob in read(echoed)] == EXAMPLES
