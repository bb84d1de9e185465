"""An edit list over one text: replacements, and the way back from a place in the result to the place it came from. Offsets are bytes."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace `start` to `end` by `text`; an insertion where both are equal. `rank` orders edits that begin at one place."""

    start: int
    rank: int
    end: int = field(compare=False)
    text: bytes = field(compare=False)


class Edits:
    """Replacements to be made. An edit inside the range of a longer one is dropped with it."""

    def __init__(self) -> None:
        self._edits: list[Edit] = []
        self._sorted = True

    def replace(self, start: int, end: int, text: str) -> None:
        """Put `text` in place of a range."""
        self._edits.append(Edit(start, len(self._edits), end, text.encode()))
        self._sorted = False

    def insert(self, at: int, text: str) -> None:
        """Put `text` before what stands at `at`; several at one place keep the order of their calls."""
        self.replace(at, at, text)

    def within(self, start: int, end: int) -> list[Edit]:
        """Edits that begin in a range and lie in it, in order; an insertion at `end` belongs to what follows."""
        if not self._sorted:
            self._edits.sort()
            self._sorted = True
        first = bisect_left(self._edits, start, key=_start)
        return [edit for edit in self._edits[first : bisect_left(self._edits, end, lo=first, key=_start)] if edit.end <= end]


def _start(edit: Edit) -> int:
    return edit.start


@dataclass(slots=True)
class Output:
    """A text in the making, and where each of its pieces came from."""

    _source: bytes
    _pieces: list[bytes] = field(default_factory=list[bytes])
    _starts: list[int] = field(default_factory=list[int])  # of each piece, in the result
    _origins: list[tuple[int, bool]] = field(default_factory=list[tuple[int, bool]])  # in the source; whether it is a copy of it
    _length: int = 0

    def write(self, text: bytes, origin: int) -> None:
        """Add text of our own, made because of what stands at `origin`."""
        self._add(text, origin, copied=False)

    def copy(self, start: int, end: int, edits: list[Edit]) -> None:
        """Add a range of the source, edited."""
        at = start
        for edit in edits:
            if edit.start < at or edit.end > end:
                continue  # inside a range that was replaced already, or not in this one
            self._add(self._source[at : edit.start], at, copied=True)
            self._add(edit.text, edit.start, copied=False)
            at = edit.end
        self._add(self._source[at:end], at, copied=True)

    def _add(self, text: bytes, origin: int, *, copied: bool) -> None:
        if text:
            self._pieces.append(text)
            self._starts.append(self._length)
            self._origins.append((origin, copied))
            self._length += len(text)

    @property
    def text(self) -> bytes:
        return b"".join(self._pieces)

    def origin(self, offset: int) -> int | None:
        """The offset in the source that an offset in the result came from; None beyond the result."""
        if not 0 <= offset <= self._length or not self._starts:
            return None
        at = bisect_right(self._starts, offset) - 1
        origin, copied = self._origins[at]
        return origin + (offset - self._starts[at] if copied else 0)
