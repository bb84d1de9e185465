"""An edit list over one text: replacements, and the way back from a place in the result to the place it came from. Offsets are bytes."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Put `text` in place of `start` to `end`; an insertion where both are equal. Of edits that begin at one place, insertions
    come first, then the order of the calls counts."""

    start: int
    replaces: bool
    rank: int
    end: int = field(compare=False)
    text: bytes = field(compare=False)
    moved: tuple[int, int] | None = field(default=None, compare=False)  # a range that is put after the text, itself edited
    after: bytes = field(default=b"", compare=False)


class Edits:
    """Replacements to be made. An edit inside the range of a longer one is dropped with it, unless that range was moved."""

    def __init__(self) -> None:
        self._edits: list[Edit] = []
        self._sorted = True

    def replace(self, start: int, end: int, text: str) -> None:
        """Put `text` in place of a range."""
        self._add(Edit(start, end > start, len(self._edits), end, text.encode()))

    def insert(self, at: int, text: str) -> None:
        """Put `text` before what stands at `at`; several at one place keep the order of their calls."""
        self.replace(at, at, text)

    def close(self, at: int, text: str) -> None:
        """Put `text` after what ends at `at`, before anything else that is put there."""
        self._add(Edit(at, False, -len(self._edits), at, text.encode()))

    def move(self, start: int, end: int, to: int, before: str, after: str, left: str) -> None:
        """Put a range, between `before` and `after`, before what stands at `to`, and `left` where it was."""
        self.replace(start, end, left)
        self._add(Edit(to, False, len(self._edits), to, before.encode(), (start, end), after.encode()))

    def _add(self, edit: Edit) -> None:
        self._edits.append(edit)
        self._sorted = False

    def within(self, start: int, end: int) -> list[Edit]:
        """Edits that begin in a range and lie in it, in order; an insertion at `end` belongs to what follows."""
        if not self._sorted:
            self._edits.sort()
            self._sorted = True
        first = bisect_left(self._edits, start, key=_start)
        return [edit for edit in self._edits[first : bisect_left(self._edits, end, lo=first, key=_start)] if edit.end <= end]


def _start(edit: Edit) -> int:
    return edit.start


class Output:
    """A text in the making, and where each of its pieces came from."""

    def __init__(self, source: bytes, edits: Edits) -> None:
        self._source = source
        self._pieces: list[bytes] = []
        self._starts: list[int] = []  # of each piece, in the result
        self._origins: list[tuple[int, bool]] = []  # in the source; whether the piece is a copy of it
        self._length = 0
        self._copy(0, len(source), edits, edits.within(0, len(source) + 1))

    def _copy(self, start: int, end: int, edits: Edits, within: list[Edit]) -> None:
        at = start
        for edit in within:
            if edit.start < at:
                continue  # inside a range that was replaced already
            self._add(self._source[at : edit.start], at, copied=True)
            self._add(edit.text, edit.start, copied=False)
            if edit.moved is not None:
                first, last = edit.moved
                self._copy(first, last, edits, edits.within(first + 1, last))  # not the edit that leaves something in its place
                self._add(edit.after, last, copied=False)
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
