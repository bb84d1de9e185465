"""Nested byte ranges: which of them is the innermost around a place. Asked by bisection, so that deep and wide texts cost the same."""

from bisect import bisect_right
from collections.abc import Iterable

Range = tuple[int, int]


class Nesting:
    """Ranges of which any two lie apart or one in the other, as those of syntax nodes do."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._marks: list[int] = []
        self._inner: list[Range | None] = []  # the innermost range from each mark on
        still_open: list[Range] = []
        for start, negated in sorted((start, -end) for start, end in ranges):
            self._close(still_open, start)
            still_open.append((start, -negated))
            self._mark(start, still_open[-1])
        self._close(still_open, None)

    def around(self, at: int) -> Range | None:
        """The innermost range that holds a byte offset."""
        index = bisect_right(self._marks, at) - 1
        return self._inner[index] if index >= 0 else None

    def _close(self, still_open: list[Range], before: int | None) -> None:
        while still_open and (before is None or still_open[-1][1] <= before):
            _, end = still_open.pop()
            self._mark(end, still_open[-1] if still_open else None)

    def _mark(self, at: int, inner: Range | None) -> None:
        self._marks.append(at)
        self._inner.append(inner)
