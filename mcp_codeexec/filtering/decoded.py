"""Other readings of a text: what its `%40`, `\\n`, `\\u0040`, `\\x40`, `&#64;` and its base64 say, and what is left of it without invisible
letters, hard spaces and letters of full width, with the way back to where it stands.

A reading is made only of what there is to read and the text near it, in one pass; what is decoded is decoded twice at most.
"""

import html
from base64 import b64decode
from binascii import Error
from bisect import bisect_right
from collections.abc import Iterator

from mcp_codeexec.filtering.linear import linear
from mcp_codeexec.filtering.spans import Span

_ESCAPED = linear(
    r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*|\\+u[0-9A-Fa-f]{4}|\\+u\{[0-9A-Fa-f]{1,6}\}|\\+x[0-9A-Fa-f]{2}|\\+[nrt]"
    r"|&#(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});|&(?:amp|commat|quot|lt|gt);"
    r"|[\x{a0}\x{ad}\x{2000}-\x{200d}\x{2010}-\x{2012}\x{202f}\x{2060}\x{3000}\x{feff}"
    r"\x{ff0b}\x{ff0d}\x{ff0e}\x{ff10}-\x{ff19}\x{ff20}-\x{ff3a}\x{ff41}-\x{ff5a}]+"
)
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\xad\u200b\u200c\u200d\u2060\ufeff", ""),
        **dict.fromkeys(("\xa0", "\u202f", "\u3000", *map(chr, range(0x2000, 0x200B))), " "),
        **dict.fromkeys("\u2010\u2011\u2012", "-"),
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    }
)
# Groups of four that are three bytes of ASCII: neither hashes nor images have five in a row, or hardly ever.
_BASE64 = linear(r"(?:[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]){4,}[A-Za-z0-9+/_-]{0,3}={0,2}")
_TIMES = 2
_NEAR = 256  # bytes on both sides of an escape that are read with it: a key with one letter escaped, the name before a password
_PRINTABLE = bytes(range(32, 127)) + b"\t\n\r"
_URLSAFE = bytes.maketrans(b"-_", b"+/")


class Reading:
    """`data`, decoded; `back` says where a span of it stands in the text it was made of."""

    def __init__(self, pieces: list[tuple[bytes, int, int]]) -> None:
        """`pieces` are bytes to read and the range that they stand for; of equal length where they are a copy."""
        self._pieces = pieces
        self._starts: list[int] = []
        at = 0
        for piece, _, _ in pieces:
            self._starts.append(at)
            at += len(piece)
        self.data = b"".join(piece for piece, _, _ in pieces)

    def back(self, span: Span) -> Span:
        """The span where it stands; what is decoded stands there as a whole."""
        return Span(self._at(span.start)[0], self._at(span.end - 1)[1], span.kind)

    def _at(self, offset: int) -> tuple[int, int]:
        index = bisect_right(self._starts, offset) - 1
        piece, start, end = self._pieces[index]
        if len(piece) != end - start:
            return start, end
        at = start + offset - self._starts[index]
        return at, at + 1


def readings(data: bytes) -> Iterator[tuple[bytes, tuple[Reading, ...]]]:
    """Each other reading of `data`, with the steps back, the last one first."""
    steps: tuple[Reading, ...] = ()
    text = data
    for _ in range(_TIMES):
        if (encoded := _base64(text)) is not None:
            yield encoded.data, (encoded, *steps)
        if (plain := _unescaped(text)) is None:
            return
        steps = (plain, *steps)
        text = plain.data
        yield text, steps


def back(span: Span, steps: tuple[Reading, ...]) -> Span:
    """A span of a reading as one of the text itself."""
    for step in steps:
        span = step.back(span)
    return span


def _unescaped(data: bytes) -> Reading | None:
    if b"%" not in data and b"\\" not in data and b"&" not in data and data.isascii():
        return None
    pieces: list[tuple[bytes, int, int]] = []
    at = 0
    for match in _ESCAPED.finditer(data):
        start, end = match.span()
        said = _said(data[start:end])
        if said is None:
            continue
        if start - at > 2 * _NEAR or (not pieces and start > _NEAR):
            if pieces:
                pieces += ((data[at : at + _NEAR], at, at + _NEAR), (b"\n\n\n", at, at + _NEAR))
            at = start - _NEAR
        pieces += ((data[at:start], at, start), (said, start, end))
        at = end
    if not pieces:
        return None
    end = min(len(data), at + _NEAR)
    return Reading([piece for piece in (*pieces, (data[at:end], at, end)) if piece[0]])


def _said(escape: bytes) -> bytes | None:
    if not escape.isascii():
        return escape.decode().translate(_PLAIN).encode()
    if escape[:1] == b"%":
        return bytes.fromhex(escape.replace(b"%", b"").decode())
    if escape[:1] == b"&":
        return html.unescape(escape.decode()).encode("utf-8", "replace")
    if escape[-1:] in b"nrt":
        return b"\n" if len(escape) < 3 else b"\n\n"  # of another length than itself
    digits = escape.lstrip(b"\\")[1:].strip(b"{}")
    code = int(digits, 16)
    return chr(code).encode("utf-8", "replace") if code < 0x110000 else None


def _base64(data: bytes) -> Reading | None:
    pieces: list[tuple[bytes, int, int]] = []
    for match in _BASE64.finditer(data):
        start, end = match.span()
        encoded = data[start:end].rstrip(b"=").translate(_URLSAFE)
        if len(encoded) % 4 == 1:
            encoded = encoded[:-1]
        try:
            text = b64decode(encoded + b"=" * (-len(encoded) % 4))
        except Error:
            continue
        if not text[:-2].translate(None, _PRINTABLE):  # the last two may be of a letter that goes on after the match
            pieces.append((text + b"\n", start, end))
    return Reading(pieces) if pieces else None
