"""Patterns that run in linear time over UTF-8 bytes, whatever the text: google-re2, given the types it lacks.

Counted repetition of wide classes (`\\S{1,256}`) makes re2's automaton run out of memory and fall back to a slow one: write `+` and
check lengths afterwards. Character classes may name any code point; offsets are bytes.
"""

from collections.abc import Iterator
from typing import Protocol, cast

import re2


class Match(Protocol):
    """One match; groups by number."""

    def span(self, group: int = 0, /) -> tuple[int, int]:
        """Where the group is, (-1, -1) if it took no part."""
        ...

    @property
    def lastindex(self) -> int | None:
        """The number of the group that ends last."""
        ...


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: bytes, pos: int = 0, /) -> Match | None:
        """The leftmost match at or after `pos`."""
        ...

    def finditer(self, text: bytes, /) -> Iterator[Match]:
        """All matches that do not overlap."""
        ...


def linear(pattern: str) -> Pattern:
    """`pattern` compiled for searching UTF-8 bytes."""
    return cast(Pattern, re2.compile(pattern))  # pyright: ignore[reportUnknownMemberType] it has no types


def literally(text: str) -> str:
    """A pattern that matches `text` and nothing else."""
    return cast(str, re2.escape(text))  # pyright: ignore[reportUnknownMemberType] it has no types
