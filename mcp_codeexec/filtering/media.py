"""Images and other files in what a run printed or returned, as bytes or as base64: told by what they are, for nobody reads them so."""

import contextlib
from base64 import urlsafe_b64decode
from typing import Final

from mcp_codeexec.filtering.linear import Match, linear

_FORMATS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"%PDF-", "PDF document"),
    (b"PK\x03\x04", "ZIP archive"),
    (b"\x1f\x8b\x08", "gzip data"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"\0asm", "WebAssembly module"),
)  # as the formats' own specifications have their first bytes
_IN_BASE64 = ("iVBORw0KGgo", "/9j/", "R0lGODlh", "R0lGODdh", "UklGR", "JVBERi0", "UEsDB", "H4sIA", "U1FMaXRlIGZvcm1hdCAz", "AGFzb")
_ITEMS, _BASE64 = 1, 3  # groups of the pattern; what its second has is in hexadecimal digits
_MEDIA = linear(
    r"Uint8(?:Clamped)?Array\([0-9]+\) \[(\s[\s0-9,]+\.\.\. [0-9]+ more items\s+)\]"
    r"|<((?:[0-9a-f][0-9a-f] )+\.\.\. [0-9]+ more bytes)>"
    rf"|(?:^|[^A-Za-z0-9+/_-])((?:{'|'.join(_IN_BASE64)})[A-Za-z0-9+/_-]{{200}}[A-Za-z0-9+/_-]*=*)"
)


def kind_of(head: bytes) -> str:
    """What a file is, by its first bytes, e.g. `PNG image, 640 × 480`; empty where they do not tell."""
    name = next((name for magic, name in _FORMATS if head.startswith(magic)), "")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        name = "WebP image"
    if name == "PNG image" and len(head) >= 24:
        return f"{name}, {int.from_bytes(head[16:20])} × {int.from_bytes(head[20:24])}"
    if name == "GIF image" and len(head) >= 10:
        return f"{name}, {int.from_bytes(head[6:8], 'little')} × {int.from_bytes(head[8:10], 'little')}"
    return name


def has_media(text: str) -> bool:
    """Whether `described` would change something."""
    data = text.encode(errors="replace")
    return any(_told(data, match) for match in _MEDIA.finditer(data))


def encoded_kind(text: str) -> str:
    """What a text is that is a file in base64, with or without `data:…,` before it, e.g. `PNG image, 640 × 480, 9332 bytes in base64`."""
    start = text.find(",", 0, 100) + 1 if text.startswith("data:") else 0
    with contextlib.suppress(ValueError):
        kind = kind_of(urlsafe_b64decode(text[start : start + 64].replace("+", "-").replace("/", "_")))
        size = len(text[start:].rstrip("=")) * 3 // 4
        return f"{kind}, {size} bytes in base64" if kind else ""
    return ""


def described(text: str) -> str:
    """`text`, printed and filtered, with a word in the place of each file in it."""
    data = text.encode(errors="replace")
    parts: list[str] = []
    at = 0
    for match in _MEDIA.finditer(data):
        if told := _told(data, match):
            start, end = match.span(match.lastindex or 1)
            parts += (data[at:start].decode(), told)
            at = end
    return "".join([*parts, data[at:].decode()]) if parts else text


def _told(data: bytes, match: Match) -> str:
    """What stands for a file that the pattern found; empty where it is none."""
    group = match.lastindex or 1
    start, end = match.span(group)
    found = data[start:end]
    if group == _BASE64:
        kind = encoded_kind(found.decode())
        return f"[{kind}]" if kind else ""
    return kind_of(_first_bytes(found, 10 if group == _ITEMS else 16))


def _first_bytes(printed: bytes, base: int) -> bytes:
    """The bytes that were printed as numbers, as far as they tell what they are; a run may print any number."""
    numbers = printed.partition(b"...")[0].replace(b",", b" ").split()
    return bytes(int(number[-3:], base) & 255 for number in numbers[:32])
