"""The strings of a tree as one text, each value beside its key: scanned once, and with the context that many rules need."""

from collections.abc import Iterator, Sequence

from mcp_codeexec.answers import WORDS
from mcp_codeexec.filtering.rules import Name, is_plausible, secret_name
from mcp_codeexec.filtering.spans import Span
from mcp_codeexec.filtering.tree import Piece
from mcp_codeexec.filtering.visible import is_visible, visible


class JoinedText:
    """`texts` are the pieces' strings made visible; `data` holds them in UTF-8, an entry a line: `text` or `key: "value"`."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self.texts = [piece.text for piece in pieces]
        try:
            self.data = self._join()
            clean = is_visible(self.data)
        except UnicodeEncodeError:  # a lone surrogate
            clean = False
        if not clean:
            self.texts = [visible(text) for text in self.texts]
            self.data = self._join()

    def _join(self) -> bytes:
        self._starts: list[int] = []
        self._ends: list[int] = []
        parts: list[bytes] = []
        at = 0
        for piece, text, following in zip(self._pieces, self.texts, [*self._pieces[1:], None], strict=False):
            encoded = text.encode()
            if not piece.is_key:
                glue = b'"\n' if isinstance(piece.at, str) else b"\n"
            else:
                glue = b': "' if following is not None and following.holder is piece.holder and not following.is_key else b"\n"
            self._starts.append(at)
            at += len(encoded)
            self._ends.append(at)
            at += len(glue)
            parts += (encoded, glue)
        return b"".join(parts)

    def secrets_by_key(self) -> Iterator[Span]:
        """Values that are secrets for the key they stand under, whole: they may hold quotes and several lines."""
        names: dict[str, Name | None] = {}  # rows of a table have the same keys over and over
        for piece, start, end in zip(self._pieces, self._starts, self._ends, strict=True):
            if piece.is_key:
                if piece.text not in names:
                    names[piece.text] = secret_name(self.data[start:end])
            elif isinstance(piece.at, str):
                if (name := names[piece.at]) and is_plausible(name, self.data[start:end]):
                    yield Span(start, end, name)
            elif (name := _entry_name(piece)) and is_plausible(name, self.data[start:end], quoted=False):
                yield Span(start, end, name)

    def replaced(self, spans: Sequence[Span], shown: Sequence[str]) -> list[str]:
        """`texts` with `shown` in the place of `spans`, in every piece that a span touches; one that goes across a word of ours,
        a key of the answer between two parts of a secret, leaves it as it is."""
        texts, starts, ends = list(self.texts), self._starts, self._ends
        cuts: dict[int, list[tuple[int, int, str]]] = {}
        first = 0  # spans are in order: the piece in which the last one began
        for (start, end, _), text in zip(spans, shown, strict=True):
            while ends[first] <= start and first + 1 < len(ends):
                first += 1
            index = first
            while index < len(starts) and starts[index] < end:
                cut = max(start, starts[index]), min(end, ends[index])
                across = cut != (start, end)
                if cut[0] < cut[1] and not (across and self._pieces[index].text in WORDS):
                    cuts.setdefault(index, []).append((*cut, text))
                index += 1
        for index, edits in cuts.items():
            parts: list[str] = []
            at = starts[index]
            for start, end, text in edits:
                parts += (self.data[at:start].decode(), text)
                at = end
            texts[index] = "".join([*parts, self.data[at : ends[index]].decode()])
        return texts


def _entry_name(piece: Piece) -> Name | None:
    """What the key of an entry says, a list of two as of `Object.entries`, where this is its value."""
    holder = piece.holder
    if piece.at != 1 or not isinstance(holder, list) or len(holder) != 2 or not isinstance(key := holder[0], str):
        return None
    return secret_name(key.encode(errors="replace"))
