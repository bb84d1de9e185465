"""What `session_history` tells: pages that fit an answer, one status alone, whole records, and what was trimmed."""

from collections.abc import AsyncGenerator

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.answers import HistoryAnswer
from mcp_codeexec.errors import BadArguments, RunNotFound
from mcp_codeexec.model import Record, RunDraft, SessionInfo, Status
from mcp_codeexec.server.text import render
from mcp_codeexec.sessions.store import SqliteStore
from mcp_codeexec.settings import Settings
from tests.integration.conftest import CHEAP


def stored(engine: Engine) -> SqliteStore:
    """The store itself: to write in a moment what would take many runs."""
    return vars(engine)["_store"]


async def fill(engine: Engine, session: str, runs: int, text: str) -> None:
    for run in range(1, runs + 1):
        answer = f'{{"session_id": "{session}", "run": {run}, "status": "ok"}}'
        await stored(engine).commit(RunDraft(Record(session, run, 2.0, "ok", 12, text, answer, "", text)))


async def runs_of(engine: Engine, session: str, limit: int, status: Status | None = None) -> AsyncGenerator[HistoryAnswer]:
    """All pages, as a caller who follows `next` gets them."""
    cursor, more = "", True
    while more:
        page = await engine.session_history(session, limit=limit, cursor=cursor, status=status or "")
        yield page
        more = bool(page.next)
        if more:
            call = f'session_history("{session}", cursor="{page.runs[-1].run}", limit={limit}'
            assert page.next == call + (f', status="{status}")' if status else ")")
            cursor = str(page.runs[-1].run)


async def test_a_page_of_sessions_fits_an_answer_and_names_the_rest(engine: Engine) -> None:
    await engine.session_history()  # the store is open
    at = 4e9  # never expired
    for number in range(100):
        info = SessionInfo(f"ses_{number:022}", engine.settings.owner, at, at + number, runs=10**9, variables=10**9)
        await stored(engine).create(info, b"k" * 32)
    seen: list[str] = []
    cursor = ""
    while True:
        page = await engine.session_history(limit=100, cursor=cursor)
        assert 10 < len(page.sessions) < 100
        assert len(render(page)) <= engine.settings.answer_chars
        seen += [row.session_id for row in page.sessions]
        if not page.next:
            break
        cursor = page.next.removeprefix('session_history(cursor="').removesuffix('", limit=100)')
    assert seen == [f"ses_{number:022}" for number in range(99, -1, -1)]


@pytest.mark.parametrize("text", ["x" * 500, "\n" * 500, "é\n" * 250, "x"], ids=["long", "lines", "both", "short"])
async def test_a_page_of_runs_fits_an_answer_and_names_the_rest(engine: Engine, text: str) -> None:
    session = await engine.create_session()
    await fill(engine, session, 90, text)
    seen: list[int] = []
    async for page in runs_of(engine, session, 100):
        assert len(render(page)) <= engine.settings.answer_chars
        seen += [row.run for row in page.runs]
    assert seen == list(range(90, 0, -1))


async def test_the_runs_of_one_status_are_shown_alone(engine: Engine) -> None:
    session = await engine.create_session()
    for number in range(6):
        await engine.execute("nope" if number % 2 else "1", session)
    pages = [page async for page in runs_of(engine, session, 2, "error")]
    assert [[row.run for row in page.runs] for page in pages] == [[6, 4], [2]]
    assert (await engine.session_history(session, status="timeout")).runs == []
    with pytest.raises(BadArguments, match=r"status is 'failed'; it can be ok, error, .*withheld\."):
        await engine.session_history(session, status="failed")
    with pytest.raises(BadArguments, match="need a session_id"):
        await engine.session_history(status="error")


async def test_runs_that_were_trimmed_are_said_to_be() -> None:
    async with Engine(Settings.load({**CHEAP, "history_mb": 1})) as engine:
        session = await engine.create_session()
        for _ in range(5):
            assert (await engine.execute("console.log('o'.repeat(400_000)); 1", session)).status == "ok"
        page = await engine.session_history(session)
        assert ([row.run for row in page.runs], page.first_run, page.next) == ([5, 4], 4, "")
        assert "\nRuns before run 4 were trimmed" in render(page)
        for part in ("", "output"):
            with pytest.raises(RunNotFound, match="run 3 was trimmed: a session keeps 1 MB of history") as caught:
                await engine.session_history(session, 3, part)
            assert caught.value.hint == "Runs 4 to 5 are kept."
        with pytest.raises(RunNotFound, match="there is no run 6") as caught:
            await engine.session_history(session, 6)
        assert caught.value.hint == "It has runs 4 to 5."


async def test_an_untrimmed_history_says_nothing_of_it(engine: Engine) -> None:
    session = (await engine.execute("1")).session_id
    page = await engine.session_history(session)
    assert "first_run" not in page.structure()
    assert "trimmed" not in render(page)


async def test_one_run_with_long_code_and_a_long_answer_fits_an_answer(engine: Engine) -> None:
    code = f"/* {'c' * 5_000} */ console.log('o'.repeat(20_000)); new Map(Array(50).fill(0).map((_, i) => [i, 'v'.repeat(500)]))"
    session = (await engine.execute(code)).session_id
    await engine.execute("1", session)
    page = await engine.session_history(session, 1)
    assert len(render(page)) <= engine.settings.answer_chars
    assert page.next == f'session_history("{session}", run=1, part="code", offset={len(page.code)})'
    assert page.answer is not None
    cuts = {cut.part: cut for cut in page.answer.truncated}
    assert cuts["output"].total == 20_001
    assert cuts["value"].get == f'session_history("{session}", run=1, part="value")'  # `_` is run 2's


async def test_a_small_answer_still_shows_one_run() -> None:
    async with Engine(Settings.load({**CHEAP, "answer_chars": 1_000})) as engine:
        session = (await engine.execute(f"/* {'c' * 5_000} */ console.log('o'.repeat(900)); 'v'.repeat(900)")).session_id
        page = await engine.session_history(session, 1)
        assert page.code.startswith("/* ccc")
        assert page.answer is not None
        assert {cut.part for cut in page.answer.truncated} == {"value", "output"}


async def test_the_record_of_a_run_is_whole(engine: Engine) -> None:
    session = (await engine.execute("await files.write('a.txt', 'abc'); let a = 1")).session_id
    await engine.execute("console.log('ann.lee@example.com'); throw new RangeError('no')", session)
    page = await engine.session_history(session, 2)
    assert page.code.startswith("console.log('[EMAIL_")
    assert page.answer is not None
    told = page.answer
    assert (told.status, told.redactions, told.error is not None and told.error.name) == ("error", {"email": 1}, "RangeError")
    assert told.usage is not None
    assert (told.usage.workspace_bytes, told.usage.output_chars) == (3, 20)
    assert "20 characters printed, 3 bytes of files" in render(page)
    assert "hidden: 1 email" in render(page)


async def test_a_row_ends_before_a_token_that_it_cannot_hold(engine: Engine) -> None:
    session = (await engine.execute(f"/*{'x' * 190}*/ 'ann.lee@example.com'")).session_id
    (row,) = (await engine.session_history(session)).runs
    assert row.code == f"/*{'x' * 190}*/ '"
