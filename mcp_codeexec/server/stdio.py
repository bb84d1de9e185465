"""The stdio entry: end of input, SIGTERM and SIGINT all end runs, workers and store, and then the process, within two seconds.

A connection may probe with `server/discover` and then open with `initialize` (clients do): the SDK fixes a connection's era on its first
request, so a loop that saw nothing but probes is retired then, and a fresh one serves the handshake.
"""

import logging
import os
import signal
import threading

import anyio
from anyio.abc import TaskGroup, TaskStatus
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCRequest

from mcp_codeexec.engine import Engine
from mcp_codeexec.server.lines import Item, LineSink, LineSource, MessageSource, claimed_stdio

log = logging.getLogger(__name__)

_GRACE_S = 1.5  # clients send SIGKILL about two seconds after SIGTERM


async def serve(server: Server[Engine]) -> int:
    """Serve one client on stdin and stdout until it leaves or a signal comes; the exit code: 0, or 128 and the signal's number."""
    logging.getLogger("mcp").addHandler(logging.NullHandler())  # its warnings may quote messages, and are not JSON lines
    caught: list[int] = []
    try:
        with claimed_stdio() as (source, sink):
            async with anyio.create_task_group() as group:
                if os.name == "posix":
                    await group.start(_leave_on_signal, group, caught)
                await _connection(server, LineSource(source), LineSink(sink, group.cancel_scope.cancel))
                group.cancel_scope.cancel()
    except Exception:
        log.exception("connection failed")
        return 1
    return 128 + caught[0] if caught else 0


async def _leave_on_signal(
    group: TaskGroup, caught: list[int], *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            caught.append(number)
            timer = threading.Timer(_GRACE_S, os._exit, [128 + number])
            timer.daemon = True
            timer.start()
            group.cancel_scope.cancel()
            return


async def _connection(server: Server[Engine], source: MessageSource, sink: LineSink) -> None:
    """Answer what comes from `source` until it ends; the engine lives as long."""
    async with server.lifespan(server) as engine:
        part: _Part | None = _Part(source)
        while part is not None:
            await serve_dual_era_loop(server, part, sink, lifespan_state=engine)
            part = part.following


class _Part(MessageSource):
    """The messages for one loop: all there are, or those before a handshake that follows nothing but probes. `first` comes first."""

    def __init__(self, source: MessageSource, first: Item | None = None) -> None:
        self.following: _Part | None = None
        self._source = source
        self._first = first
        self._probes = 0  # -1 when there was another request

    async def receive(self) -> Item:
        if self.following is not None:
            raise anyio.EndOfStream
        item, self._first = self._first or await self._source.receive(), None
        if self._probes >= 0 and isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCRequest):
            if item.message.method == "initialize" and self._probes:
                self.following = _Part(self._source, item)
                raise anyio.EndOfStream
            self._probes = self._probes + 1 if item.message.method == "server/discover" else -1
        return item
