"""Who may use which session, what is remembered of it, and when it ends."""

import gc
import re
import weakref
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest

from mcp_codeexec.errors import BadArguments, SessionNotFound, StoreUnavailable
from mcp_codeexec.sessions import manager as manager_module
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.retention import Retention
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.sessions.store import SqliteStore
from tests.unit.sessions.drafts import KEY, draft, opened, session
from tests.unit.sessions.turns import Clock

DAY = 86_400.0


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


@pytest.fixture
async def store(path: Path) -> AsyncGenerator[SqliteStore]:
    async with opened(path) as store:
        yield store


@pytest.fixture
def manager(store: SqliteStore, clock: Clock) -> SessionManager:
    return SessionManager(store, "ann", Retention(7 * DAY), 8, clock)


@pytest.fixture
async def elsewhere(path: Path, clock: Clock) -> AsyncGenerator[SessionManager]:
    """The same owner in another server process."""
    async with opened(path) as store:
        yield SessionManager(store, "ann", Retention(7 * DAY), 8, clock)


async def run(manager: SessionManager, one: Session, at: float = 1_000_000.0, *, names: tuple[str, ...] = ()) -> None:
    await manager.record(one, draft(one.next_run, one.id, at, names=names, tokens=one.vault.minted()))


async def test_a_new_session_has_an_id_of_its_own_and_is_empty(manager: SessionManager, clock: Clock) -> None:
    one, two = await manager.create({"label": "x"}), await manager.create()
    assert re.fullmatch(r"ses_[A-Za-z0-9_-]{22}", one.id)
    assert one.id != two.id
    assert (one.info.owner, one.info.created, one.info.last_used) == ("ann", clock.now, clock.now)
    assert (one.info.metadata, two.info.metadata) == ({"label": "x"}, {})
    assert (one.next_run, one.variables) == (1, {})
    assert one.vault.tokenise("EMAIL", "a@example.com") != two.vault.tokenise("EMAIL", "a@example.com")


async def test_metadata_that_is_not_json_starts_no_session(manager: SessionManager) -> None:
    with pytest.raises(BadArguments, match="metadata"):
        await manager.create({"x": float("inf")})
    assert await manager.list(10) == ([], "")


async def test_runs_are_counted_and_remembered(manager: SessionManager, store: SqliteStore) -> None:
    one = await manager.create()
    token = one.vault.tokenise("EMAIL", "a@example.com")
    await run(manager, one, names=("x",))
    await run(manager, one, names=("y",))
    assert (one.next_run, list(one.variables)) == (3, ["x", "y"])
    stored = await store.load(one.id)
    assert stored is not None
    assert stored.info == one.info
    assert [row.token for row in stored.vault] == [token]
    assert await manager.get(one.id) is one


UNKNOWN = "ses_" + "a" * 22


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (UNKNOWN, UNKNOWN),
        ("ses_abc", "ses_abc"),
        ("", '""'),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 39 + "…"),
        ("ses_\x1b[31m\n\u202e" + "a" * 3, "ses_�[31m��aaa"),
        (UNKNOWN + "\n", UNKNOWN + "�"),
        ("\ud800", "�"),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ],
)
async def test_an_id_that_names_no_session_of_the_caller_gets_one_sentence(manager: SessionManager, asked: str, shown: str) -> None:
    for work in (manager.get(asked), manager.delete(asked)):
        with pytest.raises(SessionNotFound) as refusal:
            await work
        assert str(refusal.value) == f"there is no session {shown} (sessions are kept 7 days)."
        assert refusal.value.hint == "Leave session_id out to start one; session_history() lists yours."


