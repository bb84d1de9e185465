"""Places in texts: bytes, UTF-16 units (V8, source maps) and characters (what the caller counts), and the source map between two texts."""

import re
from bisect import bisect_right

from mcp_codeexec.model import Position

_BASE64 = {c: i for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}


_LINE_END = re.compile(rb"\r\n|[\n\r]|\xe2\x80[\xa8\xa9]")  # the last one: U+2028 and U+2029


class Lines:
    """A text's lines, to go between byte offsets and (line, UTF-16 column), both from 1. Lines end where they end for V8."""

    def __init__(self, text: bytes) -> None:
        self._starts = [0]
        self._lines: list[bytes] = []
        for end in _LINE_END.finditer(text):
            self._lines.append(text[self._starts[-1] : end.start()])
            self._starts.append(end.end())
        self._lines.append(text[self._starts[-1] :])
        self._end = len(text)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def place(self, offset: int) -> tuple[int, int]:
        """(line, UTF-16 column) of a byte offset."""
        index = min(bisect_right(self._starts, offset) - 1, len(self._lines) - 1)
        before = self._lines[index][: offset - self._starts[index]]
        return index + 1, _units(before) + 1

    def offset(self, line: int, column: int) -> int:
        """The byte offset of (line, UTF-16 column); places beyond the text are its end."""
        if not 1 <= line <= len(self._lines):
            return self._end if line >= 1 else 0
        text = self._lines[line - 1]
        if text.isascii():
            return self._starts[line - 1] + min(column - 1, len(text))
        units = text.decode(errors="replace").encode("utf-16-le")[: 2 * (column - 1)]
        return self._starts[line - 1] + len(units.decode("utf-16-le", "ignore").encode())

    def position(self, line: int, column: int) -> Position:
        """(line, UTF-16 column) as the caller counts: columns in characters."""
        if not 1 <= line <= len(self._lines):
            return Position(line, column)
        text = self._lines[line - 1]
        if text.isascii():
            return Position(line, column)
        units = text.decode(errors="replace").encode("utf-16-le")[: 2 * (column - 1)]
        return Position(line, len(units.decode("utf-16-le", "ignore")) + 1)

    def position_at(self, offset: int) -> Position:
        """A byte offset as the caller counts."""
        return self.position(*self.place(offset))


def _units(text: bytes) -> int:
    return len(text) if text.isascii() else len(text.decode(errors="replace").encode("utf-16-le")) // 2


class SourceMap:
    """A version 3 source map's `mappings` of one source: from places in the made text to places in the original."""

    def __init__(self, mappings: str) -> None:
        self._lines: list[list[tuple[int, int, int]]] = []  # per line: (column, original line, original column), from 0
        source_line = source_column = 0
        for line in mappings.split(";"):
            entries: list[tuple[int, int, int]] = []
            column = 0
            for segment in filter(None, line.split(",")):
                numbers = _vlq(segment)
                column += numbers[0]
                if len(numbers) >= 4:
                    source_line += numbers[2]
                    source_column += numbers[3]
                    entries.append((column, source_line, source_column))
            self._lines.append(entries)

    def original(self, line: int, column: int) -> tuple[int, int] | None:
        """The original (line, UTF-16 column), from 1, of the nearest mapped place at or before this one; None where there is none."""
        if not 1 <= line <= len(self._lines):
            return None
        entries = self._lines[line - 1]
        at = bisect_right(entries, column - 1, key=lambda entry: entry[0]) - 1
        if at < 0:
            return None
        _, source_line, source_column = entries[at]
        return source_line + 1, source_column + 1


def _vlq(segment: str) -> list[int]:
    numbers: list[int] = []
    value = shift = 0
    for character in segment:
        digit = _BASE64.get(character, 0)
        value |= (digit & 31) << shift
        if digit & 32:
            shift += 5
            continue
        numbers.append(-(value >> 1) if value & 1 else value >> 1)
        value = shift = 0
    return numbers
