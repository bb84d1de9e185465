"""Values that are known: secret because the operator says so, or personal because they were found before. Found by their exact text."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, quote_plus

from mcp_codeexec.filter_options import NAME_KINDS, NameKind, PersonalKind
from mcp_codeexec.filtering.linear import linear, literally
from mcp_codeexec.filtering.spans import Span
from mcp_codeexec.ports import Vault

SHORTEST = 6  # bytes; what is shorter would be found in ordinary words
CONFIGURED = "configured_secret"
BY_CONTEXT: tuple[PersonalKind | NameKind, ...] = ("birth_date", "national_id", *NAME_KINDS)
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
        values = (value.encode("utf-8", "replace") for value in vault.values(kind)[-MOST:])
        yield from standing(data, values, kind)


def standing(data: bytes, values: Iterable[bytes], kind: str) -> Iterator[Span]:
    """Where `values` stand that are not too short; names and addresses as words of their own."""
    for value in values:
        at = data.find(value) if len(value) >= SHORTEST else -1
        while at >= 0:
            end = at + len(value)
            if kind not in NAME_KINDS or not (_is_letter(data[at - 1 : at]) or _is_letter(data[end : end + 1])):
                yield Span(at, end, kind)
            at = data.find(value, end)


def _is_letter(byte: bytes) -> bool:
    """Whether it is of a word; beyond ASCII any is."""
    return byte.isalnum() or byte >= b"\x80"


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
