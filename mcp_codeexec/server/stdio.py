"""The stdio entry: end of input, SIGTERM and SIGINT all end runs, workers and store, and then the process, within two seconds.

A connection may probe with `server/discover` and then open with `initialize` (clients do): the SDK fixes a connection's era on its first
request, so a loop that saw nothing but probes is retired then, and a fresh one serves the handshake.
"""

import json
import logging
import os
import signal
import threading
from types import TracebackType
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCRequest, jsonrpc_message_adapter
from pydantic import ValidationError

from mcp_codeexec.engine import Engine

log = logging.getLogger(__name__)

_GRACE_S = 1.5  # clients send SIGKILL about two seconds after SIGTERM


class _SharedSink:
    """The write stream that successive loops share: closing it is the transport's business."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink

    async def send(self, item: SessionMessage) -> None:
        await self._sink.send(item)

    async def aclose(self) -> None:
        pass

    async def __aenter__(self) -> "_SharedSink":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        pass


async def serve(server: Server[Engine]) -> None:
    """Serve one client on stdin and stdout until it leaves or a signal comes; a signal ends the process, with 128 and its number."""
    logging.getLogger("mcp").addHandler(logging.NullHandler())  # its warnings may quote messages, and are not JSON lines
    caught: list[int] = []
    try:
        async with stdio_server() as (source, sink):
            at_end = False
            try:
                async with anyio.create_task_group() as group:
                    if os.name == "posix":
                        await group.start(_leave_on_signal, group, caught)
                    await _connection(server, source, sink)
                    at_end = True
                    group.cancel_scope.cancel()
            except Exception:
                log.exception("connection failed")
                os._exit(1)
            finally:
                if not at_end:  # all is cleaned up, but stdin is read on a thread that nothing can interrupt
                    os._exit(128 + caught[0] if caught else 0)
    except* BrokenPipeError:  # a client that no longer reads has left
        pass


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


async def _connection(server: Server[Engine], source: Any, sink: Any) -> None:
    """Answer what comes from `source` until it ends; the engine lives as long."""
    async with server.lifespan(server) as engine, anyio.create_task_group() as group:
        shared = _SharedSink(sink)

        async def loop(receive: Any, done: anyio.Event) -> None:
            try:
                await serve_dual_era_loop(server, receive, shared, lifespan_state=engine)
            finally:
                done.set()

        def start() -> tuple[Any, anyio.Event]:
            send, receive = anyio.create_memory_object_stream[SessionMessage | Exception](0)
            done = anyio.Event()
            group.start_soon(loop, receive, done)
            return send, done

        send, done = start()
        only_probes = True
        async for received in source:
            item = _repaired(received) if isinstance(received, ValidationError) else received
            if isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCRequest):
                method = item.message.method
                if method == "initialize" and only_probes:
                    await send.aclose()
                    await done.wait()
                    send, done = start()
                only_probes = only_probes and method == "server/discover"
            await send.send(item)
        await send.aclose()
        await done.wait()
        await sink.aclose()


def _repaired(fault: ValidationError) -> SessionMessage | ValidationError:
    """A message that only half of a surrogate pair made unreadable, with U+FFFD in its place.

    JSON may hold one (`"\\ud800"`, half an emoji), and the SDK's parser would drop the line: its caller would wait in vain.
    """
    try:
        text = json.dumps(json.loads(fault.errors()[0]["input"]), ensure_ascii=False)
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return SessionMessage(jsonrpc_message_adapter.validate_json(whole, by_name=False))
    except (ValueError, TypeError, RecursionError):
        return fault
