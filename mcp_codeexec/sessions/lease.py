"""Leases: one server process at a time runs a session, and the others wait for it, or take over where it died."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import anyio
from anyio import CancelScope

from mcp_codeexec.errors import Busy, StoreUnavailable
from mcp_codeexec.model import Lease, SessionInfo
from mcp_codeexec.ports import SessionStore
from mcp_codeexec.sessions.holder import is_gone, new_holder

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.005, 0.25


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How long a lease lasts without renewal, and how long a call waits for one that somebody else has."""

    lasts_s: float = 15.0
    wait_s: float = 30.0  # longer than a lease lasts: a holder of another machine that died is waited out


TIMES = LeaseTimes()


class Leases:
    """The leases that one manager holds; lives as long as the manager. What is held is renewed until it ends."""

    def __init__(self, store: SessionStore, clock: Callable[[], float], times: LeaseTimes) -> None:
        self._store = store
        self._clock = clock
        self._times = times
        self._name = new_holder()
        self._held: dict[str, _Heartbeat] = {}

    def holder(self, session_id: str) -> str:
        """The name to commit a run with; empty where the lease is not ours."""
        return self._name if session_id in self._held else ""

    async def take(self, session_id: str) -> SessionInfo | None:
        """The session as it stands now, and from now on nobody else goes on with it; None where it is gone.

        Raises:
            Busy: another process holds it, and did so for as long as a call may wait.
        """
        try:
            info = await self._wait_for(session_id)
        except BaseException:
            await self._release(session_id)  # a cancelled attempt may still have been done
            raise
        if info is not None:
            self._held[session_id] = _Heartbeat(lambda: self._renew(session_id), self._times.lasts_s / 3)
        return info

    def ended(self, session_id: str) -> None:
        """The lease ended with a commit."""
        if heartbeat := self._held.pop(session_id, None):
            heartbeat.stop()

    async def give_back(self, session_id: str) -> None:
        """End it, unless it has ended."""
        if session_id in self._held:
            self.ended(session_id)
            await self._release(session_id)

    async def abandoned(self, session_id: str) -> bool:
        """Whether a run began whose server died, and nobody has written that down."""
        lease = await self._store.lease(session_id)
        return lease is not None and lease.holder != self._name and (is_gone(lease.holder) or lease.until <= self._clock())

    async def _wait_for(self, session_id: str) -> SessionInfo | None:
        deadline, pause, dead = anyio.current_time() + self._times.wait_s, _FIRST_PAUSE_S, ""
        while True:
            now = self._clock()
            found = await self._store.acquire(session_id, Lease(self._name, now + self._times.lasts_s, began=now), dead)
            if not isinstance(found, Lease):
                return found
            dead = found.holder if is_gone(found.holder) else ""
            if dead:
                continue
            if anyio.current_time() >= deadline:
                raise Busy(
                    f"another server process is running this session; the call waited {self._times.wait_s:g} s for it.",
                    hint="Try again later, or leave session_id out to work in another session.",
                )
            await anyio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _renew(self, session_id: str) -> None:
        with suppress(StoreUnavailable):  # the next beat tries again; if none succeeds, the commit will tell
            await self._store.renew(session_id, self._name, self._clock() + self._times.lasts_s)

    async def _release(self, session_id: str) -> None:
        with CancelScope(shield=True), suppress(StoreUnavailable):  # if it cannot be said, it runs out
            await self._store.release(session_id, self._name)


class _Heartbeat:
    """Does `beat` every `pause_s` seconds until it is stopped. Of a short run it costs a timer, and no task."""

    def __init__(self, beat: Callable[[], Awaitable[None]], pause_s: float) -> None:
        self._beat = beat
        self._pause_s = pause_s
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(pause_s, self._begin)

    def stop(self) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._go_on())

    async def _go_on(self) -> None:
        while True:
            await self._beat()
            await asyncio.sleep(self._pause_s)
