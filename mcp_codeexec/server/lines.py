"""The transport: messages as JSON lines on two descriptors, as the SDK's loops take them.

In place of the SDK's own, which reads and writes on threads: they cost every call two hand-overs, and nothing can interrupt the one
that reads. No descriptor is made non-blocking, because the client may share it: what is said to be ready does not block.
"""

import asyncio
import contextlib
import json
import os
import select
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter
from pydantic import ValidationError

_READ = 65_536
_WRITE = getattr(select, "PIPE_BUF", 512)  # bytes that a pipe which is said to be writable takes without blocking


@contextlib.contextmanager
def claimed_stdio() -> Generator[tuple[int, int]]:
    """stdin and stdout for the wire alone: meanwhile the process reads nothing from 0, and what it prints to 1 goes to stderr."""
    source, sink, nothing = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0, inheritable=False)
    try:
        os.dup2(2, 1, inheritable=False)
    except OSError:  # started without a stderr
        os.dup2(nothing, 1, inheritable=False)
    os.close(nothing)
    try:
        yield source, sink
    finally:
        for private, public in ((source, 0), (sink, 1)):
            os.dup2(private, public)
            os.close(private)


Item = SessionMessage | Exception


class _Stream:
    """What the loops expect of a stream besides its items. Closing the descriptors is the process' business."""

    async def aclose(self) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        pass


class MessageSource(_Stream):
    """A stream of messages; what is no message comes as the exception that says why."""

    async def receive(self) -> Item:
        """The next one. Raises EndOfStream."""
        raise NotImplementedError

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None


class LineSource(MessageSource):
    """Messages from a descriptor, until it is closed."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = bytearray()
        self._searched = 0

    async def receive(self) -> Item:
        """The next line's message. Raises EndOfStream."""
        while (end := self._buffer.find(b"\n", self._searched) + 1) == 0:
            self._searched = len(self._buffer)
            data = await self._read()
            if not data:
                end = self._searched  # what is left may be a line without its end
                break
            self._buffer += data
        if not end:
            raise anyio.EndOfStream
        line = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._searched = 0
        return _message(line)

    async def _read(self) -> bytes:
        loop = asyncio.get_running_loop()
        try:
            await _ready(loop.add_reader, loop.remove_reader, self._fd)
        except (NotImplementedError, PermissionError):  # Windows; a plain file, which epoll does not take
            return await anyio.to_thread.run_sync(os.read, self._fd, _READ, abandon_on_cancel=True)
        return os.read(self._fd, _READ)


class LineSink(_Stream):
    """Messages to a descriptor, each whole, however its sender is cancelled.

    `send` raises BrokenResourceError where nobody reads any more, and calls `on_broken`.
    """

    def __init__(self, fd: int, on_broken: Callable[[], None]) -> None:
        self._fd = fd
        self._on_broken = on_broken
        self._pending = bytearray()
        self._writing = asyncio.Lock()
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(fd, select.POLLOUT)

    async def send(self, item: SessionMessage) -> None:
        self._pending += item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        async with self._writing:
            try:
                while self._pending:
                    del self._pending[: await self._write()]
            except BrokenPipeError:
                self._on_broken()
                raise anyio.BrokenResourceError from None

    async def _write(self) -> int:
        piece = bytes(self._pending[:_WRITE])
        if self._poll is None:
            return await anyio.to_thread.run_sync(os.write, self._fd, piece)
        while not self._poll.poll(0):
            loop = asyncio.get_running_loop()
            await _ready(loop.add_writer, loop.remove_writer, self._fd)
        return os.write(self._fd, piece)


async def _ready(add: Callable[[int, Callable[[], None]], None], remove: Callable[[int], object], fd: int) -> None:
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    add(fd, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        remove(fd)


def _message(line: bytes) -> Item:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValidationError as fault:
        try:
            return SessionMessage(jsonrpc_message_adapter.validate_json(_repaired(line), by_name=False))
        except (ValueError, RecursionError):
            return fault


def _repaired(line: bytes) -> bytes:
    """The line with U+FFFD for bytes that are no UTF-8 and for halves of surrogate pairs.

    JSON may hold one (`"\\ud800"`, half an emoji), and the SDK's parser would drop the line: its caller would wait in vain.
    """
    found: Any = json.loads(line.decode(errors="replace"))
    return json.dumps(found, ensure_ascii=False).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
