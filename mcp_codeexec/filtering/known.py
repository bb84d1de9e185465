"""Values that are secret because the operator says so: found by their exact text, as it is and as others write it."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from urllib.parse import quote, quote_plus

from mcp_codeexec.filtering.linear import linear, literally
from mcp_codeexec.filtering.spans import Span

SHORTEST = 6  # bytes; what is shorter would be found in ordinary words
CONFIGURED = "configured_secret"


class KnownValues:
    """Exact values, as one pattern of all their spellings."""

    def __init__(self, values: Sequence[str]) -> None:
        spellings = {form for value in values if len(value.encode()) >= SHORTEST for form in _spellings(value)}
        ordered = sorted(spellings, key=lambda form: (-len(form), form))  # the leftmost alternative wins: the longest
        self._pattern = linear("|".join(map(literally, ordered))) if ordered else None

    def find(self, data: bytes) -> Iterator[Span]:
        """Where they stand."""
        if self._pattern is not None:
            for match in self._pattern.finditer(data):
                yield Span(*match.span(), CONFIGURED)


def _spellings(value: str) -> Iterator[str]:
    raw = value.encode()
    yield value
    yield quote(value, safe="")
    yield quote_plus(value)
    yield quote(value)
    in_json = value
    for _ in range(2):  # and in JSON that is a text in JSON
        in_json = in_json.replace("\\", "\\\\").replace('"', '\\"')
        yield in_json
    yield raw.hex()
    yield raw.hex().upper()
    for before in range(3):  # where it begins within a group of three bytes of a longer text
        encoded = b64encode(b"\0" * before + raw).decode().rstrip("=")
        sure = encoded[(0, 2, 3)[before] : len(encoded) - (1 if (before + len(raw)) % 3 else 0)]
        if len(sure) >= SHORTEST:
            yield sure
            yield sure.replace("+", "-").replace("/", "_")
