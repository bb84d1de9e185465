"""One Deno process of ours and the frames to and from it. It is clean or dead: whatever breaks a rule of the wire kills it."""

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import anyio
from pydantic import BaseModel, ValidationError

from mcp_codeexec.errors import RuntimeUnavailable, WorkerDied
from mcp_codeexec.logs import event
from mcp_codeexec.model import Json
from mcp_codeexec.runtime.frames import FramePipe, FrameReader, encode
from mcp_codeexec.runtime.layers import LAYER_FAILED

log = logging.getLogger(__name__)

_STDERR_KEPT = 16_384
_REAP_S = 2.0
_DYING_S = 0.5  # a process whose stdout has closed is dying, and how tells why; one that lives on is killed
_KB_IN_MB = 1_024

M = TypeVar("M", bound=BaseModel)
Reply = tuple[dict[str, Json], bytes]


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended. `by_us`: we killed it; `reason`: the rule of the wire it broke, if any; `peak_mb`: the most memory it
    ever had, 0 where the system does not tell."""

    code: int | None
    stderr: str
    by_us: bool
    reason: str
    peak_mb: float


class _Stderr(asyncio.Protocol):
    """Keeps the last bytes of stderr: V8 says there why it dies."""

    def __init__(self) -> None:
        self.kept = b""

    def data_received(self, data: bytes) -> None:
        self.kept = (self.kept + data)[-_STDERR_KEPT:]


class _Stdin(asyncio.Protocol):
    """Knows whether the process takes what we write."""

    def __init__(self) -> None:
        self.flowing = asyncio.Event()
        self.flowing.set()

    def pause_writing(self) -> None:
        self.flowing.clear()

    def resume_writing(self) -> None:
        self.flowing.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.flowing.set()


class DenoProcess:
    """From spawn to reaping. `on_event` gets every frame that is not the reply to a request of ours."""

    def __init__(self, popen: subprocess.Popen[bytes], *, frame_bytes: int, call_bytes: int) -> None:
        self.popen = popen
        self.on_event: Callable[[dict[str, Json], bytes], None] = lambda header, blob: None
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = loop.create_future()  # resolved when its stdout is closed or it broke a rule
        self._ready: asyncio.Future[None] = loop.create_future()
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._serial = itertools.count(1)
        self._reader = FrameReader(self._frame, frame_bytes, call_bytes)
        self._stdin_protocol = _Stdin()
        self._stderr = _Stderr()
        self._transports: list[asyncio.BaseTransport] = []
        self._connected = False
        self._stdin: asyncio.WriteTransport | None = None
        self._by_us = False
        self._reason = ""
        self._paused = False
        self._pausing: asyncio.TimerHandle | None = None
        self._peak_mb = 0.0
        self._reaper: asyncio.Task[Exit] | None = None

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        return not self.ended.done()

    async def open(self, start_s: float) -> None:
        """Connect the pipes and wait for its first word.

        Raises:
            RuntimeUnavailable: it did not speak within `start_s` seconds, or died before; it is reaped then.
        """
        try:
            await self._connect()
            await asyncio.wait([self._ready, self.ended], timeout=start_s, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            await self.end()
            raise
        if self._ready.done():
            return
        silent = self.alive
        exit_ = await self.end()
        event(log, "start failed", level=logging.WARNING, code=exit_.code or 0, stderr=exit_.stderr[:400])
        if exit_.code == LAYER_FAILED:
            raise RuntimeUnavailable("A layer of the sandbox could not be taken on.", hint=f"It said: {exit_.stderr.strip()[:200]}")
        how = f"did not answer within {start_s:g} s" if silent else f"ended at once (exit code {exit_.code})"
        raise RuntimeUnavailable(f"Deno {how} at start.", hint="`mcp-codeexec doctor` says more.")

    async def _connect(self) -> None:
        loop, popen = asyncio.get_running_loop(), self.popen
        add = self._transports.append  # one by one: a cancellation may come between
        add((await loop.connect_read_pipe(lambda: FramePipe(self._reader, self._end), popen.stdout))[0])
        add((await loop.connect_read_pipe(lambda: self._stderr, popen.stderr))[0])
        self._stdin, _ = await loop.connect_write_pipe(lambda: self._stdin_protocol, popen.stdin)
        add(self._stdin)
        self._connected = True
        if self.ended.done():
            self._reaping()

    def send(self, header: Mapping[str, object], blob: bytes = b"") -> None:
        """Write one frame; a process that is gone drops it."""
        self.write(encode(header, blob))

    def write(self, frame: bytes) -> None:
        """The same, with a frame that is encoded already."""
        if self._stdin is not None and self.alive:
            self._stdin.write(frame)

    async def flow(self) -> None:
        """Wait until the process takes what was written."""
        await self._stdin_protocol.flowing.wait()

    def begin(self, header: Mapping[str, object], blob: bytes = b"") -> asyncio.Future[Reply]:
        """Send a request; the future is its reply. It is cancelled when the process ends."""
        serial = next(self._serial)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self.alive:
            self._replies[serial] = future
            self.send({**header, "id": serial}, blob)
        else:
            future.cancel()
        return future

    async def request(self, header: Mapping[str, object], blob: bytes = b"", *, within_s: float) -> Reply:
        """A request and its reply. Raises WorkerDied, the process being dead then, if none comes in time."""
        return await self.reply(self.begin(header, blob), within_s)

    async def reply(self, future: asyncio.Future[Reply], within_s: float) -> Reply:
        """The reply to a request that was begun. Raises WorkerDied, the process being dead then, if none comes in time."""
        self.resume()
        await asyncio.wait([future, self.ended], timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if future.done() and not future.cancelled():
            return future.result()
        self.kill()
        raise WorkerDied("The session's process ended, or did not answer in time.")

    def pause(self, after_s: float = 0) -> None:
        """Stop the process until `resume`: nothing of a session executes between runs.

        With `after_s` only when it has been left alone for so long: for a process that stands still by itself, as it says.
        """
        if not self.alive or self._paused or not hasattr(signal, "SIGSTOP"):
            return
        self._forget_pause()
        if after_s:
            self._pausing = asyncio.get_running_loop().call_later(after_s, self.pause)
        else:
            self._paused = True
            self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run again."""
        self._forget_pause()
        if self._paused:
            self._paused = False
            self._signal(signal.SIGCONT)

    def _forget_pause(self) -> None:
        if self._pausing is not None:
            self._pausing.cancel()
            self._pausing = None

    def kill(self) -> None:
        """SIGKILL, to its whole group where there are groups; safe to repeat."""
        if self.popen.returncode is None:
            self._by_us = True
            if hasattr(os, "killpg"):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)  # it leads a group of its own
            with contextlib.suppress(OSError):
                self.popen.kill()

    async def end(self) -> Exit:
        """Kill, reap and release everything; bounded, safe to repeat, and done to its end even if the caller is cancelled."""
        if self.alive:
            self.kill()
        reaping = self._reaping()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([reaping])
        return reaping.result()

    def _reaping(self) -> asyncio.Task[Exit]:
        if self._reaper is None:
            self._reaper = asyncio.get_running_loop().create_task(self._release())
        return self._reaper

    async def _release(self) -> Exit:
        await self._reap(_REAP_S if self._by_us else _DYING_S)
        if self.popen.returncode is None:
            self.kill()
            await self._reap(_REAP_S)
        self._forget_pause()
        await asyncio.wait([self.ended], timeout=_REAP_S if self._transports else 0)
        self._end("")
        for transport in self._transports:
            transport.close()
        for pipe in (self.popen.stdout, self.popen.stderr, self.popen.stdin)[len(self._transports) :]:
            if pipe is not None:
                pipe.close()
        return Exit(self.popen.returncode, self._stderr.kept.decode(errors="replace"), self._by_us, self._reason, self._peak_mb)

    async def _reap(self, within_s: float) -> None:
        """Wait for its end, and take its peak memory from the kernel's account."""
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + within_s, 0.001
        while self.popen.returncode is None and loop.time() < until:
            if not hasattr(os, "wait4"):
                self.popen.poll()
            else:
                try:
                    pid, status, account = os.wait4(self.pid, os.WNOHANG)  # noqa: ASYNC222 - it does not wait
                except ChildProcessError:  # somebody else in this process took its exit status
                    self.popen.returncode = 0
                    break
                if pid:
                    self.popen.returncode = os.waitstatus_to_exitcode(status)
                    self._peak_mb = _own_peak_mb(account.ru_maxrss)
                    break
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.02)

    def _signal(self, number: int) -> None:
        if self.popen.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _frame(self, header: dict[str, Json], blob: bytes) -> None:
        if not self.alive:  # it broke a rule in an earlier frame of the same bytes
            return
        serial = header.get("id")
        if isinstance(serial, int):
            future = self._replies.pop(serial, None)
            if future is None:
                self._end("a reply that nobody asked for")
            elif not future.done():
                future.set_result((header, blob))
        elif header.get("op") == "ready" and not self._ready.done():
            self._ready.set_result(None)
        else:
            self.on_event(header, blob)

    def checked(self, schema: type[M], header: Mapping[str, Json]) -> M:
        """What it says, where that fits the schema. Raises WorkerDied, the process being dead then, where it does not."""
        try:
            return schema.model_validate(header)
        except ValidationError as exc:
            self.break_off(f"{schema.__name__}: {exc.error_count()} faults")
            raise WorkerDied("The session's process broke its protocol and was ended.") from None

    def break_off(self, reason: str) -> None:
        """The process said something it may not say: it is killed."""
        self._end(reason)

    def _end(self, reason: str) -> None:
        if self.ended.done():
            return
        if reason:
            self._reason = reason
            event(log, "wire broken", level=logging.WARNING, pid=self.pid, reason=reason)
            self.kill()
        self.ended.set_result(None)
        if self._connected:  # else its pipes are not all known yet
            self._reaping()  # nobody may come to end it for long
        for future in self._replies.values():
            future.cancel()
        self._replies.clear()


def _own_peak_mb(peak: int) -> float:
    """A child's peak, if it is its own: the account of a forked child begins at the peak of its parent."""
    import resource  # noqa: PLC0415 - not on Windows

    unit = _KB_IN_MB if sys.platform != "darwin" else _KB_IN_MB * 1_024
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / unit if peak > ours else 0.0
