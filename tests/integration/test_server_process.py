"""A server process and its client on raw pipes: how it ends, how it survives, and that nothing else comes out of it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import anyio
import psutil
import pytest

from tests.integration.stdio import (
    LIMIT_S,
    RawServer,
    command,
    connected,
    ended,
    gone,
    handshake_line,
    lease,
    raw_server,
    structure_of,
)


async def _worker_of_a_run(server: RawServer) -> tuple[str, psutil.Process]:
    """A session with a variable, and the process that holds it: the one that was busy."""
    await server.initialize()
    await server.execute(1, "let n = 0; for (let i = 0; i < 3e8; i++) n += i; const rows = [1]; rows")
    session = (await server.answer(1))["result"]["structuredContent"]["session_id"]
    worker = max(server.workers(), key=lambda process: sum(process.cpu_times()[:2]))
    return session, worker


async def test_a_worker_killed_from_outside_costs_nothing() -> None:
    async with raw_server() as server:
        session, worker = await _worker_of_a_run(server)
        worker.kill()
        await anyio.to_thread.run_sync(worker.wait, LIMIT_S)  # reaped: the server knows
        await server.execute(2, "rows.length", session_id=session)
        answer = (await server.answer(2))["result"]["structuredContent"]
        assert (answer["status"], answer["state"], answer.get("lost")) == ("ok", "restored", None)
        await server.execute(3, "let again = 5; again", session_id=session)
        assert (await server.answer(3))["result"]["structuredContent"]["value"] == 5


async def test_a_worker_killed_as_a_call_arrives_is_told_and_the_next_call_goes_on() -> None:
    async with raw_server() as server:
        session, worker = await _worker_of_a_run(server)
        worker.kill()
        await server.execute(2, "rows.length", session_id=session)
        answer = (await server.answer(2))["result"]["structuredContent"]
        assert (answer["status"], answer["state"]) in {("ok", "restored"), ("crashed", "rolled_back")}  # whether the server knew
        await server.execute(3, "typeof rows", session_id=session)
        answer = (await server.answer(3))["result"]["structuredContent"]
        assert (answer["status"], answer["value"], answer.get("lost")) == ("ok", "object", None)


@pytest.mark.parametrize(("flags", "heap"), [((), 80), (("--memory-mb", "200"), 160)], ids=["the defaults", "other settings"])
async def test_the_first_worker_is_the_one_that_started_early_only_where_the_settings_allow(
    flags: tuple[str, ...], heap: int
) -> None:
    async with raw_server(flags=flags) as server:
        first: list[psutil.Process] = []
        while not first:  # long before the server can answer
            first = server.workers()
            await anyio.lowlevel.checkpoint()
        await server.initialize()
        await server.execute(1, "1")
        await server.answer(1)
        heaps = {f"--max-heap-size={heap}" in " ".join(worker.cmdline()) for worker in server.workers() if _is_session(worker)}
        assert heaps == {True}
        assert (first[0] in server.workers()) == (heap == 80)


def _is_session(worker: psutil.Process) -> bool:
    return any(word.endswith("session_worker.js") for word in worker.cmdline())


@pytest.mark.parametrize("how", ["end of input", signal.SIGTERM, signal.SIGINT])
async def test_every_end_of_the_server_leaves_no_worker(how: str | signal.Signals) -> None:
    async with raw_server() as server:
        await server.initialize()
        await server.execute(1, "1")
        await server.answer(1)
        await server.execute(2, "await null; for (;;) {}", timeout_ms=50_000)
        workers = server.workers()
        assert workers
        if isinstance(how, signal.Signals):
            server.process.send_signal(how)
        else:
            assert server.process.stdin is not None
            await server.process.stdin.aclose()
        with anyio.fail_after(4):
            code = await server.process.wait()
        assert code == (0 if how == "end of input" else 128 + int(signal.Signals(how)))
        assert await gone(workers, 2)


@pytest.mark.parametrize("stdin_too", [False, True])
def test_a_client_that_no_longer_reads_has_left(stdin_too: bool) -> None:
    with subprocess.Popen([sys.executable, *command(None)], stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(handshake_line())
        process.stdin.flush()
        assert b'"result"' in process.stdout.readline()
        workers = [child for child in psutil.Process(process.pid).children(recursive=True) if "deno" in child.name()]
        process.stdout.close()
        process.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        process.stdin.flush()
        if stdin_too:
            process.stdin.close()
        try:
            assert process.wait(LIMIT_S) == 0
            assert process.stderr.read() == b""
        finally:
            process.kill()
    assert ended(workers, 2)


async def test_a_signal_ends_a_server_whose_client_does_not_read_its_answers() -> None:
    async with raw_server() as server:
        await server.initialize()
        for i in range(1, 31):
            await server.execute(i, "'x'.repeat(7_000)")
        await server.answer(1)
        workers = server.workers()
        server.process.terminate()
        with anyio.fail_after(4):
            assert await server.process.wait() == 128 + signal.SIGTERM
        assert await gone(workers, 2)


STUCK = """
import anyio
from mcp_codeexec import Engine
from mcp_codeexec.server.app import build_server
from mcp_codeexec.server.stdio import serve
from mcp_codeexec.settings import Settings


