"""What a model of names reads of a text: lines with a capitalised word, or of a script without capitals, made easy to read.

A model takes a second for what the rules look through in milliseconds, and spaCy's tokenizer takes quadratic time for what has no
spaces: more than a minute for 20,000 brackets.
"""

import re
from collections.abc import Iterator

from mcp_codeexec.filtering.linear import linear
from mcp_codeexec.filtering.names.persons import values_of_people

_LONGEST, _OVERLAP = 1_000, 120  # bytes of a line that are read at once, and how many of them again with what follows
_CANDIDATE = linear(r"(?:^|[^\p{L}\p{N}_])(?:\p{Lu}['’]?\p{Ll}|\p{Lu}{2,}[ ,]+\p{Lu}{2,}|\p{Lo}{2})")

# Every quantifier is possessive, so stdlib `re` cannot backtrack here; it is used because re2 replaces nothing by its length.
_COLUMNS = bytes.maketrans(b"<>|;\t", b"     ")
_GLUED = re.compile(rb",(?=\S)")
_MARKS = re.compile(r"[^\s\w]{4,}+")
_RUN = re.compile(rb"[^\s\x80-\xff]{40,}+")
_NO_WORD = re.compile(rb"[^A-Za-z0-9.'_-]")
_NO_NAME = re.compile(rb"[A-Za-z0-9.'_-]{40,}+")
_BEYOND_ASCII = dict.fromkeys(range(128, 256), " ")


def lines_with_names(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Where each line stands that may hold a name, and the line. A long one comes in parts that overlap, cut between words. What stands
    under a key that names people comes once more alone: without key and quotes a model knows a name better."""
    at = 0
    for line in data.split(b"\n"):
        start = 0
        while len(line) - start > _LONGEST:
            end = _between_words(line, start + _LONGEST - _OVERLAP, start + _LONGEST)
            yield from _if_candidate(at + start, line[start:end])
            start = _between_words(line, end - _OVERLAP, end)
        yield from _if_candidate(at + start, line[start:])
        at += len(line) + 1
    for start, end in values_of_people(data):
        if end - start <= _LONGEST:
            yield from _if_candidate(start, data[start:end])


def readable(line: bytes) -> str:
    """`line` with its columns apart, and blank where it is no text; of the same length in bytes."""
    line = _RUN.sub(lambda run: _NO_NAME.sub(_blank, _NO_WORD.sub(b" ", run[0])), _GLUED.sub(b" ", line.translate(_COLUMNS)))
    try:
        text = line.decode()
    except UnicodeDecodeError:  # a reading of %ff
        text = line.decode("latin-1").translate(_BEYOND_ASCII)
    return _MARKS.sub(lambda marks: " " * len(marks[0].encode()), text)


def _between_words(line: bytes, first: int, last: int) -> int:
    """A border of words from `first` to `last`, or of characters where there is none."""
    at = line.rfind(b" ", first, last)
    return at if at >= 0 else next((at for at in range(first, last) if line[at] & 0xC0 != 0x80), first)


def _if_candidate(at: int, line: bytes) -> Iterator[tuple[int, bytes]]:
    if _CANDIDATE.search(line):
        yield at, line


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * len(match[0])