async def test_a_foreign_session_reads_like_an_unknown_one_and_is_not_touched(
    manager: SessionManager, store: SqliteStore, clock: Clock
) -> None:
    bob = SessionManager(store, "bob", Retention(7 * DAY), 8, clock)
    foreign = await bob.create()
    for work in (manager.get(foreign.id), manager.delete(foreign.id)):
        with pytest.raises(SessionNotFound) as refusal:
            await work
        with pytest.raises(SessionNotFound) as unknown:
            await manager.get(UNKNOWN)
        assert str(refusal.value).replace(foreign.id, UNKNOWN) == str(unknown.value)
        assert refusal.value.hint == unknown.value.hint
    assert (await manager.list(10))[0] == []
    assert await bob.get(foreign.id) is foreign


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (7 * DAY, "7 days"),
        (DAY, "1 day"),
        (1.5 * DAY, "1.5 days"),
        (DAY / 2, "12 hours"),
        (90, "1.5 minutes"),
        (0.5, "0.5 seconds"),
    ],
)
async def test_the_sentence_tells_how_long_sessions_are_kept(store: SqliteStore, seconds: float, words: str) -> None:
    with pytest.raises(SessionNotFound, match=rf"\(sessions are kept {re.escape(words)}\)\.$"):
        await SessionManager(store, "ann", Retention(seconds), 8).get("ses_abc")


@pytest.mark.parametrize("cached", [True, False])
async def test_a_session_ends_seven_days_after_its_last_use(
    manager: SessionManager, elsewhere: SessionManager, clock: Clock, cached: bool
) -> None:
    one = await manager.create()
    asked = manager if cached else elsewhere
    clock.now += 5 * DAY
    await run(manager, one, at=clock.now)
    clock.now += 7 * DAY
    assert (await asked.get(one.id)).id == one.id
    assert len((await asked.list(10))[0]) == 1
    assert (await asked.cleanup()).expired == 0
    clock.now += 1
    with pytest.raises(SessionNotFound):
        await asked.get(one.id)
    assert await asked.list(10) == ([], "")
    assert (await asked.cleanup()).expired == 1
    assert (await asked.cleanup()).expired == 0


async def test_a_list_ends_where_the_expired_sessions_begin(manager: SessionManager, clock: Clock) -> None:
    old = [await manager.create() for _ in range(2)]
    clock.now += 5 * DAY
    new = [await manager.create() for _ in range(3)]
    clock.now += 3 * DAY
    first, cursor = await manager.list(2)
    second, end = await manager.list(2, cursor)
    assert {info.session_id for info in first + second} == {one.id for one in new}
    assert end == ""
    assert (await manager.cleanup()).expired == len(old)


async def test_cleanup_spares_a_session_that_has_a_run_under_way(manager: SessionManager, clock: Clock) -> None:
    one, idle = await manager.create(), await manager.create()
    async with one.turn():
        clock.now += 8 * DAY
        await manager.cleanup()
        await run(manager, one, at=clock.now)
    assert (await manager.cleanup()).expired == 1
    assert (await manager.get(one.id)).next_run == 2
    with pytest.raises(SessionNotFound):
        await manager.get(idle.id)


async def test_a_session_does_not_expire_under_a_run_and_stays_one_object(manager: SessionManager, clock: Clock) -> None:
    one = await manager.create()
    async with one.turn():
        clock.now += 8 * DAY
        assert await manager.get(one.id) is one
        await run(manager, one, at=clock.now)
    assert await manager.get(one.id) is one


async def test_a_deleted_session_is_gone_with_its_history(manager: SessionManager, store: SqliteStore) -> None:
    one = await manager.create()
    await run(manager, one)
    await manager.delete(one.id)
    for work in (manager.get(one.id), manager.delete(one.id)):
        with pytest.raises(SessionNotFound):
            await work
    assert await store.runs(one.id, 10) == []
    with pytest.raises(StoreUnavailable, match="deleted meanwhile"):
        await run(manager, one)


async def test_a_session_deleted_by_another_process_is_noticed(manager: SessionManager, elsewhere: SessionManager) -> None:
    one = await manager.create()
    await elsewhere.delete(one.id)
    with pytest.raises(SessionNotFound):
        await manager.get(one.id)


async def test_runs_of_another_process_are_seen_with_their_variables_and_tokens(
    manager: SessionManager, elsewhere: SessionManager, store: SqliteStore
) -> None:
    here = await manager.create()
    there = await elsewhere.get(here.id)
    token = there.vault.tokenise("EMAIL", "a@example.com")
    await run(elsewhere, there, names=("x",))
    assert (here.next_run, here.vault.reveal(token)) == (1, None)
    assert await manager.get(here.id) is here
    assert (here.next_run, list(here.variables), here.vault.reveal(token)) == (2, ["x"], "a@example.com")
    assert here.info == there.info
    await store.set_tool_state(here.id, {"page": 2})
    assert (await elsewhere.get(here.id)).info.tool_state == {"page": 2}


