"""Found secrets and personal values as spans of UTF-8 bytes, and what is left of them when they meet."""

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from mcp_codeexec.filter_options import NAME_KINDS, PERSONAL_KINDS
from mcp_codeexec.filtering.linear import linear

EMAIL = "email"
PERSONAL = frozenset[str]((*PERSONAL_KINDS, *NAME_KINDS))
TOKEN = linear(r"\[(?:REDACTED:[a-z0-9_]+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_[a-z0-9]+)\]")
"""What this room and the vault write: never taken for something to hide, and never cut in two."""
_START = itemgetter(0)


class Span(NamedTuple):
    """Bytes `start` to `end`. `kind` is a `PersonalKind` or `NameKind`, or the word that stands in `[REDACTED:kind]`. A tuple: there
    are many."""

    start: int
    end: int
    kind: str

    @property
    def personal(self) -> bool:
        """Whether it becomes a token that has a way back, and not a redaction for good."""
        return self.kind in PERSONAL


def settle(spans: Iterable[Span], data: bytes) -> list[Span]:
    """Spans in order, disjoint and on character borders. What overlaps becomes one, a secret wins over personal data, and the
    longest names it. A span inside an existing token is dropped."""
    found = [span for span in spans if span.start < span.end]
    if not data.isascii():
        found = [_whole_characters(span, data) for span in found]
    if found and (tokens := [match.span() for match in TOKEN.finditer(data)]):
        found = [span for span in found if not _inside(tokens, span.start, span.end)]
    secrets = _merged([span for span in found if span.kind not in PERSONAL])
    if not secrets:
        return _merged(found)
    covered = [(span.start, span.end) for span in secrets]
    people = [span for span in found if span.personal and not _inside(covered, span.start, _name_end(span, data))]
    return _merged([*secrets, *people])


def _name_end(span: Span, data: bytes) -> int:
    """The end of what a secret must cover to take a personal value along; in `user:password@host` the host may be read."""
    return data.find(b"@", span.start, span.end) if span.kind == EMAIL else span.end


def _whole_characters(span: Span, data: bytes) -> Span:
    start, end = span.start, span.end
    while start > 0 and data[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return span if (start, end) == (span.start, span.end) else Span(start, end, span.kind)


def _inside(ranges: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether one of the disjoint, sorted `ranges` holds all of `start` to `end`."""
    at = bisect_right(ranges, start, key=_START) - 1
    return at >= 0 and end <= ranges[at][1]


def _merged(spans: list[Span]) -> list[Span]:
    """The union of spans that overlap; touching ones stay apart."""
    merged: list[Span] = []
    end, namer = -1, Span(0, 0, "")  # of the last union; the longest secret of it, else its longest personal value
    for span in sorted(spans, key=_START):
        if span.start >= end:
            merged.append(span)
            end, namer = span.end, span
            continue
        if (not span.personal, span.end - span.start) > (not namer.personal, namer.end - namer.start):
            namer = span
        end = max(end, span.end)
        merged[-1] = Span(merged[-1].start, end, namer.kind)
    return merged
