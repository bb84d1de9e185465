"""What is removed, when, and that nothing of it is left: on the disk, in the log, or in another process's hands."""

import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from mcp_codeexec.errors import SessionNotFound
from mcp_codeexec.model import FileChange, Record, RunDraft, Segment, Variable
from mcp_codeexec.sessions import space
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.retention import Retention
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.sessions.store import SqliteStore
from tests.unit.sessions.drafts import KEY, opened, session, token
from tests.unit.sessions.files import contents, holding, pragma, size, sound
from tests.unit.sessions.turns import Clock

DAY, MB = 86_400.0, 1_048_576
SECRET = b"very.personal"


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


@pytest.fixture
async def store(path: Path) -> AsyncGenerator[SqliteStore]:
    async with opened(path) as store:
        yield store


@pytest.fixture
def manager(store: SqliteStore, clock: Clock) -> SessionManager:
    return SessionManager(store, "ann", Retention(7 * DAY, 4 * MB), 8, clock)


async def fill(manager: SessionManager, one: Session, at: float, mb: float = 1) -> None:
    """A run that leaves a large file."""
    async with one.turn():
        run = Record(one.id, one.next_run, at, "ok", 1, "", "{}")
        await manager.record(one, RunDraft(run, files=(FileChange(f"file{one.next_run}", bytes(int(mb * MB))),)))


async def filled(manager: SessionManager, clock: Clock, count: int) -> list[Session]:
    """Sessions of 1 MB, the first used longest ago, the last two hours ago."""
    made: list[Session] = []
    for _ in range(count):
        made.append(await manager.create())
        await fill(manager, made[-1], clock.now)
        clock.now += 3_600
    clock.now += 3_600
    return made


async def there(store: SqliteStore, sessions: list[Session]) -> list[bool]:
    return [await store.info(one.id) is not None for one in sessions]


async def test_a_store_that_is_too_large_loses_the_sessions_used_longest_ago(
    manager: SessionManager, store: SqliteStore, clock: Clock, path: Path
) -> None:
    made = await filled(manager, clock, 6)
    await fill(manager, made[0], clock.now)
    clock.now += 3_600
    done = await manager.cleanup()
    assert (done.expired, done.for_room) == (0, 4)
    assert await there(store, made) == [True, False, False, False, False, True]
    assert done.left_bytes == await store.size() <= 4 * MB
    assert size(path) <= 4 * MB
    with pytest.raises(SessionNotFound):
        await manager.get(made[1].id)
    assert (await manager.cleanup()).for_room == 0
    assert sound(path)


async def test_without_a_limit_nothing_makes_room(store: SqliteStore, clock: Clock) -> None:
    manager = SessionManager(store, "ann", Retention(7 * DAY), 8, clock)
    made = await filled(manager, clock, 6)
    assert (await manager.cleanup()).for_room == 0
    assert await there(store, made) == [True] * 6


async def test_what_was_used_just_now_makes_no_room(manager: SessionManager, store: SqliteStore, clock: Clock) -> None:
    made = [await manager.create() for _ in range(6)]
    for one in made:
        await fill(manager, one, clock.now)
    clock.now += 59
    assert (await manager.cleanup()).for_room == 0
    clock.now += 2
    assert (await manager.cleanup()).for_room == 3


@pytest.mark.parametrize("why", ["expired", "for_room"])
async def test_a_session_that_another_process_runs_stays(
    manager: SessionManager, store: SqliteStore, clock: Clock, path: Path, why: str
) -> None:
    began = clock.now
    made = await filled(manager, clock, 6)
    with holding(path, made[0].id):
        lease = await store.lease(made[0].id)
        assert lease is not None
        await store.renew(made[0].id, lease.holder, began + 10 * DAY)  # its heartbeat, for a clock that is ahead
        clock.now += 8 * DAY if why == "expired" else 0
        done = await manager.cleanup()
        assert (done.expired, done.for_room) == ((5, 0) if why == "expired" else (0, 3))
        assert await there(store, made) == [
            True,
            *[False] * (5 if why == "expired" else 3),
            *[True] * (0 if why == "expired" else 2),
        ]
    clock.now = began + 11 * DAY
    assert (await manager.cleanup()).expired == (1 if why == "expired" else 3)


