"""When writing fails, the file goes away or a caller is cancelled: whole or not at all, and always said."""

import asyncio
import os
import resource
import sqlite3
import textwrap
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from mcp_codeexec.errors import StoreUnavailable
from mcp_codeexec.sessions import database
from mcp_codeexec.sessions.store import SqliteStore
from tests.unit.sessions.drafts import KEY, draft, opened, session, token
from tests.unit.sessions.files import names, run_python, sound


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


async def test_a_commit_that_waits_for_another_process_holds_up_nobody_else(path: Path) -> None:
    async with opened(path) as store:
        await store.create(session(), KEY)
        await store.commit(draft(1))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with anyio.create_task_group() as group:
                group.start_soon(store.commit, draft(2))
                for _ in range(20):  # the loop goes on
                    await anyio.lowlevel.checkpoint()
                other.execute("COMMIT")
        assert len(await store.runs("ses_a", 9)) == 2


async def test_the_log_of_many_small_commits_is_brought_into_the_database(path: Path) -> None:
    async with opened(path) as store:
        await store.create(session(), KEY)
        for run in range(1, 1_201):
            await store.commit(draft(run, names=["x"]))
        assert os.stat(f"{path}-wal").st_size < 1.5 * 1_000 * 4_096


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


def test_a_database_without_write_permission_is_refused() -> None:
    """In a process that gave up root, if it ever had it."""
    child = textwrap.dedent("""
        import os, shutil, tempfile, urllib.parse  # the last by pathlib, when Python's own folder may be out of reach
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
        names = [f"v{n}" for n in range(100)]  # so many are written on the connection's thread
        task = asyncio.create_task(store.commit(draft(1, names=names)))
        await anyio.lowlevel.checkpoint()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        found = await store.load("ses_a")
        assert found is not None
        assert (found.info.runs, len(found.variables), len(await store.runs("ses_a", 9))) == (1, 100, 1)
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
