"""SessionWorker: one session's Deno process, run by run. What it says is checked against the wire's schemas; a lie kills it."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import anyio
from pydantic import ValidationError

from mcp_codeexec.errors import WorkerDied
from mcp_codeexec.model import Described, Json, Kind, Program, RawError, RawRun, RawVariable, Segment, declaration
from mcp_codeexec.ports import HostCall
from mcp_codeexec.runtime.causes import cause
from mcp_codeexec.runtime.console import Output
from mcp_codeexec.runtime.host_calls import HostCalls
from mcp_codeexec.runtime.monitor import ResourceMonitor, cpu_seconds
from mcp_codeexec.runtime.process import DenoProcess, Reply
from mcp_codeexec.runtime.restoring import read_again
from mcp_codeexec.runtime.saving import Saving, format_of, is_readable
from mcp_codeexec.runtime.wire import Call, DescribedReply, Done, TableReply

_GRACE_S = 0.015  # for a run to end by itself at the limit, in synchronous code, or when it is asked to
_STARVED_S = 0.5  # but a machine that gave it no time is not a loop: so long we wait for CPU time to show
_LOOP_CPU_S = 0.010
_ABORT_S = 0.08
_ENDED = 1  # the exit code of a Deno that finds nothing left to do
_REPLY_S = 5.0
_SAVE_S = 5.0  # a worker leaves what takes it over two seconds
_STILL_S = 0.05
_PARTLY = 4  # bytes of a character in UTF-8

_Overdue = Literal["", "timeout", "memory_limit", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run for a worker. `known` are the session's names and kinds before it."""

    run: int
    program: Program
    timeout_ms: int
    known: Mapping[str, Kind]
    host_calls: Mapping[str, HostCall] = field(default_factory=dict[str, HostCall])


@dataclass(frozen=True, slots=True)
class ValuePage:
    """A page of a variable's value, or of a part of it."""

    value: Described
    offset: int
    count: int


