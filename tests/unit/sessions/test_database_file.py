"""The session database as a file: private, never lost silently, never taken from another program, shared by processes."""

import asyncio
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from mcp_codeexec.errors import StoreUnavailable
from mcp_codeexec.sessions import database, schema
from mcp_codeexec.sessions.store import SqliteStore
from tests.unit.sessions.drafts import KEY, draft, opened, session, token

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sessions.db"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def pragma(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return (
            connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            and connection.execute("PRAGMA foreign_key_check").fetchall() == []
        )


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
    with pytest.raises(StoreUnavailable, match="it"):
        await SqliteStore(path).open()


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


@pytest.mark.parametrize("table", ["run", "variable", "token"])
async def test_a_write_that_the_database_refuses_leaves_nothing(path: Path, table: str) -> None:
    async with opened(path) as store:
        await store.create(session(), KEY)
        await store.commit(draft(1, names=["old"]))
        before = await store.load("ses_a")
        with closing(sqlite3.connect(path)) as other:
            other.execute(f"CREATE TRIGGER no BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'refused'); END")
        with pytest.raises(StoreUnavailable, match="cannot be written: refused"):
            await store.commit(draft(2, names=["x"], gone=["old"], tokens=[token("aaaaaa", "a@example.com")]))
        assert await store.load("ses_a") == before
        assert await store.record("ses_a", 2) is None
        with closing(sqlite3.connect(path)) as other:
            other.execute("DROP TRIGGER no")
        await store.commit(draft(2))


async def fill(store: SqliteStore) -> None:
    for run in range(2, 100):
        await store.commit(draft(run, names=[f"v{n}" for n in range(50)]))


async def test_a_full_disk_loses_one_run_and_nothing_before_it(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with opened(path) as store:
        await store.create(session(), KEY)
        await store.commit(draft(1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.stat(f"{path}-wal").st_size + 10_000, hard))
        try:
            with pytest.raises(StoreUnavailable, match="cannot be written"):
                await fill(store)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        kept = len(await store.runs("ses_a", 1_000))
        await store.commit(draft(kept + 1))
    assert sound(path)


async def test_a_database_that_another_process_holds_is_reported_as_locked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 1)
    async with opened(path) as store:
        await store.create(session(), KEY)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="cannot be written: database is locked"):
                await store.commit(draft(1))
            assert await store.load("ses_a") is not None
            with pytest.raises(StoreUnavailable, match=r"cannot be opened .*locked"):
                await SqliteStore(path).open()
        await store.commit(draft(1))


