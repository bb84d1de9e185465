"""Hostile text to text that can be shown: no control characters, no escape sequences, no bidi controls, no lone surrogates.

This comes before detection, so that what is scanned is exactly what is read: an escape sequence inside a key must not hide it,
and nothing invisible may reorder or recolour what a person sees of an answer. Line feed and tab stay.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

from mcp_codeexec.filtering.linear import linear

# Every quantifier is possessive, so stdlib `re` cannot backtrack here; it is used because re2 takes no lone surrogates.
_HIDDEN = re.compile(
    r"\r\n?"
    r"|(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*+(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links
    r"|\x1b[()][0-9A-Za-z]"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
    r"|[\ud800-\udfff]"
)
_HIDDEN_BYTES = linear(r"[\x00-\x08\x0b-\x1f\x7f-\x{9f}\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]")


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of a raw text read as `shown`, or, with a `kind`, as what stands for a secret or a person."""

    start: int
    end: int
    shown: str
    kind: str = ""


def is_visible(data: bytes) -> bool:
    """Whether UTF-8 `data` can be shown as it is."""
    return _HIDDEN_BYTES.search(data) is None


def visible(text: str) -> str:
    """`text` as it can be shown."""
    return _HIDDEN.sub(_shown, text)


def hidden_edits(text: str) -> list[Edit]:
    """What `visible` would change, in order."""
    return [Edit(match.start(), match.end(), _shown(match)) for match in _HIDDEN.finditer(text)]


def _shown(match: re.Match[str]) -> str:
    first = match[0][0]
    if first == "\r":
        return "\n"
    return "\ufffd" if "\ud800" <= first <= "\udfff" else ""


class Origin:
    """The way back from an offset in the shown text to the raw text it was made of."""

    def __init__(self, edits: list[Edit]) -> None:
        self._shown: list[int] = [0]
        self._raw: list[int] = [0]
        shift = 0
        for edit in edits:
            shift += edit.end - edit.start - len(edit.shown)
            self._shown.append(edit.end - shift)
            self._raw.append(edit.end)

    def raw(self, shown: int) -> int:
        """The raw offset of the character shown at `shown`."""
        at = bisect_right(self._shown, shown) - 1
        return self._raw[at] + shown - self._shown[at]


def apply(text: str, edits: list[Edit]) -> str:
    """`text` with `edits`, which are in order and disjoint."""
    if not edits:
        return text
    parts: list[str] = []
    at = 0
    for edit in edits:
        parts += (text[at : edit.start], edit.shown)
        at = edit.end
    return "".join([*parts, text[at:]])