async def test_a_run_that_another_process_overtook_is_refused_and_the_next_call_is_up_to_date(
    manager: SessionManager, elsewhere: SessionManager
) -> None:
    here = await manager.create()
    there = await elsewhere.get(here.id)
    await run(elsewhere, there, names=("theirs",))
    token = here.vault.tokenise("EMAIL", "a@example.com")
    with pytest.raises(StoreUnavailable, match="another process may be using it"):
        await run(manager, here, names=("mine",))
    assert (here.next_run, here.variables) == (1, {})
    await manager.get(here.id)
    assert (here.next_run, list(here.variables)) == (2, ["theirs"])
    await run(manager, here)
    await elsewhere.get(here.id)
    assert there.vault.reveal(token) == "a@example.com"  # the refused run's token was kept for the next


async def test_a_face_is_left_alone_in_a_turn_and_true_in_the_next(manager: SessionManager, elsewhere: SessionManager) -> None:
    here = await manager.create()
    there = await elsewhere.get(here.id)
    async with here.turn(reading=True):
        await run(elsewhere, there)
        assert await manager.get(here.id) is here
        assert here.next_run == 1  # the face belongs to the one whose turn it is
    async with here.turn():
        assert here.next_run == 2


async def test_a_run_that_cannot_be_written_changes_nothing_in_memory(manager: SessionManager, store: SqliteStore) -> None:
    one = await manager.create()
    await run(manager, one, names=("x",))
    token = one.vault.tokenise("EMAIL", "a@example.com")
    before, variables = one.info, dict(one.variables)
    await store.close()
    with pytest.raises(StoreUnavailable):
        await run(manager, one, names=("y",))
    assert (one.info, one.variables) == (before, variables)
    assert [row.token for row in one.vault.minted()] == [token]


async def test_a_cancellation_does_not_stop_a_record_half_way(manager: SessionManager, store: SqliteStore) -> None:
    one = await manager.create()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await run(manager, one, names=("x",))
    assert (one.next_run, list(one.variables)) == (2, ["x"])
    assert await store.info(one.id) == one.info


async def test_a_held_session_stays_one_object_and_idle_ones_are_let_go(
    manager: SessionManager, elsewhere: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager_module, "CACHED", 3)
    held = await manager.create()
    idle = await manager.create()
    idle_id, idle_alive = idle.id, weakref.ref(idle)
    del idle
    for _ in range(5):
        await manager.create()
    gc.collect()
    assert idle_alive() is None
    await run(elsewhere, await elsewhere.get(held.id))
    assert await manager.get(held.id) is held
    assert held.next_run == 2
    assert (await manager.get(idle_id)).id == idle_id


async def test_the_least_recently_used_session_is_let_go_first(manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager_module, "CACHED", 2)
    faces: list[weakref.ref[Session]] = []
    ids: list[str] = []
    for _ in range(2):
        one = await manager.create()
        faces.append(weakref.ref(one))
        ids.append(one.id)
    one = await manager.get(ids[0])
    one = await manager.create()
    gc.collect()
    assert [face() is not None for face in faces] == [True, False]
    assert one.id not in ids


async def test_calls_that_load_one_session_at_the_same_moment_share_its_face(
    manager: SessionManager, elsewhere: SessionManager
) -> None:
    made = await elsewhere.create()
    found: list[Session] = []

    async def get() -> None:
        found.append(await manager.get(made.id))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(get)
    assert len(found) == 5
    assert all(one is found[0] for one in found)


async def test_a_store_that_cannot_be_read_is_said_and_is_not_a_missing_session(
    manager: SessionManager, store: SqliteStore
) -> None:
    one = await manager.create()
    await store.close()
    for work in (manager.get(one.id), manager.get(UNKNOWN), manager.create(), manager.cleanup()):
        with pytest.raises(StoreUnavailable):
            await work


async def test_a_session_of_an_id_of_another_form_is_not_shown(manager: SessionManager, store: SqliteStore) -> None:
    await store.create(session("ses_a", "ann", 1_000_000.0), KEY)
    with pytest.raises(SessionNotFound):
        await manager.get("ses_a")
