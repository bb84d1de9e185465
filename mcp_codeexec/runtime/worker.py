"""SessionWorker: one session's Deno process, run by run. What it says is checked against the wire's schemas; a lie kills it."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import anyio
from pydantic import BaseModel, ValidationError

from mcp_codeexec.errors import WorkerDied
from mcp_codeexec.model import Console, Described, HostCall, Json, Kind, Program, RawError, RawRun, RawVariable, declaration
from mcp_codeexec.runtime.causes import cause
from mcp_codeexec.runtime.host_calls import HostCalls
from mcp_codeexec.runtime.monitor import ResourceMonitor, cpu_seconds
from mcp_codeexec.runtime.process import DenoProcess
from mcp_codeexec.runtime.wire import Call, DescribedReply, Done, TableReply

_GRACE_S = 0.015  # for a run to end by itself at the limit, in synchronous code, or when it is asked to
_STARVED_S = 0.5  # but a machine that gave it no time is not a loop: so long we wait for CPU time to show
_LOOP_CPU_S = 0.010
_ABORT_S = 0.08
_ENDED = 1  # the exit code of a Deno that finds nothing left to do
_REPLY_S = 5.0
_STILL_S = 0.05
_PARTLY = 4  # bytes of a character in UTF-8

M = TypeVar("M", bound=BaseModel)
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


class _Output:
    """Console output as it comes in, within the bound that the worker was told."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self.head: list[bytes] = []
        self.tail = b""

    def add(self, piece: bytes) -> bool:
        """False when the worker sent more than it may."""
        self._left -= len(piece)
        self.head.append(piece)
        return self._left >= 0

    def console(self, omitted: int = 0, late: int = 0) -> Console:
        return Console(b"".join(self.head).decode(errors="replace"), self.tail.decode(errors="replace"), omitted, late)


class SessionWorker:
    """Lives as long as its process: from warm spare to the end of its session. `names` is what its heap holds."""

    def __init__(
        self, process: DenoProcess, *, console_chars: int, host_calls: int, host_call_s: float, memory_mb: int, polled: bool = False
    ) -> None:
        """`polled`: the kernel does not hold the memory limit."""
        self.process = process
        self.names: dict[str, Kind] = {}
        self.born = self.touched = asyncio.get_running_loop().time()
        self.monitor = ResourceMonitor(process.pid, memory_mb if polled else 0)
        self._console_bytes = console_chars * _PARTLY
        self._call_limit, self._call_s = host_calls, host_call_s
        self._memory_mb = memory_mb
        self._output = _Output(0)
        self._calls = HostCalls(process, {}, 0, 0, self.monitor.waits)
        self._done: asyncio.Future[tuple[dict[str, Json], bytes]] | None = None
        self._ending: asyncio.Task[RawRun] | None = None
        process.on_event = self._event

    @property
    def alive(self) -> bool:
        return self.process.alive

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
        self._output = _Output(self._console_bytes)
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
                "host": sorted(
                    name for name in job.host_calls if "." not in name
                ),  # files.write and the like have an object of their own
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
        said = self._checked(DescribedReply, (await self._ask(request))[0])
        if said.page is None:
            return None
        return ValuePage(said.page.shape(), said.page.offset, said.page.count)

    async def table(self, names: Sequence[str]) -> tuple[RawVariable, ...]:
        """What the heap holds under these names. Raises WorkerDied."""
        said = self._checked(TableReply, (await self._ask({"op": "table", "names": list(names)}))[0])
        return tuple(v.shape() for v in said.variables)

    async def assign(self, name: str, data: bytes) -> tuple[RawVariable, ...]:
        """Give the session a variable from JSON text. Raises WorkerDied."""
        declare = "" if name in self.names else declaration([name])
        header, _ = await self._ask({"op": "assign", "name": name, "declare": declare}, data)
        self.names.setdefault(name, "let")
        return tuple(v.shape() for v in self._checked(TableReply, header).variables)

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
        violation = await self.monitor.until(done)
        if violation is None:
            return ""
        if violation.kind == "memory":
            return "memory_limit"
        self.process.send({"op": "abort", "status": "timeout"})
        await asyncio.wait([done], timeout=_GRACE_S)
        loop = asyncio.get_running_loop()
        until, cpu = loop.time() + _STARVED_S, cpu_seconds(self.process.pid)
        while not done.done() and loop.time() < until and cpu_seconds(self.process.pid) - cpu < _LOOP_CPU_S:
            await asyncio.wait([done], timeout=0.005)
        return "timeout"

    async def _finish(self, overdue: _Overdue, names: Mapping[str, Kind]) -> RawRun:
        """The run as it ended; the worker is paused or dead after this. Must not be cancelled: callers shield it."""
        done, self._done = self._done, None
        if done is None or not done.done() or done.cancelled():
            raw = await self._died(overdue if self.process.alive else "", names)
            await self._calls.close()
            return raw
        usage = self.monitor.stop()
        self.process.pause(_STILL_S if done.result()[0].get("blocks") is True else 0)
        await self._calls.close()
        try:
            said = self._checked(Done, done.result()[0])
        except WorkerDied:
            return await self._died("", names)
        if not (said.error and said.error.line):  # a body that does not parse has declared nothing
            self.names = {**names, **dict.fromkeys(said.made, "global")}
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
        )

    async def _died(self, overdue: _Overdue, names: Mapping[str, Kind]) -> RawRun:
        """A run that its process did not survive. `overdue` says why we kill it; empty when it is dead already."""
        over, usage = self.monitor.check(), self.monitor.stop()
        exit_ = await self.process.end()
        exit_ = replace(exit_, peak_mb=max(exit_.peak_mb, usage.peak_memory_mb))
        self.names = dict(names)
        if not overdue and exit_.code == _ENDED and over is not None and over.kind == "timeout":
            overdue = "timeout"  # a loop that V8 stopped inside native code of Deno's, which ends Deno
        status, message = (overdue, "") if overdue else cause(exit_, self._memory_mb)
        if exit_.peak_mb:
            usage = replace(usage, peak_memory_mb=round(exit_.peak_mb, 1))
        return RawRun(
            status=status,
            error=RawError("ProcessEnded", message) if message else None,
            console=self._output.console(),
            stopped="killed",
            heap_kept=False,
            usage=usage,
        )

    def _checked(self, schema: type[M], header: Mapping[str, Json]) -> M:
        try:
            return schema.model_validate(header)
        except ValidationError as exc:
            self.process.break_off(f"{schema.__name__}: {exc.error_count()} faults")
            raise WorkerDied("The session's process broke its protocol and was ended.") from None

    def _event(self, header: dict[str, Json], blob: bytes) -> None:
        if self._done is None or self._done.done():
            self.process.break_off("a message outside a run")
            return
        match header.get("op"):
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
