"""Many at once: what there is no room for is told so in a sentence, what was taken is done in order, and nobody is starved."""

import asyncio
from collections import Counter

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.answers import Outcome
from mcp_codeexec.errors import Busy
from mcp_codeexec.settings import Settings
from tests.integration.stdio import raw_server

CHEAP: dict[str, object] = {"ephemeral": True, "spare_workers": 1}


async def test_runs_beyond_the_places_are_refused_in_a_sentence_and_none_that_was_taken_is_lost() -> None:
    async with Engine(Settings.load({**CHEAP, "concurrent_runs": 1, "waiting_runs": 4, "live_sessions": 2})) as engine:
        sessions = [await engine.create_session() for _ in range(12)]
        answers = await asyncio.gather(*(engine.execute("1 + 1", session) for session in sessions), return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        assert [out.value for out in answers if isinstance(out, Outcome)] == [2] * (12 - len(refused))
        assert 0 < len(refused) <= 12 - 5
        for refusal in refused:
            assert isinstance(refusal, Busy)
            assert str(refusal) == "4 runs wait already."
            assert refusal.hint == "Try again in a moment."
        again = [await engine.execute("1 + 1", session) for session in sessions]  # each refused call left its session as it was
        assert Counter(out.run for out in again) == {1: len(refused), 2: 12 - len(refused)}


async def test_a_session_that_sends_eight_runs_holds_up_anothers_single_run_by_one_of_them() -> None:
    order: list[str] = []
    async with Engine(Settings.load({**CHEAP, "concurrent_runs": 1, "spare_workers": 2})) as engine:
        greedy, modest = [(await engine.execute("let n = 0; n")).session_id for _ in range(2)]
        began = asyncio.Event()

        async def run(session: str, name: str) -> None:
            await engine.execute("await new Promise((r) => setTimeout(r, 30)); ++n", session, on_stage=lambda _: began.set())
            order.append(name)

        many = [asyncio.create_task(run(greedy, f"greedy {i}")) for i in range(8)]
        await began.wait()
        await asyncio.gather(run(modest, "modest"), *many)
    assert order.index("modest") <= 1
    assert [name for name in order if name != "modest"] == [f"greedy {i}" for i in range(8)]


async def test_fifty_requests_at_once_over_one_connection_are_all_answered() -> None:
    async with raw_server() as server:
        await server.initialize()
        for number in range(50):
            if number % 2:
                await server.send(id=number, method="tools/call", params={"name": "session_history", "arguments": {}})
            else:
                await server.execute(number, f"{number} * 2")
        answers = {(message := await server.receive())["id"]: message["result"] for _ in range(50)}
        assert not any(result["isError"] for result in answers.values())
        values = {number: result["structuredContent"].get("value") for number, result in answers.items()}
        assert values == {number: None if number % 2 else number * 2 for number in range(50)}


async def test_requests_of_one_session_beyond_those_that_may_wait_are_told_so_and_lose_nothing() -> None:
    async with raw_server() as server:
        await server.initialize()
        await server.execute(1, "let n = 0; n")
        session = (await server.answer(1))["result"]["structuredContent"]["session_id"]
        for number in range(2, 32):
            await server.execute(number, "await new Promise((r) => setTimeout(r, 20)); ++n", session_id=session)
        answers = {(message := await server.receive())["id"]: message["result"]["structuredContent"] for _ in range(30)}
        done = [answer["value"] for _, answer in sorted(answers.items()) if answer["status"] == "ok"]
        refused = [answer["error"] for answer in answers.values() if answer["status"] == "not_run"]
        assert done == list(range(1, len(done) + 1))
        assert len(done) + len(refused) == 30
        assert len(refused) >= 1
        assert {error["name"] for error in refused} == {"Busy"}
        assert all("calls wait already for this session" in error["message"] for error in refused)
        await server.execute(40, "n", session_id=session)
        assert (await server.answer(40))["result"]["structuredContent"]["value"] == len(done)


LETTERS = "abcdefghijklmnopqrstuvwxyz"
MANY_NAMES = "let " + ",".join(f"{LETTERS[i % 26]}{i}={i % 7}" for i in range(10_000)) + "\nb9907 + 1"


@pytest.mark.parametrize(
    ("text", "value", "last"),
    [(MANY_NAMES, 3, "[a0, b9907]"), ("for (let i = 0; i < 1e5; i++) this['g' + i] = i; g99999", 99_999, "[g0, g99999]")],
    ids=["declared in one text", "made by a loop"],
)
async def test_very_many_names_stay_and_are_told_in_part(engine: Engine, text: str, value: int, last: str) -> None:
    out = await engine.execute(text, timeout_ms=20_000)
    assert (out.status, out.value) == ("ok", value), out
    assert len(str(out.structure())) < 10_000
    table = await engine.get_variable(out.session_id)
    assert 0 < len(table.variables) <= 100
    assert (await engine.execute(last, out.session_id)).status == "ok"


async def test_a_flood_of_addresses_is_hidden_to_the_last_and_counted(engine: Engine) -> None:
    text = "for (let i = 0; i < 20_000; i++) console.log('user' + i + '@example.com'); 'done'"
    out = await engine.execute(text, timeout_ms=20_000)
    assert (out.value, out.redactions) == ("done", {"email": 20_000, "beyond_limit": 15_000})
    assert "@" not in out.output
    (cut,) = out.truncated
    tail = await engine.session_history(out.session_id, 1, "output", cut.total - 40)
    assert tail.text.rstrip().split("\n")[-1] == "[REDACTED:email]"
    assert (await engine.execute("1 + 1", out.session_id)).value == 2
