"""The stdio entry: end of input, SIGTERM and SIGINT all end runs, workers and store, and then the process, within two seconds.

A connection may probe with `server/discover` and then open with `initialize` (clients do): the SDK fixes a connection's era on its first
request, so a loop that saw nothing but probes is retired then, and a fresh one serves the handshake.
"""

import json
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
    """Serve one client on stdin and stdout until it leaves or a signal comes."""
    cleaned = threading.Event()
    async with anyio.create_task_group() as group:
        if threading.current_thread() is threading.main_thread():
            await group.start(_leave_on_signal, group, cleaned)
        try:
            await _connection(server)
        finally:
            cleaned.set()
        group.cancel_scope.cancel()


async def _leave_on_signal(
    group: TaskGroup, cleaned: threading.Event, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            threading.Thread(target=_leave, args=(cleaned, number), daemon=True).start()
            group.cancel_scope.cancel()
            return


def _leave(cleaned: threading.Event, number: int) -> None:
    """stdin is read on a thread that cannot be interrupted: when all is cleaned up, go without it."""
    cleaned.wait(_GRACE_S)
    os._exit(128 + number)


async def _connection(server: Server[Engine]) -> None:
    async with stdio_server() as (source, sink), server.lifespan(server) as engine, anyio.create_task_group() as group:
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
