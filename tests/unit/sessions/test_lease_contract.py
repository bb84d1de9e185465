"""Leases, as every session store keeps them: one holder at a time, and a run that was left behind is in the history."""

import json

import pytest

from mcp_codeexec.answers import Outcome
from mcp_codeexec.errors import StoreUnavailable
from mcp_codeexec.model import Lease, SessionInfo
from mcp_codeexec.ports import SessionStore
from tests.unit.sessions.drafts import KEY, draft, session, token


def wanted(holder: str, at: float = 100.0) -> Lease:
    return Lease(holder, until=at + 15, began=at)


async def take(store: SessionStore, holder: str, at: float = 100.0, over: str = "") -> SessionInfo | Lease | None:
    return await store.acquire("ses_a", wanted(holder, at), over)


async def statuses(store: SessionStore) -> list[tuple[int, str]]:
    return [(found.run, found.status) for found in await store.runs("ses_a", 10)]


async def test_one_has_the_lease_and_others_hear_of_him_and_of_his_run(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await store.commit(draft(1))
    mine = await take(store, "me")
    assert mine == await store.info("ses_a")
    his = await take(store, "you", at=101.0)
    assert his == await store.lease("ses_a") == Lease("me", until=115.0, run=2, began=100.0)


async def test_there_is_no_lease_of_a_session_that_is_not_there(store: SessionStore) -> None:
    assert await take(store, "me") is None
    assert await store.lease("ses_a") is None
    assert await store.renew("ses_a", "me", 200.0) is False
    await store.release("ses_a", "me")
    await store.create(session(), KEY)
    await take(store, "me")
    await store.delete("ses_a")
    assert await store.lease("ses_a") is None
    with pytest.raises(StoreUnavailable, match="deleted meanwhile"):
        await store.commit(draft(1), "me")


async def test_sessions_are_leased_one_by_one(store: SessionStore) -> None:
    for name in ("ses_a", "ses_b"):
        await store.create(session(name), KEY)
    await take(store, "me")
    assert isinstance(await store.acquire("ses_b", wanted("you")), SessionInfo)


async def test_a_commit_ends_the_lease_of_its_holder(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await take(store, "me")
    await store.commit(draft(1), "me")
    assert await store.lease("ses_a") is None
    found = await take(store, "you")
    assert isinstance(found, SessionInfo)
    assert found.runs == 1


@pytest.mark.parametrize("holder", ["you", ""])
async def test_a_run_is_refused_whole_while_somebody_else_has_the_lease(store: SessionStore, holder: str) -> None:
    await store.create(session(), KEY)
    await take(store, "me")
    before = await store.load("ses_a")
    with pytest.raises(StoreUnavailable, match="run 1 cannot be recorded: another process took the session over"):
        await store.commit(draft(1, names=["x"], tokens=[token("aaaaaa", "a@example.com")]), holder)
    assert await store.load("ses_a") == before
    assert await store.runs("ses_a", 10) == []
    await store.commit(draft(1), "me")


async def test_a_lease_that_was_given_back_leaves_no_run(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await take(store, "me")
    await store.release("ses_a", "you")
    assert isinstance(await take(store, "you"), Lease)
    await store.release("ses_a", "me")
    assert isinstance(await take(store, "you"), SessionInfo)
    await store.release("ses_a", "you")
    await store.commit(draft(1))
    assert await statuses(store) == [(1, "ok")]


async def test_a_lease_lasts_until_its_time_and_longer_where_it_is_renewed(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await take(store, "me", at=100.0)
    assert await store.renew("ses_a", "me", 120.0) is True
    assert await store.renew("ses_a", "you", 900.0) is False
    assert isinstance(await take(store, "you", at=119.9), Lease)
    assert isinstance(await take(store, "you", at=120.0), SessionInfo)
    assert await store.renew("ses_a", "me", 900.0) is False


async def test_a_holder_who_is_known_to_be_dead_is_followed_at_once(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await take(store, "dead")
    assert isinstance(await take(store, "me", over="somebody else"), Lease)
    assert isinstance(await take(store, "me", over="dead"), SessionInfo)


@pytest.mark.parametrize(("at", "over"), [(200.0, ""), (101.0, "dead")])
async def test_the_run_of_a_holder_who_is_followed_is_recorded_as_crashed_and_counts(
    store: SessionStore, at: float, over: str
) -> None:
    await store.create(session(), KEY)
    await store.commit(draft(1))
    await take(store, "dead", at=100.0)
    found = await take(store, "me", at, over)
    assert isinstance(found, SessionInfo)
    assert (found.runs, found.last_used) == (2, 100.0)
    lost = await store.record("ses_a", 2)
    assert lost is not None
    assert (lost.status, lost.at, lost.code) == ("crashed", 100.0, "")
    outcome = Outcome.model_validate(json.loads(lost.answer))
    assert (outcome.session_id, outcome.run, outcome.status) == ("ses_a", 2, "crashed")
    assert outcome.error is not None
    assert outcome.error.message == "The server was stopped during this run; nothing of it is kept."
    with pytest.raises(StoreUnavailable):
        await store.commit(draft(2), "dead")  # it was only slow
    assert (await store.lease("ses_a")) == Lease("me", at + 15, run=3, began=at)
    await store.commit(draft(3), "me")
    assert await statuses(store) == [(3, "ok"), (2, "crashed"), (1, "ok")]


async def test_one_who_could_not_give_it_back_takes_it_again_and_no_run_is_lost(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await take(store, "me")
    assert isinstance(await take(store, "me"), SessionInfo)
    await store.commit(draft(1), "me")
    assert await statuses(store) == [(1, "ok")]


@pytest.mark.parametrize("way", ["commit", "release"])
async def test_one_who_waits_is_next_for_a_second(store: SessionStore, way: str) -> None:
    await store.create(session(), KEY)
    await take(store, "me", at=100.0)
    await take(store, "you", at=100.2)
    await take(store, "third", at=100.3)
    await (store.commit(draft(1), "me") if way == "commit" else store.release("ses_a", "me"))
    assert await take(store, "me", at=100.4) == Lease("you", until=101.2)
    assert isinstance(await take(store, "you", at=100.5), SessionInfo)
    await store.release("ses_a", "you")
    assert isinstance(await take(store, "me", at=100.6), SessionInfo)


@pytest.mark.parametrize(("at", "over"), [(101.2, ""), (100.4, "you")])
async def test_one_who_asked_and_went_away_keeps_nobody_off(store: SessionStore, at: float, over: str) -> None:
    await store.create(session(), KEY)
    await take(store, "me", at=100.0)
    await take(store, "you", at=100.2)
    await store.release("ses_a", "me")
    assert isinstance(await take(store, "me", at, over), SessionInfo)
    assert await store.runs("ses_a", 10) == []


async def test_a_run_without_a_lease_is_written_where_somebody_only_waits(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await take(store, "me", at=100.0)
    await take(store, "you", at=100.2)
    await store.release("ses_a", "me")
    assert await store.lease("ses_a") is None
    await store.commit(draft(1))
