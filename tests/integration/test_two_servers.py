"""Two server processes on one store: one session, and every run of it."""

from pathlib import Path

import anyio

from tests.integration.stdio import lease, raw_server


async def test_two_servers_run_one_session_by_turns_and_lose_no_run(tmp_path: Path) -> None:
    async with raw_server(tmp_path) as one, raw_server(tmp_path) as two:
        await one.initialize()
        await two.initialize()
        await one.execute(1, "let n = 1; n")
        session = (await one.answer(1))["result"]["structuredContent"]["session_id"]
        for i in range(2, 8):
            await one.execute(i, "await null; ++n", session_id=session)
            await two.execute(i, "await null; ++n", session_id=session)
        told = [(await server.answer(i))["result"]["structuredContent"] for server in (one, two) for i in range(2, 8)]
        assert sorted((answer["run"], answer["value"]) for answer in told) == [(run, run) for run in range(2, 14)]


async def test_a_server_that_is_killed_in_a_run_hands_its_session_to_another_at_once(tmp_path: Path) -> None:
    async with raw_server(tmp_path) as one, raw_server(tmp_path) as two:
        await one.initialize()
        await two.initialize()
        await one.execute(1, "let n = 1; n")
        session = (await one.answer(1))["result"]["structuredContent"]["session_id"]
        await one.execute(2, "n = 50; await null; for (;;) {}", session_id=session, timeout_ms=50_000)
        while not lease(tmp_path).run:
            await anyio.lowlevel.checkpoint()
        await two.execute(3, "++n", session_id=session)
        while not lease(tmp_path).waiting:
            await anyio.lowlevel.checkpoint()
        one.process.kill()
        after = (await two.answer(3))["result"]["structuredContent"]
        assert (after["run"], after["status"], after["value"]) == (3, "ok", 2)
