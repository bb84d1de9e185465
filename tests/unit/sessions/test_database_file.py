"""The session database as a file: kept, private, never taken from another program, brought up from older versions."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mcp_codeexec.errors import StoreUnavailable
from mcp_codeexec.model import FileChange, Lease, RunDraft, Variable
from mcp_codeexec.sessions import schema
from mcp_codeexec.sessions.store import SqliteStore
from tests.unit.sessions.drafts import KEY, draft, opened, record, session, token
from tests.unit.sessions.files import mode, names, pragma


async def test_a_session_survives_close_and_open(path: Path) -> None:
    async with opened(path) as store:
        await store.create(session(label="x"), KEY)
        await store.commit(draft(1, names=["x"], tokens=[token("aaaaaa", "a@example.com")]))
        await store.set_tool_state("ses_a", {"page": 3})
        before = await store.load("ses_a"), await store.runs("ses_a", 10)
    async with opened(path) as store:
        assert (await store.load("ses_a"), await store.runs("ses_a", 10)) == before


async def test_memory_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(None) as store:
        await store.create(session(), KEY)
    async with opened(None) as store:
        assert await store.load("ses_a") is None
    assert names(tmp_path) == []


async def test_folder_and_files_are_for_their_user_only_whatever_the_umask(path: Path) -> None:
    umask = os.umask(0)
    try:
        async with opened(path) as store:
            await store.create(session(), KEY)
            modes = {file.name: mode(file) for file in path.parent.iterdir()}
    finally:
        os.umask(umask)
    assert modes == {"sessions.db": 0o600, "sessions.db-wal": 0o600, "sessions.db-shm": 0o600}
    assert mode(path.parent) == 0o700


async def test_a_database_that_others_could_read_is_made_private(path: Path) -> None:
    async with opened(path) as store:
        await store.create(session(), KEY)
    os.chmod(path, 0o644)
    async with opened(path) as store:
        await store.commit(draft(1))
        assert {mode(file) for file in path.parent.iterdir()} == {0o600}


async def test_a_path_may_hold_characters_that_mean_something_in_a_uri(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=memory#%20 ü" / "s.db"
    async with opened(path) as store:
        await store.create(session(), KEY)
    assert names(path.parent) == ["s.db"]
    async with opened(path) as store:
        assert await store.load("ses_a") is not None


def garbage(path: Path) -> None:
    path.write_bytes(b"this is not a database " * 400)


def a_few_bytes(path: Path) -> None:
    path.write_bytes(b"hello")


def half_a_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE note (text); PRAGMA user_version = 1")
    path.write_bytes(path.read_bytes()[:60])


def anothers_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA application_id = 252006674; PRAGMA user_version = 1; CREATE TABLE note (text)")


def anonymous_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE note (text); INSERT INTO note VALUES ('mine')")


def numbered_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA user_version = 1")


def newer_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA application_id = {schema.APPLICATION_ID}; PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (garbage, "file is not a database"),
        (a_few_bytes, "file is not a database"),
        (half_a_database, "malformed"),
        (anothers_database, r"another program \(application id 252006674, version 1\)"),
        (anonymous_database, "another program"),
        (numbered_database, "another program"),
        (newer_database, rf"has version 99, and this program knows versions up to {schema.VERSION}"),
    ],
)
async def test_a_file_that_is_not_ours_is_refused_by_name_and_not_changed(
    tmp_path: Path, make: Callable[[Path], None], sentence: str
) -> None:
    path = tmp_path / "sessions.db"
    make(path)
    os.chmod(path, 0o644)
    before = path.read_bytes()
    store = SqliteStore(path)
    with pytest.raises(StoreUnavailable, match=sentence) as refusal:
        await store.open()
    assert str(path) in str(refusal.value)
    assert refusal.value.hint
    assert (path.read_bytes(), mode(path)) == (before, 0o644)
    assert names(tmp_path) == [path.name]
    with pytest.raises(StoreUnavailable, match="not open"):
        await store.load("ses_a")


async def test_a_newer_version_that_stands_only_in_the_log_is_refused(path: Path) -> None:
    async with opened(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as newer:
        newer.execute("PRAGMA user_version = 99")
        with pytest.raises(StoreUnavailable, match="has version 99"):
            await SqliteStore(path).open()
    assert pragma(path, "user_version") == 99


@pytest.mark.parametrize("where", ["folder", "below a file", "pipe"])
async def test_a_place_that_can_hold_no_database_is_refused(tmp_path: Path, where: str) -> None:
    path = tmp_path / "it"
    if where == "folder":
        path.mkdir()
    elif where == "pipe":
        os.mkfifo(path)
    else:
        path.write_text("a file")
        path = path / "sessions.db"
    with pytest.raises(StoreUnavailable) as refusal:
        await SqliteStore(path).open()
    assert str(path) in str(refusal.value)


def empty_file(path: Path) -> None:
    path.touch()


def version_0(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert path.stat().st_size > 0


@pytest.mark.parametrize("make", [empty_file, version_0])
async def test_a_blank_database_becomes_ours(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "sessions.db"
    make(path)
    async with opened(path) as store:
        await store.create(session(), KEY)
    assert (pragma(path, "application_id"), pragma(path, "user_version")) == (schema.APPLICATION_ID, schema.VERSION)


def two_steps_more(*last: str) -> tuple[tuple[str, ...], ...]:
    return (*schema.MIGRATIONS, ("ALTER TABLE session ADD COLUMN label TEXT NOT NULL DEFAULT 'none'",), last)


async def test_an_older_database_migrates_step_by_step_and_keeps_its_data(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(path) as store:
        await store.create(session(), KEY)
        await store.commit(draft(1))
        before = await store.load("ses_a")
    monkeypatch.setattr(schema, "MIGRATIONS", two_steps_more("UPDATE session SET label = label || '!'"))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 2)
    async with opened(path) as store:
        assert await store.load("ses_a") == before
    assert pragma(path, "user_version") == schema.VERSION
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT label FROM session").fetchall() == [("none!",)]


async def test_a_step_that_fails_is_undone_and_the_ones_before_it_stay(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(path) as store:
        await store.create(session(), KEY)
    first = schema.VERSION
    monkeypatch.setattr(schema, "MIGRATIONS", two_steps_more("UPDATE session SET label = 'lost'", "UPDATE nowhere SET x = 1"))
    monkeypatch.setattr(schema, "VERSION", first + 2)
    with pytest.raises(StoreUnavailable, match="no such table: nowhere"):
        await SqliteStore(path).open()
    assert pragma(path, "user_version") == first + 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT label FROM session").fetchall() == [("none",)]


def first_version(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        for statement in schema.MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("INSERT INTO session VALUES ('ses_a', 'ann', 1, 5, 1, 1, '{\"label\": \"x\"}', '{}', ?)", (KEY,))
        connection.execute("INSERT INTO run VALUES ('ses_a', 1, 5, 'ok', 3, 'const x = 1', '{}', '', '1', '')")
        connection.execute("INSERT INTO variable VALUES ('ses_a', 'x', 'const', 'number', 8, 'live_only', 1)")
        connection.execute("INSERT INTO token VALUES ('ses_a', '[EMAIL_aaaaaa]', 'EMAIL', 'a@example.com')")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()


async def test_a_database_of_the_first_version_keeps_its_data_and_goes_on(path: Path) -> None:
    first_version(path)
    async with opened(path) as store:
        found = await store.load("ses_a")
        assert found is not None
        assert (found.info.runs, found.info.last_used, found.info.metadata) == (1, 5.0, {"label": "x"})
        assert found.variables == (Variable("x", "const", "number", 8, "live_only", 1),)
        assert (found.vault_key, found.vault) == (KEY, (token("aaaaaa", "a@example.com"),))
        assert [(run.run, run.code) for run in await store.runs("ses_a", 10)] == [(1, "const x = 1")]
        assert await store.acquire("ses_a", Lease("me", 20.0, began=10.0)) == found.info
        await store.commit(RunDraft(record(2), files=(FileChange("a", b"content"),)), "me")
        assert await store.file("ses_a", "a") == b"content"
    assert pragma(path, "user_version") == schema.VERSION
