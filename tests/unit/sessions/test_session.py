"""Turns: one run at a time, in order of arrival, and nobody is stuck."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from mcp_codeexec.errors import Busy, SessionNotFound
from mcp_codeexec.model import StoredSession
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.sessions.vault import VaultLimits
from tests.unit.sessions.drafts import KEY, draft, session, token
from tests.unit.sessions.turns import held


class Store:
    """What a session asks when its turn comes."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.deleted = False

    async def refresh(self, session: Session) -> None:
        self.asked.append("refresh")

    @asynccontextmanager
    async def lease(self, session: Session) -> AsyncGenerator[None]:
        if self.deleted:
            raise SessionNotFound("there is no session")
        self.asked.append("take")
        try:
            yield
        finally:
            self.asked.append("give back")


@pytest.fixture
def store() -> Store:
    return Store()


def in_memory(store: Store, waiting_limit: int = 8) -> Session:
    return Session(StoredSession(session(), (), KEY, ()), waiting_limit, store.refresh, store.lease, VaultLimits())


@pytest.fixture
def one(store: Store) -> Session:
    return in_memory(store)


async def test_turns_come_one_at_a_time_in_order_of_arrival(one: Session) -> None:
    order: list[str] = []

    async def run(number: int) -> None:
        async with one.turn():
            order.append(f"{number} in")
            await anyio.lowlevel.checkpoint()
            order.append(f"{number} out")

    async with anyio.create_task_group() as group, held(one):
        for number in range(8):
            group.start_soon(run, number)
            await wait_all_tasks_blocked()
        assert order == []
    assert order == [f"{number} {way}" for number in range(8) for way in ("in", "out")]
    assert not one.busy


async def test_one_call_too_many_is_busy_and_the_others_still_run(one: Session) -> None:
    done: list[int] = []

    async def run(number: int) -> None:
        async with one.turn():
            done.append(number)

    async with anyio.create_task_group() as group, held(one):
        for number in range(8):
            group.start_soon(run, number)
        await wait_all_tasks_blocked()
        with pytest.raises(Busy, match="8 calls wait already for this session") as refusal:
            await run(9)
        assert refusal.value.hint
        with pytest.raises(Busy):
            await run(9)
    assert done == list(range(8))
    await run(10)
    assert done[-1] == 10


@pytest.mark.parametrize(("limit", "sentence"), [(0, "0 calls wait already"), (1, "1 call waits already")])
async def test_the_limit_counts_those_who_wait_and_not_the_one_who_runs(store: Store, limit: int, sentence: str) -> None:
    one = in_memory(store, limit)

    async def run() -> None:
        async with one.turn():
            pass

    async with anyio.create_task_group() as group, held(one):
        for _ in range(limit):
            group.start_soon(run)
        await wait_all_tasks_blocked()
        with pytest.raises(Busy, match=sentence):
            await run()


async def test_a_cancelled_waiter_leaves_the_queue_and_its_place_is_free(store: Store) -> None:
    one = in_memory(store, 2)
    done: list[str] = []
    cancelled, stays = anyio.CancelScope(), anyio.CancelScope()

    async def run(name: str, scope: anyio.CancelScope) -> None:
        with scope:
            async with one.turn():
                done.append(name)

    async with anyio.create_task_group() as group, held(one):
        group.start_soon(run, "cancelled", cancelled)
        group.start_soon(run, "first", stays)
        await wait_all_tasks_blocked()
        cancelled.cancel()
        await wait_all_tasks_blocked()
        group.start_soon(run, "second", anyio.CancelScope())
        await wait_all_tasks_blocked()
        with pytest.raises(Busy):
            await run("too many", anyio.CancelScope())
    assert done == ["first", "second"]
    assert not one.busy


async def test_a_waiter_cancelled_in_the_moment_its_turn_comes_passes_it_on(one: Session) -> None:
    done: list[str] = []
    cancelled = anyio.CancelScope()

    async def run(name: str, scope: anyio.CancelScope) -> None:
        with scope:
            async with one.turn():
                await anyio.lowlevel.checkpoint()
                done.append(name)

    async with anyio.create_task_group() as group:
        async with one.turn():
            group.start_soon(run, "cancelled", cancelled)
            await wait_all_tasks_blocked()
            group.start_soon(run, "next", anyio.CancelScope())
            await wait_all_tasks_blocked()
        cancelled.cancel()  # the turn is the cancelled one's already, and it has not run since
    assert done == ["next"]
    assert not one.busy


async def test_a_run_that_fails_or_is_cancelled_gives_its_turn_back(one: Session) -> None:
    async def fail() -> None:
        async with one.turn():
            raise ValueError("a run")

    with pytest.raises(ValueError, match="a run"):
        await fail()
    with anyio.CancelScope() as scope:
        async with one.turn():
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    async with one.turn():
        assert one.busy
    assert not one.busy


async def test_a_turn_has_the_lease_from_its_begin_to_its_end_also_where_it_fails(one: Session, store: Store) -> None:
    async with held(one):
        assert store.asked == ["take"]
    assert store.asked == ["take", "give back"]
    with pytest.raises(ValueError, match="a run"):
        async with one.turn():
            raise ValueError("a run")
    assert store.asked == ["take", "give back"] * 2


async def test_one_who_waits_takes_no_lease_before_his_turn(one: Session, store: Store) -> None:
    async def run() -> None:
        async with one.turn():
            pass

    async with anyio.create_task_group() as group, held(one):
        group.start_soon(run)
        await wait_all_tasks_blocked()
        assert store.asked == ["take"]
    assert store.asked == ["take", "give back"] * 2


async def test_reading_waits_for_its_turn_here_and_takes_no_lease(one: Session, store: Store) -> None:
    async with one.turn(reading=True):
        assert one.busy
    assert store.asked == ["refresh"]


async def test_when_the_session_is_deleted_while_calls_wait_each_of_them_hears_it(one: Session, store: Store) -> None:
    heard: list[str] = []

    async def run() -> None:
        try:
            async with one.turn():
                heard.append("ran")
        except SessionNotFound:
            heard.append("not found")

    async with anyio.create_task_group() as group, held(one):
        for _ in range(3):
            group.start_soon(run)
        await wait_all_tasks_blocked()
        store.deleted = True
    assert heard == ["not found"] * 3
    assert not one.busy


async def test_the_face_follows_a_written_run(one: Session) -> None:
    assert (one.id, one.next_run, one.variables) == ("ses_a", 1, {})
    one.wrote(draft(1, at=5.0, names=["x", "y"]))
    one.wrote(draft(2, at=4.0, names=["z"], gone=["x", "never there"]))
    assert (one.next_run, one.info.runs, one.info.last_used, one.info.variables) == (3, 2, 5.0, 2)
    assert {name: variable.run for name, variable in one.variables.items()} == {"y": 1, "z": 2}


async def test_the_face_becomes_what_the_store_has_and_keeps_tokens_that_are_not_written_yet(one: Session) -> None:
    mine = one.vault.tokenise("EMAIL", "mine@example.com")
    other = token("bbbbbb", "other@example.com")
    one.take(StoredSession(session(last_used=9.0), draft(4, names=["x"]).variables, KEY, (other,)))
    assert (list(one.variables), one.info.last_used) == (["x"], 9.0)
    assert (one.vault.reveal(other.token), one.vault.reveal(mine)) == ("other@example.com", "mine@example.com")
    assert [row.token for row in one.vault.minted()] == [mine]
