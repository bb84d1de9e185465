"""Several managers, or processes, that run one session: by turns, and with nothing lost when one of them dies."""

import signal
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from mcp_codeexec.errors import Busy, SessionNotFound, StoreUnavailable
from mcp_codeexec.sessions.lease import TIMES, LeaseTimes
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.retention import Retention
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.sessions.store import SqliteStore
from tests.unit.sessions.drafts import draft, opened
from tests.unit.sessions.files import holding, sound, turner
from tests.unit.sessions.turns import held

DAY, LIMIT_S = 86_400.0, 30
HASTY = LeaseTimes(lasts_s=15, wait_s=0)
BRIEF = LeaseTimes(lasts_s=0.03, wait_s=LIMIT_S)


@pytest.fixture
async def store(path: Path) -> AsyncGenerator[SqliteStore]:
    async with opened(path) as store:
        yield store


@asynccontextmanager
async def another(path: Path, times: LeaseTimes = TIMES) -> AsyncGenerator[SessionManager]:
    """A manager with a store of its own, as in another process."""
    async with opened(path) as store:
        yield manager_of(store, times)


def manager_of(store: SqliteStore, times: LeaseTimes = TIMES) -> SessionManager:
    return SessionManager(store, "ann", Retention(7 * DAY), 8, lease_times=times)


async def record(manager: SessionManager, one: Session) -> None:
    await manager.record(one, draft(one.next_run, one.id, time.time(), names=[f"v{one.next_run}"]))


async def run(manager: SessionManager, one: Session) -> None:
    async with one.turn():
        await record(manager, one)


