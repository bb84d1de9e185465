"""V8's stack text to the caller's frames. The text comes from a sandbox: whatever does not look like a frame of a run is dropped."""

import re
from collections.abc import Callable

from mcp_codeexec.model import Position

Locate = Callable[[int, int, int], Position | None]
"""(run, line, UTF-16 column in that run's body) to the caller's place."""

MOST = 10
_LONGEST_LINE = 500
_MOST_PRINTED = 1_000  # different places; each may cost some work, and a megabyte of output holds many
_FRAME = re.compile(r"\s*at (?:([^()\x00-\x1f]{1,100}) \()?run(\d{1,9}):(\d{1,9}):(\d{1,9})\)?")
_PRINTED = re.compile(r"^([ \t]*)at (?:([^()\x00-\x1f]{1,100}) \()?run(\d{1,9}):(\d{1,9}):(\d{1,9})\)?", re.MULTILINE)


def caller_frames(stack: str, run: int, locate: Locate) -> tuple[list[str], Position | None]:
    """At most ten lines such as `at f (line 3, column 5)`, an earlier run's with its number, and the first place in this run."""
    frames: list[str] = []
    first: Position | None = None
    for line in stack.split("\n"):
        match = _FRAME.fullmatch(line) if len(line) <= _LONGEST_LINE else None
        if match is None:
            continue
        number = int(match[2])
        place = locate(number, int(match[3]), int(match[4]))
        if place is None:
            continue
        if first is None and number == run:
            first = place
        frames.append(_told(match[1], number, place, run))
        if len(frames) == MOST:
            break
    return frames, first


def with_places(text: str, run: int, locate: Locate) -> str:
    """Printed text whose lines that are frames name the caller's places, as those of an error's stack do."""

    places: dict[tuple[int, int, int], Position | None] = {}

    def told(match: re.Match[str]) -> str:
        at = int(match[3]), int(match[4]), int(match[5])
        if at not in places:
            if len(places) == _MOST_PRINTED:
                return match[0]
            places[at] = locate(*at)
        place = places[at]
        return match[1] + _told(match[2], at[0], place, run) if place is not None else match[0]

    return _PRINTED.sub(told, text) if "at " in text else text


def _told(name: str | None, number: int, place: Position, run: int) -> str:
    where = ("" if number == run else f"run {number}, ") + f"line {place.line}, column {place.column}"
    return f"at {name} ({where})" if name else f"at {where}"
