"""What stands in a text for what was taken out of it, and how it is counted."""

from collections.abc import Iterable

from mcp_codeexec.filtering.spans import EMAIL
from mcp_codeexec.model import Vault


def stand_in(kind: str, value: str, vault: Vault) -> str:
    """`[REDACTED:kind]` for a secret, for good; the vault's token for an e-mail address."""
    return vault.tokenise(EMAIL, value) if kind == EMAIL else f"[REDACTED:{kind}]"


def counted(kinds: Iterable[str]) -> dict[str, int]:
    """The answer's `redactions`: how many secrets, how many of each kind of personal data; only what there is."""
    counts: dict[str, int] = {}
    for kind in kinds:
        name = EMAIL if kind == EMAIL else "secret"
        counts[name] = counts.get(name, 0) + 1
    return counts
