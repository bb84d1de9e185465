"""What a run printed, as it comes in."""

from mcp_codeexec.model import Console


class Output:
    """Console output, within the bound that the worker was told. Lives as long as one run."""

    def __init__(self, limit: int) -> None:
        """`limit` is bytes."""
        self._left = limit
        self.head: list[bytes] = []
        self.tail = b""

    def add(self, piece: bytes) -> bool:
        """False when the worker sent more than it may."""
        self._left -= len(piece)
        self.head.append(piece)
        return self._left >= 0

    def console(self, omitted: int = 0, late: int = 0) -> Console:
        """All of it."""
        return Console(b"".join(self.head).decode(errors="replace"), self.tail.decode(errors="replace"), omitted, late)
