"""The history of a session in the store: lists of runs without their bulk, and a bound that the oldest give way to."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mcp_codeexec.errors import StoreUnavailable
from mcp_codeexec.model import HEAD_CHARS, Record, RunDraft, Status, Variable
from mcp_codeexec.sessions import schema
from mcp_codeexec.sessions.store import SqliteStore
from tests.unit.sessions.drafts import KEY, draft, opened, record, session

TEXTS = ("code", "answer", "output", "value", "error")


def run_of(run: int, output: str = "", *, status: Status = "ok", code: str = "c", value: str = "v") -> RunDraft:
    return RunDraft(Record("ses_a", run, 2.0, status, 12, code, "{}", output, value))


def size_of(found: Record) -> int:
    return sum(len(getattr(found, text).encode("utf-8", "surrogatepass")) for text in TEXTS)


def counted(path: Path) -> tuple[int, int]:
    """What the session says that its history takes, and what it takes."""
    with closing(sqlite3.connect(path)) as connection:
        (said,) = connection.execute("SELECT history_bytes FROM session").fetchone()
        rows = connection.execute("SELECT code, answer, output, value, error FROM run").fetchall()
    return said, sum(len(text if isinstance(text, bytes) else text.encode()) for row in rows for text in row)


async def kept(store: SqliteStore) -> list[int]:
    return [head.run for head in await store.runs("ses_a", 1_000)]


async def test_a_list_of_runs_holds_the_heads_of_their_texts() -> None:
    async with opened(None) as store:
        await store.create(session(), KEY)
        await store.commit(run_of(1, "o" * 100_000, code="c" * 100_000, value="v" * 100_000))
        (head,) = await store.runs("ses_a", 10)
    assert (head.run, head.at, head.status, head.ms) == (1, 2.0, "ok", 12)
    assert (head.code, head.value) == ("c" * HEAD_CHARS, "v" * HEAD_CHARS)


@pytest.mark.parametrize("character", ["é", "\N{PARTY POPPER}", "\ud800", "a\ud800", "\ud800é\N{PARTY POPPER}"])
@pytest.mark.parametrize("shift", range(4))
async def test_a_head_ends_between_characters_of_any_kind(character: str, shift: int) -> None:
    text = "x" * shift + character * 2_000
    async with opened(None) as store:
        await store.create(session(), KEY)
        await store.commit(run_of(1, code=text, value=character))
        (head,) = await store.runs("ses_a", 10)
    assert (head.code, head.value) == (text[:HEAD_CHARS], character)


async def test_a_head_is_full_where_characters_are_wide_and_one_is_half() -> None:
    text = "\ud800" + "\N{PARTY POPPER}" * 2_000
    async with opened(None) as store:
        await store.create(session(), KEY)
        await store.commit(run_of(1, code=text, value=text))
        (head,) = await store.runs("ses_a", 10)
    assert (head.code, head.value) == (text[:HEAD_CHARS], text[:HEAD_CHARS])


async def test_runs_of_one_status_are_listed_alone_and_in_pages() -> None:
    async with opened(None) as store:
        await store.create(session(), KEY)
        for run in range(1, 10):
            await store.commit(run_of(run, status="error" if run % 3 == 0 else "ok"))
        assert [head.run for head in await store.runs("ses_a", 2, status="error")] == [9, 6]
        assert [head.run for head in await store.runs("ses_a", 2, before=6, status="error")] == [3]
        assert [head.run for head in await store.runs("ses_a", 2, before=6)] == [5, 4]
        assert await store.runs("ses_a", 2, status="timeout") == []


async def test_the_oldest_records_give_way_and_the_newest_fit_the_bound(path: Path) -> None:
    async with opened(path, 5_000) as store:
        await store.create(session(), KEY)
        assert await store.oldest_run("ses_a") == 0
        for run in range(1, 31):
            await store.commit(run_of(run, "o" * 996))  # 1,000 bytes with code, answer and value
            assert await kept(store) == list(range(run, max(0, run - 5), -1))
        assert await store.oldest_run("ses_a") == 26
        assert await store.record("ses_a", 25) is None
        assert await store.record("ses_a", 26) is not None
        found = await store.info("ses_a")
        assert found is not None
        assert found.runs == 30
    assert counted(path) == (5_000, 5_000)


async def test_a_record_larger_than_the_bound_is_kept_alone(path: Path) -> None:
    async with opened(path, 5_000) as store:
        await store.create(session(), KEY)
        await store.commit(run_of(1, "o" * 9_000))
        assert await kept(store) == [1]
        await store.commit(run_of(2, "o" * 9_000))
        assert await kept(store) == [2]
        await store.commit(run_of(3))
        assert await kept(store) == [3]
    assert counted(path) == (4, 4)


async def test_one_session_s_history_does_not_shorten_another_s() -> None:
    async with opened(None, 5_000) as store:
        for name in ("ses_a", "ses_b"):
            await store.create(session(name), KEY)
        await store.commit(draft(1, "ses_b"))
        for run in range(1, 11):
            await store.commit(run_of(run, "o" * 996))
        assert [head.run for head in await store.runs("ses_b", 9)] == [1]


async def test_bytes_are_counted_as_they_are_stored(path: Path) -> None:
    texts = ["ascii", "é", "\N{PARTY POPPER}", "a\x00b", "\ud800", "é\ud800"]
    async with opened(path) as store:
        await store.create(session(), KEY)
        for run, text in enumerate(texts, 1):
            await store.commit(RunDraft(record(run, text=text)))
        records = [await store.record("ses_a", run) for run in range(1, len(texts) + 1)]
    said, stored = counted(path)
    assert said == stored == sum(size_of(found) for found in records if found is not None)
    async with opened(path, 1) as store:  # all of them go, with all of their bytes
        await store.commit(run_of(len(texts) + 1))
    assert counted(path) == (4, 4)


async def test_a_run_that_is_not_written_trims_nothing(path: Path) -> None:
    async with opened(path, 2_500) as store:
        await store.create(session(), KEY)
        await store.commit(run_of(1, "o" * 996))
        await store.commit(run_of(2, "o" * 996))
        too_large = Variable("big", "let", "string", 2**80, "exact", 3)
        with pytest.raises(StoreUnavailable):
            await store.commit(RunDraft(run_of(3, "o" * 996).record, (too_large,)))
        assert await kept(store) == [2, 1]
    assert counted(path) == (2_000, 2_000)


async def test_a_database_from_before_the_bound_is_counted_and_then_trimmed(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        for version, step in enumerate(schema.MIGRATIONS[:2], 1):
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
        for name, runs in (("ses_a", 3), ("ses_b", 0)):
            connection.execute("INSERT INTO session VALUES (?, 'ann', 1, 1, ?, 0, '{}', '{}', ?)", (name, runs, KEY))
        for run, text in enumerate(["é" * 500, b"\xed\xa0\x80" * 300, "o" * 1_000], 1):
            connection.execute("INSERT INTO run VALUES ('ses_a', ?, 2, 'ok', 12, 'code', '{}', ?, 'value', 'error')", (run, text))
        connection.commit()
    async with opened(path, 2_500) as store:
        assert [head.run for head in await store.runs("ses_a", 9)] == [3, 2, 1]
        found = await store.record("ses_a", 2)
        assert found is not None
        assert found.output == "\ud800" * 300
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT history_bytes FROM session ORDER BY session_id").fetchall() == [(2_948,), (0,)]
        await store.commit(run_of(4))
        assert await kept(store) == [4, 3, 2]
