"""The ports between rooms: what one room asks of another without importing it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from mcp_codeexec.model import Json, Lease, Payload, Record, RunDraft, RunHead, Segment, SessionInfo, StoredSession, VaultRow

HostCall: TypeAlias = Callable[[Payload], Awaitable[Payload]]
"""What code in the sandbox may ask of the host. The engine hands a mapping of names to a worker for one run; an exception's text
(only of a `CodeExecError`) becomes the error that the calling code sees."""


class Vault(Protocol):
    """The tokens of one session: the way there, for the filter, and the way back, for code and tools."""

    def tokenise(self, kind: str, value: str) -> str:
        """The token of `value`, e.g. `[EMAIL_k3f9q2]`; the same value always gets the same one. `[REDACTED:email]` where there is no
        room for another."""
        ...

    def reveal(self, token: str) -> str | None:
        """The value behind `token`, None if this session never made it."""
        ...

    def values(self, kind: str) -> list[str]:
        """The values of a kind that have a token, the newest last."""
        ...

    def minted(self) -> tuple[VaultRow, ...]:
        """Tokens made since the last call of this method: the rows that the store still has to write."""
        ...


class SessionStore(Protocol):
    """Where sessions live. Every method raises `StoreUnavailable` when it cannot do its work."""

    async def open(self) -> None:
        """Open, migrate to this version's schema, or refuse without touching what is there."""
        ...

    async def close(self) -> None:
        """Release the database; safe to call twice."""
        ...

    async def create(self, info: SessionInfo, vault_key: bytes) -> None:
        """Add a new session."""
        ...

    async def load(self, session_id: str) -> StoredSession | None:
        """The session with its variables, vault and table of files, whoever owns it."""
        ...

    async def info(self, session_id: str) -> SessionInfo | None:
        """The session without what belongs to it: the cheap way to see whether it is there and has changed."""
        ...

    def revision(self) -> int | None:
        """A number that changes when somebody else wrote to the store; None where that cannot be said without asking it.

        At once, for every call: what this process knows of a session is still true while the number is the same.
        """
        ...

    async def acquire(self, session_id: str, wanted: Lease, over: str = "") -> SessionInfo | Lease | None:
        """Take the session's lease for the holder in `wanted`, from its `began` until its `until`, and write down that the
        session's next run begins with it.

        The session as it stands then; or, where somebody else has it or is next to have it, that holder's lease; or None: there
        is no such session. A lease that has run out by then, or whose holder is `over`, is taken over; where its run was not
        committed, that run is first recorded as `crashed` (sessions/lost_run.py). One who is refused and asks again is next.
        """
        ...

    async def lease(self, session_id: str) -> Lease | None:
        """The session's lease, also one that has run out."""
        ...

    async def renew(self, session_id: str, holder: str, until: float) -> bool:
        """Hold a lease for longer; False where it is not the holder's any more."""
        ...

    async def release(self, session_id: str, holder: str) -> None:
        """End a lease, and that a run began with it; nothing happens where it is not the holder's any more."""
        ...

    async def commit(self, draft: RunDraft, holder: str = "") -> None:
        """Write a run: record, variables, tokens, files and the session's counters, in one transaction, which also ends the
        holder's lease. Refused where the lease is not the holder's any more, and without a holder where anybody has it.

        Where the session's history has grown too large, its oldest records go with it; never the one just written.
        """
        ...

    async def segments(self, session_id: str) -> list[Segment]:
        """The session's variables as they are kept, those first whose objects others hold."""
        ...

    async def segment(self, session_id: str, name: str) -> Segment | None:
        """One of them."""
        ...

    async def file(self, session_id: str, name: str) -> bytes | None:
        """The content of a file of the session, None where there is none of that name."""
        ...

    async def keep_tokens(self, session_id: str, minted: Sequence[VaultRow]) -> None:
        """Write tokens that were minted outside a run; rows already there stay."""
        ...

    async def sessions(self, owner: str, limit: int, cursor: str = "") -> tuple[list[SessionInfo], str]:
        """The owner's sessions, last used first, and the cursor of the next page (empty at the end)."""
        ...

    async def runs(self, session_id: str, limit: int, before: int = 0, status: str = "") -> list[RunHead]:
        """Heads of runs, newest first, below run `before` (0: from the newest), of one status if it is given."""
        ...

    async def oldest_run(self, session_id: str) -> int:
        """The oldest run that is still kept; 0 where there is none."""
        ...

    async def record(self, session_id: str, run: int) -> Record | None:
        """One record."""
        ...

    async def set_tool_state(self, session_id: str, tool_state: Mapping[str, Json]) -> None:
        """Replace the session's tool state."""
        ...

    async def delete(self, session_id: str) -> bool:
        """Remove a session and all that belongs to it; False if there was none."""
        ...

    async def expire(self, before: float, now: float) -> int:
        """Remove sessions last used before that time and not leased `now`, whoever owns them; how many."""
        ...

    async def shrink(self, limit_bytes: int, before: float, now: float) -> int:
        """As `expire`, the least recently used first, and only while all that is stored takes more than `limit_bytes`."""
        ...

    async def size(self) -> int:
        """Bytes that all that is stored takes."""
        ...

    async def compact(self) -> None:
        """Give back the space of what was removed, in steps that hold up nobody, and leave nothing of it to be read."""
        ...
