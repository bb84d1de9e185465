"""A session whose variables the test keeps, as the store does, and brings back in another process: nothing else is between them."""

import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from mcp_codeexec.language.classes import restorable
from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.model import Erased, Json, Kind, Payload, RawRun, Segment
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.pool import WorkerPool
from mcp_codeexec.runtime.worker import Job, SessionWorker
from mcp_codeexec.settings import Settings

SETTINGS = Settings.load({"ephemeral": True, "spare_workers": 2})


@asynccontextmanager
async def workers() -> AsyncGenerator[WorkerPool]:
    launcher = Launcher(SETTINGS.worker_options)
    pool = WorkerPool(SETTINGS, launcher)
    try:
        await pool.warmup()
        yield pool
    finally:
        await pool.shutdown()
        launcher.close()


class Kept:
    """Lives as long as one worker. `segments` are what is kept, by name; `told` is what programs gave to `host.tell`."""

    def __init__(self, worker: SessionWorker) -> None:
        self.worker = worker
        self.segments: dict[str, Segment] = {}
        self.kinds: dict[str, Kind] = {}
        self.told: list[Json] = []
        self._serial = itertools.count(1)

    async def run(self, text: str) -> RawRun:
        """One run, after which is kept what it can have changed."""
        raw = await self.look(text)
        self.kinds = dict(self.worker.names)
        for segment in raw.segments:
            self.segments.pop(segment.name, None)
            if segment.kept != "live_only":
                self.segments[segment.name] = segment
        return raw

    async def look(self, text: str) -> RawRun:
        """One run of which nothing is kept."""

        async def tell(payload: Payload) -> Payload:
            self.told.append(payload.data)
            return payload

        names = dict(self.worker.names)
        return await self.worker.run(Job(next(self._serial), prepare(Erased(text), text, names), 5_000, names, {"tell": tell}))

    async def value(self, expression: str) -> str:
        """How an expression's value is printed, or what it throws."""
        raw = await self.look(f"({expression})")
        return raw.value.text if raw.value is not None else f"{raw.status} {raw.error}"

    async def brought_back(self, worker: SessionWorker) -> "Kept":
        """What was kept, in another process. Raises WorkerDied where that does not survive it."""
        back = Kept(worker)
        back.kinds, back.segments = dict(self.kinds), dict(self.segments)
        sources = {source for segment in self.segments.values() for source in segment.classes.values()}
        texts = {source: made for source in sources if (made := restorable(source)) is not None}
        await worker.restore(sorted(self.segments.values(), key=lambda segment: segment.first), self.kinds, texts)
        return back

    @property
    def lost(self) -> set[str]:
        """What was kept, but could not be brought back."""
        return self.segments.keys() - self.worker.names.keys() - {"_"}

    def forge(self, name: str, data: bytes) -> None:
        """Other bytes for a variable."""
        self.segments[name] = replace(self.segments[name], data=data)
