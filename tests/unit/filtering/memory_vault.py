"""A vault for tests: numbered tokens in memory."""

from mcp_codeexec.model import VaultRow


class MemoryVault:
    """Remembers what it was given; `broken` makes it refuse."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.rows: dict[tuple[str, str], VaultRow] = {}

    def tokenise(self, kind: str, value: str) -> str:
        if self.broken:
            raise ValueError("no tokens today")
        row = VaultRow(f"[{kind.upper()}_t{len(self.rows):05d}]", kind, value)
        return self.rows.setdefault((kind, value), row).token

    def reveal(self, token: str) -> str | None:
        return next((row.value for row in self.rows.values() if row.token == token), None)

    def values(self, kind: str) -> list[str]:
        return [row.value for row in self.rows.values() if row.kind == kind]

    def minted(self) -> tuple[VaultRow, ...]:
        return tuple(self.rows.values())