class SessionWorker:
    """Lives as long as its process: from warm spare to the end of its session. `names` is what its heap holds, `run_seen` the
    session's last run as far as it knows, `kept` the bytes of each variable that is kept elsewhere too, -1 for one that is not."""

    def __init__(
        self,
        process: DenoProcess,
        *,
        console_chars: int,
        host_calls: int,
        host_call_s: float,
        memory_mb: int,
        polled: bool = False,
        deno: str = "",
    ) -> None:
        """`polled`: the kernel does not hold the memory limit. `deno` is its version."""
        self._format = format_of(deno)
        self.process = process
        self.names: dict[str, Kind] = {}
        self.run_seen = 0
        self.runs = 0
        self.kept: dict[str, int] = {}
        self.born = self.touched = asyncio.get_running_loop().time()
        self.monitor = ResourceMonitor(process.pid, memory_mb if polled else 0)
        self._console_bytes = console_chars * _PARTLY
        self._call_limit, self._call_s = host_calls, host_call_s
        self._memory_mb = memory_mb
        self._output = Output(0)
        self._saving = Saving(self._format)
        self._calls = HostCalls(process, {}, 0, 0, self.monitor.waits)
        self._done: asyncio.Future[Reply] | None = None
        self._assigning = False
        self._ending: asyncio.Task[RawRun] | None = None
        process.on_event = self._event

    @property
    def alive(self) -> bool:
        return self.process.alive

    @property
    def replaceable(self) -> bool:
        """Whether another process could go on with all that its heap holds."""
        return -1 not in self.kept.values()

    @property
    def running(self) -> bool:
        """Whether a run has begun and not been finished."""
        return self._done is not None

    async def warm(self, within_s: float) -> None:
        """Wait until it has loaded what is loaded on first use: only then it answers. Raises WorkerDied."""
        await self.process.request({"op": "ping"}, within_s=within_s)

    async def ping(self, within_s: float = 1.0) -> bool:
        """Whether it still answers; dead if not."""
        try:
            await self.process.request({"op": "ping"}, within_s=within_s)
        except WorkerDied:
            return False
        return True

    async def run(self, job: Job) -> RawRun:
        """Run one program to its end, whatever that is. A cancelled call leaves the run going: `stop` ends it."""
        program = job.program
        names: dict[str, Kind] = {**job.known, **program.names}
        self.touched = asyncio.get_running_loop().time()
        self._output = Output(self._console_bytes)
        self._saving = Saving(self._format)
        self._calls = HostCalls(self.process, job.host_calls, self._call_limit, self._call_s, self.monitor.waits)
        self.process.resume()
        self.monitor.start(job.timeout_ms / 1_000)
        self._done = self.process.begin(
            {
                "op": "run",
                "run": job.run,
                "declare": program.declare,
                "body": program.body,
                "timeout": job.timeout_ms,
                "declared": [name for name, kind in program.names.items() if kind != "global"],
                "report": sorted(program.assigned | program.names.keys()),
                # files.write and the like have an object of their own
                "host": sorted(name for name in job.host_calls if "." not in name),
                "hostCalls": self._call_limit,
                "keepLast": "_" not in names,
            }
        )
        self.monitor.look()  # beside the run's first moments, which wait for nobody
        finish = self._finish(await self._wait(), names)
        quiet = self._done.done() and not self._calls.running  # then it waits for nothing: no cancellation can come between
        return await (finish if quiet else self._shielded(finish))

    async def stop(self, known: Mapping[str, Kind]) -> RawRun:
        """End the run that is going, because its caller went away: kindly where the worker waits, else by killing it."""
        self.process.send({"op": "abort"})
        if self._done is not None:
            await asyncio.wait([self._done, self.process.ended], timeout=_ABORT_S, return_when=asyncio.FIRST_COMPLETED)
        return await self._shielded(self._finish("cancelled", known))

    async def describe(self, name: str, path: Sequence[str | int], offset: int, limit: int, room: int) -> ValuePage | None:
        """A page of a variable; None where there is no such variable or part. Raises WorkerDied."""
        request = {"op": "describe", "name": name, "path": list(path), "offset": offset, "limit": limit, "room": room}
        said = self.process.checked(DescribedReply, (await self._ask(request))[0])
        if said.page is None:
            return None
        return ValuePage(said.page.shape(), said.page.offset, said.page.count)

    async def table(self, names: Sequence[str]) -> tuple[RawVariable, ...]:
        """What the heap holds under these names. Raises WorkerDied."""
        said = self.process.checked(TableReply, (await self._ask({"op": "table", "names": list(names)}))[0])
        return tuple(v.shape() for v in said.variables)

    async def assign(self, name: str, data: bytes) -> tuple[tuple[RawVariable, ...], tuple[Segment, ...]]:
        """Give the session a variable from JSON text: what it is then, and what is to be kept of it. Raises WorkerDied."""
        declare = "" if name in self.names else declaration([name])
        self._saving = Saving(self._format)
        self._assigning = True
        try:
            header, _ = await self._ask({"op": "assign", "name": name, "declare": declare}, data)
        finally:
            self._assigning = False
        self.names.setdefault(name, "let")
        self._note_kept()
        made = tuple(v.shape() for v in self.process.checked(TableReply, header).variables)
        return made, tuple(self._saving.segments.values())

    async def restore(self, segments: Sequence[Segment], kinds: Mapping[str, Kind], texts: Mapping[str, str]) -> None:
        """Read variables again into a blank process: `names` are then those that could be. `texts` make classes again, by source.

        Raises WorkerDied: it did not survive that.
        """
        segments = [s for s in segments if is_readable(s)]
        names = [s.name for s in segments if kinds.get(s.name, "global") != "global"]
        lost = await read_again(self.process, segments, texts, declare=declaration(names), names=names, inert=False)
        self.names = {s.name: kinds.get(s.name, "global") for s in segments if s.name not in lost and s.name != "_"}
        self.kept = {s.name: len(s.data) for s in segments if s.name not in lost}

    async def look(self, segments: Sequence[Segment]) -> frozenset[str]:
        """Read variables only to describe them, without evaluating what is kept by its source: the names of those that could be.

        No session can go on with this process. Raises WorkerDied.
        """
        segments = [s for s in segments if is_readable(s)]
        sources = {source: "" for s in segments for source in s.classes.values()}
        lost = await read_again(self.process, segments, sources, declare="", names=[], inert=True)
        return frozenset(s.name for s in segments if s.name not in lost)

    async def _ask(self, request: Mapping[str, object], blob: bytes = b"") -> tuple[dict[str, Json], bytes]:
        try:
            return await self.process.request(request, blob, within_s=_REPLY_S)
        finally:
            self.touched = asyncio.get_running_loop().time()
            self.process.pause()

    async def _shielded(self, ending: Coroutine[None, None, RawRun]) -> RawRun:
        """The end of a run is never half done, however the caller is cancelled: a worker is paused or dead after it."""
        self._ending = task = asyncio.get_running_loop().create_task(ending)
        with anyio.CancelScope(shield=True):
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                await asyncio.wait([task])
                raise
        return task.result()

    async def _wait(self) -> _Overdue:
        """Until the run ends or goes beyond a limit; beyond time it is asked to end, and gets its grace."""
        done = self._done
        assert done is not None  # noqa: S101 - set by run
        while (violation := await self.monitor.until(done)) is not None:
            if violation.kind == "memory" or self._saving.begun:
                return "memory_limit"
            self.process.send({"op": "abort", "status": "timeout"})
            if not await self._ends(done):
                return "timeout"
        return ""

    async def _ends(self, done: asyncio.Future[Reply]) -> bool:
        """Whether a run ends that was asked to."""
        over, loop = [done, self._saving.ended], asyncio.get_running_loop()
        await asyncio.wait(over, timeout=_GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        until, cpu = loop.time() + _STARVED_S, cpu_seconds(self.process.pid)
        while not any(f.done() for f in over) and loop.time() < until and cpu_seconds(self.process.pid) - cpu < _LOOP_CPU_S:
            await asyncio.wait(over, timeout=0.005, return_when=asyncio.FIRST_COMPLETED)
        return any(f.done() for f in over)

    async def _finish(self, overdue: _Overdue, names: Mapping[str, Kind]) -> RawRun:
        """The run as it ended; the worker is paused or dead after this. Must not be cancelled: callers shield it."""
        done, self._done = self._done, None
        if done is None or not done.done() or done.cancelled():
            raw = await self._died(overdue if self.process.alive else "", names)
            await self._calls.close()
            return raw
        usage = self.monitor.stop()
        self.runs += 1
        self.process.pause(_STILL_S if done.result()[0].get("blocks") is True else 0)
        await self._calls.close()
        try:
            said = self.process.checked(Done, done.result()[0])
        except WorkerDied:
            return await self._died("", names)
        if not (said.error and said.error.line):  # a body that does not parse has declared nothing
            self.names = {**names, **dict.fromkeys(said.made, "global")}
        self._note_kept()
        return replace(self._told(said), usage=usage)

    def _told(self, said: Done) -> RawRun:
        error = said.error.shape() if said.error else None
        if said.undescribed and said.status == "ok":
            error = RawError("Undescribed", "the value took too long to describe")
        return RawRun(
            status=said.status,
            value=said.value.shape() if said.value else None,
            error=error,
            console=self._output.console(said.omitted, said.late),
            variables=tuple(v.shape() for v in said.variables),
            made=tuple(said.made),
            timers=said.timers,
            calls=said.calls,
            stopped=said.stopped,
            segments=tuple(self._saving.segments.values()),
        )

    def _note_kept(self) -> None:
        for name, segment in self._saving.segments.items():
            self.kept[name] = -1 if segment.kept == "live_only" else len(segment.data)

    async def _died(self, overdue: _Overdue, names: Mapping[str, Kind]) -> RawRun:
        """A run that its process did not survive. `overdue` says why we kill it; empty when it is dead already."""
        over, usage = self.monitor.check(), self.monitor.stop()
        exit_ = await self.process.end()
        exit_ = replace(exit_, peak_mb=max(exit_.peak_mb, usage.peak_memory_mb))
        self.names = dict(names)
        if not overdue and exit_.code == _ENDED and over is not None and over.kind == "timeout":
            overdue = "timeout"  # a loop that V8 stopped inside native code of Deno's, which ends Deno
        status, message = (overdue, "") if overdue else cause(exit_, self._memory_mb)
        saving = self._saving.begun and status == "memory_limit"
        if exit_.peak_mb:
            usage = replace(usage, peak_memory_mb=round(exit_.peak_mb, 1))
        return RawRun(
            status=status,
            error=RawError("ProcessEnded", message) if message else None,
            console=self._output.console(),
            stopped="saving" if saving else "killed",
            heap_kept=False,
            usage=usage,
        )

    def _event(self, header: dict[str, Json], blob: bytes) -> None:
        running = self._done is not None and not self._done.done()
        match header.get("op"):
            case _ if not running and not self._assigning:
                self.process.break_off("a message outside a run")
            case "ended" | "piece" | "segment" | "again":
                if not self._saving.add(header, blob):
                    self.process.break_off("a malformed or oversized snapshot")
                elif self._saving.begun:
                    self.monitor.ended(_SAVE_S)
            case _ if not running:
                self.process.break_off("a message outside a run")
            case "output" if self._output.add(blob):
                pass
            case "tail" if not self._output.tail and len(blob) <= self._console_bytes:
                self._output.tail = blob
            case "call":
                try:
                    call = Call.model_validate(header)
                except ValidationError:
                    self.process.break_off("a malformed call")
                else:
                    if not self._calls.start(call, blob):
                        self.process.break_off("too many host calls")
            case _:
                self.process.break_off("an unknown or oversized message")
