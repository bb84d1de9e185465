"""What a worker may send to be kept: frames in any order, of any size, are taken or end it, and never take more room than there is."""

import re

import pytest

from mcp_codeexec.model import Json, Segment
from mcp_codeexec.runtime.host_files import sources
from mcp_codeexec.runtime.saving import Saving, format_of, is_readable

FORMAT = format_of("2.9.8")


def segment(name: str, kept: str = "exact", **more: Json) -> dict[str, Json]:
    return {"op": "segment", "name": name, "kept": kept, "why": "", "first": 1, "classes": [], **more}


async def test_pieces_belong_to_the_segment_after_them() -> None:
    saving = Saving(FORMAT)
    assert not saving.begun
    for header, blob in [
        ({"op": "ended"}, b""),
        ({"op": "piece"}, b"ab"),
        (segment("x"), b"c"),
        ({"op": "piece"}, b"of one that was left"),
        (segment("left", "live_only", why="a Proxy"), b""),
        (segment("C", "by_source", classes=[[7, "class C {}"]]), b"d"),
        ({"op": "ended"}, b""),
    ]:
        assert saving.add(header, blob)
    assert saving.begun
    assert [(s.name, s.kept, s.why, s.data, s.classes) for s in saving.segments.values()] == [
        ("x", "exact", "", b"abc", {}),
        ("left", "live_only", "a Proxy", b"", {}),
        ("C", "by_source", "", b"d", {7: "class C {}"}),
    ]


async def test_what_is_said_again_takes_the_place_of_what_was_said() -> None:
    saving = Saving(FORMAT)
    for header, blob in [({"op": "piece"}, b"old"), (segment("x"), b""), ({"op": "piece"}, b"old"), ({"op": "again"}, b"")]:
        assert saving.add(header, blob)
    assert not saving.segments
    assert saving.add(segment("x"), b"new")
    assert saving.segments["x"].data == b"new"


@pytest.mark.parametrize(
    "header",
    [
        {"op": "sudo"},
        {},
        segment("x", "perhaps"),
        segment("x" * 401),
        segment("x", first=-1),
        segment("x", first=2**60),
        segment("x", classes=[["1", "class C {}"]]),
        segment("x", classes=[[1, "x" * 600_001]]),
        segment("x", admin=True),
        {"op": "segment"},
    ],
    ids=lambda header: str(header)[:60],
)
async def test_what_no_worker_says_is_not_taken(header: dict[str, Json]) -> None:
    assert not Saving(FORMAT).add(header, b"")


@pytest.mark.parametrize(
    ("header", "blob"),
    [
        ({"op": "piece"}, b"x" * 1_000_000),
        ({"op": "piece"}, b""),
        (segment("x"), b"x" * 1_000_000),
        (segment("x"), b""),
        (segment("x", classes=[[n, "x" * 100_000] for n in range(10)]), b""),
        (segment("x", classes=[[n, ""] for n in range(10_000)]), b""),
    ],
    ids=["pieces", "empty pieces", "segments", "empty segments", "sources", "empty sources"],
)
async def test_no_kind_of_frame_comes_without_end(header: dict[str, Json], blob: bytes) -> None:
    saving = Saving(FORMAT)
    assert any(not saving.add(header, blob) for _ in range(200_000))


async def test_what_is_left_takes_no_room_from_what_follows() -> None:
    saving = Saving(FORMAT)
    for _ in range(20):
        assert all(saving.add({"op": "piece"}, b"x" * 1_000_000) for _ in range(8))
        assert saving.add(segment("x", kept="live_only"), b"")
    assert all(saving.add({"op": "piece"}, b"x" * 1_000_000) for _ in range(8))
    assert saving.add(segment("y"), b"")


def test_only_our_own_format_is_readable() -> None:
    assert is_readable(Segment("x", "exact", format=FORMAT))
    assert not is_readable(Segment("x", "exact", format="999 deno 2.9.8"))
    assert not is_readable(Segment("x", "exact"))


def test_both_sides_of_the_wire_have_the_same_format() -> None:
    words = (sources() / "snapshot_format.ts").read_text("utf-8")
    assert re.findall(r"^export const FORMAT = (\d+);$", words, re.MULTILINE) == [FORMAT.split(" ")[0]]