def waiter(path: Path) -> str:
    """Who is next to have the only lease."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT waiting FROM lease").fetchone()[0]


async def history(store: SqliteStore, one: Session) -> list[tuple[int, str]]:
    return [(found.run, found.status) for found in await store.runs(one.id, 1_000)]


async def test_a_turn_waits_for_one_in_another_process_and_sees_its_run(store: SqliteStore, path: Path) -> None:
    manager = manager_of(store)
    here = await manager.create()
    async with another(path) as elsewhere, anyio.create_task_group() as group:
        there = await elsewhere.get(here.id)
        async with there.turn():
            group.start_soon(run, manager, here)
            while not waiter(path):
                await anyio.lowlevel.checkpoint()
            assert here.next_run == 1
            await record(elsewhere, there)
    assert await history(store, here) == [(2, "ok"), (1, "ok")]
    assert list(here.variables) == ["v1", "v2"]
    assert await store.lease(here.id) is None


async def test_a_call_that_waited_long_enough_is_busy_and_says_for_whom(store: SqliteStore, path: Path) -> None:
    here = await manager_of(store).create()
    async with another(path, HASTY) as elsewhere, held(here):
        there = await elsewhere.get(here.id)
        with pytest.raises(Busy, match="another server process is running this session; the call waited 0 s for it") as refusal:
            await run(elsewhere, there)
        assert refusal.value.hint
        assert not there.busy
    assert await history(store, here) == []


async def test_reading_does_not_wait_for_another_process(store: SqliteStore, path: Path) -> None:
    here = await manager_of(store).create()
    async with another(path, HASTY) as elsewhere, held(here):
        there = await elsewhere.get(here.id)
        async with there.turn(reading=True):
            assert there.next_run == 1


async def test_a_long_run_keeps_its_lease(store: SqliteStore, path: Path) -> None:
    manager = manager_of(store, BRIEF)
    here = await manager.create()
    with anyio.fail_after(LIMIT_S):
        async with here.turn():
            first = await store.lease(here.id)
            assert first is not None
            while (now := await store.lease(here.id)) is not None and now.until < first.until + BRIEF.lasts_s:
                await anyio.lowlevel.checkpoint()  # its heartbeat has a timer
            await record(manager, here)
    assert await history(store, here) == [(1, "ok")]


async def test_a_holder_that_was_silent_for_too_long_is_followed_and_its_run_is_not_written(store: SqliteStore, path: Path) -> None:
    manager = manager_of(store)
    here = await manager.create()
    async with another(path) as elsewhere:
        there = await elsewhere.get(here.id)
        async with here.turn():
            lease = await store.lease(here.id)
            assert lease is not None
            await store.renew(here.id, lease.holder, time.time())  # what is left when no heartbeat comes
            async with there.turn():
                with pytest.raises(StoreUnavailable, match="run 1 cannot be recorded: another process took the session over"):
                    await record(manager, here)
                await record(elsewhere, there)
        await run(manager, here)
    assert await history(store, here) == [(3, "ok"), (2, "ok"), (1, "crashed")]
    assert list(here.variables) == ["v2", "v3"]


async def test_a_cancelled_wait_leaves_no_lease_and_no_run(store: SqliteStore, path: Path) -> None:
    here = await manager_of(store).create()
    async with another(path) as elsewhere:
        there = await elsewhere.get(here.id)
        async with held(here):
            with anyio.move_on_after(0.02) as scope:
                await run(elsewhere, there)
            assert scope.cancelled_caught
        assert not there.busy
        assert await store.lease(here.id) is None
        await run(elsewhere, there)
    assert await history(store, here) == [(1, "ok")]


async def test_a_turn_cancelled_in_any_moment_leaves_no_lease(store: SqliteStore) -> None:
    manager = manager_of(store)
    here = await manager.create()
    for checkpoints in range(6):
        with anyio.CancelScope() as scope:

            async def cancel(scope: anyio.CancelScope = scope, after: int = checkpoints) -> None:
                for _ in range(after):
                    await anyio.lowlevel.checkpoint()
                scope.cancel()

            async with anyio.create_task_group() as group:
                group.start_soon(cancel)
                async with here.turn():
                    await anyio.sleep_forever()
        assert await store.lease(here.id) is None
    await run(manager, here)
    assert await history(store, here) == [(1, "ok")]


async def test_a_turn_cancelled_while_the_database_is_locked_leaves_no_lease(store: SqliteStore, path: Path) -> None:
    here = await manager_of(store).create()
    scope = anyio.CancelScope()

    async def try_it() -> None:
        with scope:
            async with here.turn():
                await anyio.sleep_forever()

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with anyio.create_task_group() as group:
            group.start_soon(try_it)
            await wait_all_tasks_blocked()
            scope.cancel()
            await wait_all_tasks_blocked()
            other.execute("COMMIT")  # the lease is taken now, for nobody
    assert scope.cancelled_caught
    assert await store.lease(here.id) is None


async def test_a_run_that_could_not_be_written_gives_its_lease_back(store: SqliteStore, path: Path) -> None:
    manager = manager_of(store)
    here = await manager.create()
    async with here.turn():
        with pytest.raises(StoreUnavailable, match="run 7 cannot be recorded"):
            await manager.record(here, draft(7, here.id))
    assert await store.lease(here.id) is None


async def test_a_session_deleted_elsewhere_is_not_found_when_its_turn_comes(store: SqliteStore, path: Path) -> None:
    here = await manager_of(store).create()
    async with another(path) as elsewhere:
        await elsewhere.delete(here.id)
    with pytest.raises(SessionNotFound):
        async with here.turn():
            pass


async def test_one_who_waits_comes_before_calls_that_wait_at_the_holder(store: SqliteStore, path: Path) -> None:
    manager = manager_of(store)
    here = await manager.create()
    order: list[str] = []

    async def call(who: str, manager: SessionManager, one: Session) -> None:
        async with one.turn():
            await record(manager, one)
            order.append(who)

    async with another(path) as elsewhere, anyio.create_task_group() as group:
        there = await elsewhere.get(here.id)
        async with held(here):
            group.start_soon(call, "here", manager, here)
            group.start_soon(call, "there", elsewhere, there)
            while not waiter(path):
                await anyio.lowlevel.checkpoint()
    assert order == ["there", "here"]


async def test_processes_that_run_one_session_together_lose_no_run(store: SqliteStore, path: Path) -> None:
    here = await manager_of(store).create()
    children = [turner(path, here.id, 40) for _ in range(3)]
    told = [child.communicate(timeout=60)[0].split() for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert sorted(int(run) for runs in told for run in runs) == list(range(1, 121))
    assert await history(store, here) == [(run, "ok") for run in range(120, 0, -1)]
    assert sound(path)


async def test_a_process_killed_in_its_run_is_followed_at_once_and_its_run_is_in_the_history(
    store: SqliteStore, path: Path
) -> None:
    manager = manager_of(store, HASTY)  # it does not wait for a lease to run out
    here = await manager.create()
    await run(manager, here)
    for number in (2, 4):
        with holding(path, here.id) as child:
            with pytest.raises(Busy):
                await run(manager, here)
            child.kill()
            child.wait()
            assert child.returncode == -signal.SIGKILL
        await run(manager, here)
        assert (await history(store, here))[:2] == [(number + 1, "ok"), (number, "crashed")]
    assert sound(path)


async def test_history_has_the_run_of_a_killed_process_before_anybody_goes_on(store: SqliteStore, path: Path) -> None:
    manager = manager_of(store)
    here = await manager.create()
    with holding(path, here.id) as child:
        await manager.settle(here)
        assert await history(store, here) == []  # it runs
        child.kill()
        child.wait()
    await manager.settle(here)
    assert await history(store, here) == [(1, "crashed")]
    assert here.next_run == 2
    assert await store.lease(here.id) is None


async def test_processes_killed_at_any_moment_lose_only_runs_that_are_in_the_history(store: SqliteStore, path: Path) -> None:
    manager = manager_of(store, HASTY)
    here = await manager.create()
    for enough in (1, 5, 12, 30):
        with turner(path, here.id, 1_000_000) as child:
            assert child.stdout is not None
            for _ in range(enough):
                child.stdout.readline()
            child.kill()
            told = [int(line) for line in child.stdout.read().splitlines()]
            child.wait()
        await manager.settle(here)
        runs = await history(store, here)
        assert [run for run, _ in runs] == list(range(len(runs), 0, -1))
        assert all(dict(runs)[run] == "ok" for run in told)
        assert [status for _, status in runs].count("crashed") <= 4
        await run(manager, here)
    assert sound(path)