def delete(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    path.rename(path.with_name("moved.db"))
    path.touch()


@pytest.mark.parametrize("take_away", [delete, replace])
async def test_a_database_that_was_taken_away_is_reported_and_not_written(path: Path, take_away: Callable[[Path], None]) -> None:
    async with opened(path) as store:
        await store.create(session(), KEY)
        take_away(path)
        with pytest.raises(StoreUnavailable, match="removed or replaced"):
            await store.commit(draft(1))
        with pytest.raises(StoreUnavailable, match="removed or replaced"):
            await store.load("ses_a")


def run_python(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", text], check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_a_database_without_write_permission_is_refused() -> None:
    """In a process that gave up root, if it ever had it."""
    child = textwrap.dedent("""
        import os, shutil, tempfile
        from pathlib import Path
        import anyio
        from mcp_codeexec.errors import StoreUnavailable
        from mcp_codeexec.sessions.store import SqliteStore

        async def main():
            path = folder / "sessions.db"
            store = SqliteStore(path)
            await store.open()
            await store.close()
            path.chmod(0o400)
            folder.chmod(0o500)
            before = path.read_bytes()
            try:
                await SqliteStore(path).open()
            except StoreUnavailable as exc:
                assert path.read_bytes() == before
                print(exc)

        if os.geteuid() == 0:
            os.setuid(65534)
        folder = Path(tempfile.mkdtemp())
        try:
            anyio.run(main)
        finally:
            folder.chmod(0o700)
            shutil.rmtree(folder)
    """)
    done = run_python(child)
    assert done.returncode == 0, done.stderr
    assert "cannot be opened" in done.stdout


async def test_what_is_deleted_is_gone_from_the_bytes_on_disk(path: Path) -> None:
    async with opened(path) as store:
        await store.create(session(), KEY)
        await store.create(session("ses_b"), KEY)
        await store.commit(draft(1, tokens=[token("aaaaaa", "very.personal@example.com")]))
        stored = [file.read_bytes() for file in path.parent.iterdir()]
        assert any(b"very.personal" in content for content in stored)
        await store.delete("ses_a")
        stored = [file.read_bytes() for file in path.parent.iterdir()]
        assert not any(b"very.personal" in content for content in stored)


async def test_two_stores_on_one_file_see_and_follow_each_other(path: Path) -> None:
    async with opened(path) as one, opened(path) as two:
        await one.create(session(), KEY)
        for run in range(1, 41):
            await (one, two)[run % 2].commit(draft(run, names=[f"v{run}"]))
        with pytest.raises(StoreUnavailable, match="run 40 cannot be recorded"):
            await one.commit(draft(40))
        assert await one.load("ses_a") == await two.load("ses_a")
        assert [record.run for record in await two.runs("ses_a", 100)] == list(range(40, 0, -1))
    assert sound(path)


async def test_stores_that_open_and_write_at_the_same_moment_all_succeed(path: Path) -> None:
    async def work(name: str) -> None:
        async with opened(path) as store:
            await store.create(session(name), KEY)
            for run in range(1, 21):
                await store.commit(draft(run, name))

    async with anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(work, f"ses_{number}")
    async with opened(path) as store:
        assert [info.runs for info in (await store.sessions("ann", 10))[0]] == [20] * 6
    assert sound(path)


def committer(path: Path, session_id: str, runs: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "tests.unit.sessions.committer", str(path), session_id, str(runs)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_processes_that_make_and_fill_one_database_together_lose_nothing(path: Path) -> None:
    children = [committer(path, f"ses_{number}", 60) for number in range(3)]
    for child in children:
        out, _ = child.communicate(timeout=60)
        assert (child.returncode, out.split()) == (0, [str(run) for run in range(1, 61)])
    async with opened(path) as store:
        assert [info.runs for info in (await store.sessions("ann", 10))[0]] == [60] * 3
    assert sound(path)


async def test_kill_9_in_the_middle_of_commits_loses_no_run_that_was_written(path: Path) -> None:
    told = 0
    for enough in (7, 40, 150):  # three lives of one session, each killed while it writes
        with committer(path, "ses_a", 1_000_000) as child:
            assert child.stdout is not None
            for _ in range(enough):
                child.stdout.readline()
            child.kill()
            rest = child.stdout.read().splitlines()
        assert child.returncode == -signal.SIGKILL
        async with opened(path) as store:
            found = await store.load("ses_a")
            runs = [record.run for record in await store.runs("ses_a", 1_000_000)]
        assert found is not None
        told = max([told + enough, *(int(line) for line in rest if line)])
        assert found.info.runs in (told, told + 1)  # the last one may have been written and not told
        assert runs == list(range(found.info.runs, 0, -1))
        assert len(found.vault) == found.info.runs
        assert found.info.variables == len(found.variables)
        assert sound(path)
        told = found.info.runs


def test_a_store_that_nobody_closed_does_not_keep_the_process_alive(path: Path) -> None:
    child = f"""
import anyio
from pathlib import Path
from mcp_codeexec.sessions.store import SqliteStore
store = SqliteStore(Path({str(path)!r}))
anyio.run(store.open)
"""
    done = run_python(child)
    assert done.returncode == 0, done.stderr


async def test_a_cancelled_commit_is_written_whole_and_the_store_goes_on(path: Path) -> None:
    async with opened(path) as store:
        await store.create(session(), KEY)
        task = asyncio.create_task(store.commit(draft(1, names=["x"])))
        await anyio.lowlevel.checkpoint()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        found = await store.load("ses_a")
        assert found is not None
        assert (found.info.runs, len(found.variables), len(await store.runs("ses_a", 9))) == (1, 1, 1)
        await store.commit(draft(2))


async def test_opening_and_closing_are_done_whole_under_a_cancellation(path: Path) -> None:
    store = SqliteStore(path)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await store.open()
        await store.create(session(), KEY)
    assert scope.cancelled_caught
    with anyio.CancelScope() as scope:
        scope.cancel()
        await store.close()
    with pytest.raises(StoreUnavailable, match="not open"):
        await store.load("ses_a")
    assert names(path.parent) == ["sessions.db"]  # closed: no log is left beside it
