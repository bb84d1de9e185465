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


class _Compiled(Protocol):
    def search(self, text: bytes, pos: int = 0, /) -> Match | None: ...

    def finditer(self, text: bytes, /) -> Iterator[Match]: ...


class Pattern:
    """A pattern for UTF-8 bytes. It is compiled when it is first used: together they take 25 ms, and most texts need few."""

    __slots__ = ("_compiled", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._compiled: _Compiled | None = None

    def search(self, text: bytes, pos: int = 0) -> Match | None:
        """The leftmost match at or after `pos`."""
        return (self._compiled or self._compile()).search(text, pos)

    def finditer(self, text: bytes) -> Iterator[Match]:
        """All matches that do not overlap."""
        return (self._compiled or self._compile()).finditer(text)

    def _compile(self) -> _Compiled:
        self._compiled = cast(_Compiled, re2.compile(self._text))  # pyright: ignore[reportUnknownMemberType] it has no types
        return self._compiled


def linear(pattern: str) -> Pattern:
    """`pattern` for searching UTF-8 bytes."""
    return Pattern(pattern)


def literally(text: str) -> str:
    """A pattern that matches `text` and nothing else."""
    return cast(str, re2.escape(text))  # pyright: ignore[reportUnknownMemberType] it has no types
