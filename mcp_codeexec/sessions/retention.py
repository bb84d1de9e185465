"""How long sessions stay: for a time after their last use, and while there is room; what is in use stays in any case."""

from dataclasses import dataclass

from mcp_codeexec.ports import SessionStore

_FRESH_S = 60.0  # used so lately, a session makes no room for others: a call may be on its way to it


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a clean-up removed, in sessions, and the bytes of what is left."""

    expired: int
    for_room: int
    left_bytes: int


@dataclass(frozen=True, slots=True)
class Retention:
    """Seconds that a session stays after its last use, and bytes that all sessions may take; 0 bytes: no limit."""

    keep_seconds: float
    limit_bytes: int = 0

    async def clean(self, store: SessionStore, now: float, in_use_since: float) -> Cleaned:
        """Remove what may not stay, and give its space back. What was used at `in_use_since` or later stays."""
        expired = await store.expire(min(now - self.keep_seconds, in_use_since), now)
        for_room = 0
        if self.limit_bytes:
            for_room = await store.shrink(self.limit_bytes, min(now - _FRESH_S, in_use_since), now)
        await store.compact()
        return Cleaned(expired, for_room, await store.size())
