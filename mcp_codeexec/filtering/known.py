"""Values that are known: secret because the operator says so, or personal because they were found before. Found by their exact text."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from urllib.parse import quote, quote_plus

from mcp_codeexec.filter_options import PersonalKind
from mcp_codeexec.filtering.linear import linear, literally
from mcp_codeexec.filtering.spans import Span
from mcp_codeexec.ports import Vault

SHORTEST = 6  # bytes; what is shorter would be found in ordinary words
CONFIGURED = "configured_secret"
BY_CONTEXT: tuple[PersonalKind, ...] = ("birth_date", "national_id")
MOST = 200  # values of a kind that are looked for


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


def of_vault(data: bytes, vault: Vault) -> Iterator[Span]:
    """Where personal values stand that are recognised by the words around them: code that was given one may print it alone."""
    for kind in BY_CONTEXT:
        for value in vault.values(kind)[-MOST:]:
            raw = value.encode("utf-8", "replace")
            at = data.find(raw) if len(raw) >= SHORTEST else -1
            while at >= 0:
                yield Span(at, at + len(raw), kind)
                at = data.find(raw, at + len(raw))


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