class Stuck(Engine):
    async def __aexit__(self, *_):
        with anyio.CancelScope(shield=True):
            await anyio.sleep_forever()


settings = Settings.load({"ephemeral": True, "spare_workers": 1})
anyio.run(serve, build_server(settings, lambda: Stuck(settings)))
"""


async def test_a_signal_ends_a_server_whose_engine_does_not_end() -> None:
    async with raw_server(program=STUCK) as server:
        await server.initialize()
        workers = server.workers()
        server.process.terminate()
        with anyio.fail_after(4):
            assert await server.process.wait() == 128 + signal.SIGTERM
        assert await gone(workers, 2)


async def test_a_server_that_is_killed_leaves_no_worker_and_a_sound_store(tmp_path: Path) -> None:
    async with raw_server(tmp_path) as server:
        await server.initialize()
        await server.execute(1, "const a = 1; a")
        session = (await server.answer(1))["result"]["structuredContent"]["session_id"]
        await server.execute(2, "await null; for (;;) {}", session_id=session, timeout_ms=50_000)
        workers = server.workers()
        while not lease(tmp_path).run:
            await anyio.lowlevel.checkpoint()
        server.process.kill()
        assert await gone(workers, 1)
    async with connected(data=tmp_path) as client:
        history = structure_of(await client.call_tool("session_history", {"session_id": session}))
        assert [(row["run"], row["status"]) for row in history["runs"]] == [(2, "crashed"), (1, "ok")]
        lost = structure_of(await client.call_tool("session_history", {"session_id": session, "run": 2}))
        assert lost["answer"]["error"]["message"] == "The server was stopped during this run; nothing of it is kept."
        after = structure_of(await client.call_tool("execute_code", {"code": "a", "session_id": session}))
        assert (after["run"], after["value"], after["state"]) == (3, 1, "restored")


async def test_a_probe_may_come_before_the_handshake() -> None:
    async with raw_server() as server:
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        await server.send(id=7, method="server/discover", params={"_meta": meta})
        assert "result" in await server.answer(7)
        await server.initialize()
        await server.execute(1, "1 + 1")
        assert (await server.answer(1))["result"]["structuredContent"]["value"] == 2


async def test_only_the_protocol_is_on_stdout() -> None:
    async with raw_server() as server:
        await server.initialize()
        await server.execute(1, "console.log('x\\n{\"jsonrpc\": 1}\\n'); console.error('y'); 3")
        await server.answer(1)
        assert all(json.loads(line)["jsonrpc"] == "2.0" for line in server.lines)


async def test_what_the_sdk_warns_of_is_not_on_stderr() -> None:
    async with raw_server() as server:
        await server.initialize()
        await server.send(method="notifications/progress", params={"progressToken": {"a": "quoted"}})
        await server.execute(1, "1")
        await server.answer(1)
        assert server.process.stdin is not None
        assert server.process.stderr is not None
        await server.process.stdin.aclose()
        assert [chunk async for chunk in server.process.stderr] == []


WITHOUT_RULES = """
import sys, kingfisher_sdk
from mcp_codeexec.__main__ import main
def broken(**_): raise OSError("cannot read /home/ann/rules")
kingfisher_sdk.Rules, sys.argv = broken, ["mcp-codeexec", "--ephemeral"]
main()
"""


def test_rules_that_cannot_be_loaded_leave_no_trace_of_the_host_on_stderr() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RULES],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0
    assert ("Traceback" in done.stderr, "/home/ann" in done.stderr) == (False, False)


async def test_a_garbage_line_does_not_stop_the_server() -> None:
    async with raw_server() as server:
        await server.initialize()
        assert server.process.stdin is not None
        await server.process.stdin.send(b"\xff\x00 not json\n{}\n[]\n")
        await server.execute(1, "4")
        assert (await server.answer(1))["result"]["structuredContent"]["value"] == 4


async def test_half_an_emoji_is_answered_and_read_as_unreadable() -> None:
    async with raw_server() as server:
        await server.initialize()
        await server.execute(1, "'\U0001f600 \ud800'")
        assert (await server.answer(1))["result"]["structuredContent"]["value"] == "\U0001f600 \ufffd"


async def test_a_progress_token_may_be_zero() -> None:
    async with raw_server() as server:
        await server.initialize()
        arguments = {"name": "execute_code", "arguments": {"code": "1"}, "_meta": {"progressToken": 0}}
        await server.send(id=1, method="tools/call", params=arguments)
        assert (await server.receive())["params"] == {"progressToken": 0, "progress": 0, "message": "queued, 0 s"}
        assert "result" in await server.answer(1)


async def test_calls_of_one_session_run_in_the_order_of_their_arrival() -> None:
    async with raw_server() as server:
        await server.initialize()
        await server.execute(1, "const seen = []; seen.length")
        session = (await server.answer(1))["result"]["structuredContent"]["session_id"]
        for i in range(2, 9):
            await server.execute(i, f"await null; seen.push({i})", session_id=session)
        for i in range(2, 9):  # in this order: each is answered before the next begins
            assert (await server.receive())["id"] == i
        await server.execute(9, "seen", session_id=session)
        assert (await server.answer(9))["result"]["structuredContent"]["value"] == [2, 3, 4, 5, 6, 7, 8]