async def test_a_session_in_its_turn_here_stays(manager: SessionManager, store: SqliteStore, clock: Clock) -> None:
    made = await filled(manager, clock, 6)
    async with made[0].turn(reading=True):
        await manager.cleanup()
        assert await store.info(made[0].id) is not None


Remove = Callable[[SessionManager, SqliteStore], Awaitable[None]]


async def secret_session(store: SqliteStore, last_used: float) -> None:
    """Whatever a session can hold, with a secret in it, in places small and large."""
    text = SECRET.decode() + "@example.com"
    large = text + " " * 20_000 + text
    await store.create(session("ses_a", last_used=last_used, label=text), KEY)
    for run, what in ((1, text), (2, large)):
        record = Record("ses_a", run, last_used, "ok", 1, what, what, what, what, what)
        variable = Variable(text, "let", text, 8, "exact", run)
        file = FileChange(text, (what * 10).encode())
        kept = Segment(text, "exact", "", run, what.encode(), {1: what}, "1")
        tokens = (token(f"aaaaa{run}", what),)
        await store.commit(RunDraft(record, (variable,), minted=tokens, files=(file,), segments=(kept,)))
    await store.set_tool_state("ses_a", {"x": text})
    await store.create(session("ses_b", last_used=last_used + 8 * DAY), KEY)


async def remove_by_hand(manager: SessionManager, store: SqliteStore) -> None:
    await store.delete("ses_a")


async def remove_by_age(manager: SessionManager, store: SqliteStore) -> None:
    assert (await manager.cleanup()).expired == 1


async def remove_for_room(manager: SessionManager, store: SqliteStore) -> None:
    assert await store.shrink(1, time.time() + 10 * DAY, time.time()) == 2


@pytest.mark.parametrize("remove", [remove_by_hand, remove_by_age, remove_for_room])
async def test_nothing_of_what_was_removed_can_be_read_from_the_disk(
    manager: SessionManager, store: SqliteStore, clock: Clock, path: Path, remove: Remove
) -> None:
    await secret_session(store, clock.now)
    async with opened(path) as elsewhere:  # whose log it is too
        await elsewhere.load("ses_a")
        assert any(SECRET in contents(file) for file in path.parent.iterdir())
        clock.now += 8 * DAY
        await remove(manager, store)
        assert [file.name for file in path.parent.iterdir() if SECRET in contents(file)] == []
        assert await elsewhere.load("ses_a") is None


async def test_what_a_reader_kept_in_the_log_is_gone_with_the_next_clean_up(
    manager: SessionManager, store: SqliteStore, clock: Clock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_codeexec.sessions.database.BUSY_MS", 1)
    await secret_session(store, clock.now)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM session").fetchone()
        await store.delete("ses_a")
        assert SECRET in contents(f"{path}-wal")
    await manager.cleanup()
    assert [file.name for file in path.parent.iterdir() if SECRET in contents(file)] == []


async def test_the_space_of_a_deleted_session_is_given_back_in_steps(
    manager: SessionManager, store: SqliteStore, clock: Clock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "_STEP_PAGES", 100)
    made = await filled(manager, clock, 3)
    await store.delete(made[0].id)
    assert size(path) > 3 * MB
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        free = pragma(path, "freelist_count")
        assert space.give_back(connection) is True
        assert pragma(path, "freelist_count") == free - 100
    await manager.cleanup()
    assert 2 * MB < size(path) < 2.2 * MB
    assert pragma(path, "freelist_count") == 0
    assert await store.file(made[2].id, "file1") == bytes(MB)
    assert sound(path)


async def test_a_database_of_before_is_written_anew_once_where_it_is_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:  # as it was made before there were steps
        connection.execute("PRAGMA journal_mode = WAL")
    for most, shrinks in ((10, False), (16_384, True)):
        monkeypatch.setattr(space, "_WHOLE_PAGES", most)
        async with opened(path) as store:
            await store.create(session(), KEY)
            await store.commit(RunDraft(Record("ses_a", 1, 1.0, "ok", 1, "x" * MB, "", "", "")))
            await store.delete("ses_a")
            before = size(path)
            await store.compact()
            assert (size(path) < before) == shrinks
            assert (pragma(path, "auto_vacuum") == 2) == shrinks
    assert sound(path)


async def test_a_new_database_gives_back_in_steps(path: Path, store: SqliteStore) -> None:
    assert pragma(path, "auto_vacuum") == 2
