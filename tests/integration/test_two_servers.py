"""Two server processes on one store: one session, and every run of it."""

from pathlib import Path

import anyio

from tests.integration.stdio import RawServer, connected, lease, raw_server, structure_of


async def test_two_servers_run_one_session_by_turns_and_lose_no_run(tmp_path: Path) -> None:
    async with raw_server(tmp_path) as one, raw_server(tmp_path) as two:
        await one.initialize()
        await two.initialize()
        await one.execute(1, "let n = 1; n")
        session = (await one.answer(1))["result"]["structuredContent"]["session_id"]
        for i in range(2, 8):
            await one.execute(i, "await null; ++n", session_id=session)
            await two.execute(i, "await null; ++n", session_id=session)
        told = [await server.ran() for server in (one, two) for _ in range(2, 8)]
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


async def test_a_server_killed_at_any_instant_costs_at_most_the_run_it_was_in(tmp_path: Path) -> None:
    told: dict[int, int] = {}

    async def answered(server: RawServer) -> None:
        answer = await server.ran()
        assert answer["status"] == "ok"
        told[answer["run"]] = answer["value"]

    async with raw_server(tmp_path) as lasting:
        await lasting.initialize()
        await lasting.execute(1, "let n = 0; n")
        session = (await lasting.answer(1))["result"]["structuredContent"]["session_id"]
        for life, answers in enumerate((1, 2, 4), 2):
            async with raw_server(tmp_path) as server:
                await server.initialize()
                for request in range(1, 9):
                    await server.execute(request, "++n", session_id=session)
                for _ in range(answers):
                    await answered(server)
                server.process.kill()
            await lasting.execute(life, "++n", session_id=session)
            await answered(lasting)
    async with connected(data=tmp_path) as client:
        asked = {"session_id": session, "limit": 100}
        runs = structure_of(await client.call_tool("session_history", asked))["runs"][::-1]
    assert [row["run"] for row in runs] == list(range(1, len(runs) + 1))
    kept = [row for row in runs if row["status"] == "ok"]
    assert [row["value_text"] for row in kept] == [str(n) for n in range(len(kept))]
    assert {run: str(value) for run, value in told.items()}.items() <= {row["run"]: row["value_text"] for row in kept}.items()
    assert [row["status"] for row in runs if row not in kept] == ["crashed"] * (len(runs) - len(kept))
    assert len(runs) - len(kept) <= 3
