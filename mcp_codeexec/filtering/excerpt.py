"""A long text to its head and tail, with a line between them that says how much is missing."""

from dataclasses import dataclass

from mcp_codeexec.filtering.spans import TOKEN

_HEAD = 0.7
_NEAR = 0.2  # of a part: how far a line's border may be to be cut at
_LONGEST_TOKEN = 80


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`text` shows the first `head` and the last `tail` characters."""

    text: str
    head: int
    tail: int

    @property
    def kept(self) -> int:
        """Characters of the original that are shown."""
        return self.head + self.tail


def excerpt(text: str, room: int) -> Excerpt:
    """`text` in at most `room` characters: 70 % head, 30 % tail, cut at line borders where near, never inside a token."""
    if len(text) <= room:
        return Excerpt(text, len(text), 0)
    longest_marker = len(_marker(len(text))) + 2
    room_for_text = room - longest_marker
    if room_for_text <= 0:
        marker = _marker(len(text))
        return Excerpt(marker if len(marker) <= room else "", 0, 0)
    head = int(room_for_text * _HEAD)
    tail_at = len(text) - (room_for_text - head)
    line = text.rfind("\n", int(head * (1 - _NEAR)), head)
    head = _before_token(text, head if line < 0 else line + 1)
    line = text.find("\n", tail_at - 1, tail_at + int((len(text) - tail_at) * _NEAR))
    tail_at = _after_token(text, tail_at if line < 0 else line + 1)
    start, end = text[:head], text[tail_at:]
    shown = f"{start}{'' if start.endswith(chr(10)) or not start else chr(10)}{_marker(tail_at - head)}\n{end}"
    return Excerpt(shown, head, len(text) - tail_at)


def _marker(missing: int) -> str:
    return f"… {missing} characters left out …"


def token_around(text: str, at: int) -> tuple[int, int] | None:
    """The token or redaction that a cut at `at` would split."""
    start = text.rfind("[", max(0, at - _LONGEST_TOKEN), at)
    end = text.find("]", at, at + _LONGEST_TOKEN) + 1
    if start < 0 or end == 0:
        return None
    found = TOKEN.search(text[start:end].encode())
    return (start, end) if found and found.span() == (0, end - start) else None


def _before_token(text: str, at: int) -> int:
    around = token_around(text, at)
    return around[0] if around else at


def _after_token(text: str, at: int) -> int:
    around = token_around(text, at)
    return around[1] if around else at
