"""What stands in a text for what was taken out of it, and how it is counted."""

from collections.abc import Iterable

from mcp_codeexec.filtering.spans import PERSONAL, TOKEN
from mcp_codeexec.filtering.tree import StringTree
from mcp_codeexec.model import Json, VaultRow
from mcp_codeexec.ports import Vault


def stand_in(kind: str, value: str, vault: Vault) -> str:
    """`[REDACTED:kind]` for a secret, for good; the vault's token for personal data."""
    return vault.tokenise(kind, value) if kind in PERSONAL else f"[REDACTED:{kind}]"


class NoTokens:
    """The vault of what belongs to no session: personal data is redacted, for a token would have no way back."""

    def tokenise(self, kind: str, value: str) -> str:
        """Always a redaction."""
        return f"[REDACTED:{kind}]"

    def reveal(self, token: str) -> str | None:
        """Never a value."""

    def values(self, kind: str) -> list[str]:
        """None."""
        return []

    def minted(self) -> tuple[VaultRow, ...]:
        """None."""
        return ()


_REDACTED = b"[REDACTED:"
BEYOND_LIMIT = "beyond_limit"


def behind(text: str, vault: Vault) -> dict[str, str]:
    """The vault's tokens in `text`, with the values that they stand for. Redactions and tokens of other sessions are not among them."""
    if "[" not in text:
        return {}
    data = text.encode("utf-8", "replace")
    found = {data[start:end].decode() for start, end in (match.span() for match in TOKEN.finditer(data))}
    return {token: value for token in found if (value := vault.reveal(token)) is not None}


def revealed(text: str, vault: Vault) -> str:
    """`text` with the values behind the tokens that are the vault's; redactions and tokens of other sessions stay."""
    data = text.encode("utf-8", "surrogatepass")
    pieces: list[bytes] = []
    at = 0
    for start, end in (match.span() for match in TOKEN.finditer(data)):
        value = vault.reveal(data[start:end].decode())
        if value is not None:
            pieces += [data[at:start], value.encode("utf-8", "surrogatepass")]
            at = end
    return b"".join([*pieces, data[at:]]).decode("utf-8", "surrogatepass")


def revealed_tree(tree: Json, vault: Vault) -> Json:
    """`tree` with every string of it `revealed`, keys included."""
    strings = StringTree(tree)
    return strings.with_texts([revealed(piece.text, vault) for piece in strings.pieces])


def redacted_kinds(text: str) -> list[str]:
    """The kinds of the redactions in `text`, each once, in order."""
    data = text.encode("utf-8", "surrogatepass")
    found = [data[start:end] for start, end in (match.span() for match in TOKEN.finditer(data))]
    return list(dict.fromkeys(token[len(_REDACTED) : -1].decode() for token in found if token.startswith(_REDACTED)))


def counted(hidden: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The answer's `redactions`, of kinds and what stands for each: how many secrets, how many of each kind of personal data, and of
    those how many are redacted because the vault has no room for more; only what there is."""
    counts: dict[str, int] = {}
    beyond = 0
    for kind, shown in hidden:
        is_personal = kind in PERSONAL
        name = kind if is_personal else "secret"
        counts[name] = counts.get(name, 0) + 1
        beyond += is_personal and shown.startswith("[REDACTED:")
    return {**counts, BEYOND_LIMIT: beyond} if beyond else counts
