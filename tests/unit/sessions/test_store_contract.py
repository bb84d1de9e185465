"""What every session store does: written against the protocol, run with each of `stores.FACTORIES`."""

import json
from typing import Any

import pytest

from mcp_codeexec.errors import BadArguments, StoreUnavailable
from mcp_codeexec.model import FileChange, Lease, Record, RunDraft, StoredFile, Variable
from mcp_codeexec.ports import SessionStore
from tests.unit.sessions.drafts import KEY, draft, record, session, token


async def test_a_new_session_is_found_as_it_was_made(store: SessionStore) -> None:
    info = session(label="sales", nested={"deep": [1, None, "x"]})
    await store.create(info, KEY)
    found = await store.load("ses_a")
    assert found is not None
    assert (found.info, found.variables, found.vault_key, found.vault) == (info, (), KEY, ())


async def test_an_unknown_session_is_none_and_has_no_history(store: SessionStore) -> None:
    assert await store.load("ses_nobody") is None
    assert await store.record("ses_nobody", 1) is None
    assert await store.runs("ses_nobody", 10) == []
    assert await store.sessions("nobody", 10) == ([], "")


async def test_a_session_id_is_given_once(store: SessionStore) -> None:
    await store.create(session(), KEY)
    with pytest.raises(StoreUnavailable):
        await store.create(session(owner="bob"), b"other")
    found = await store.load("ses_a")
    assert found is not None
    assert found.info.owner == "ann"


async def test_a_run_leaves_its_record_variables_tokens_and_counters(store: SessionStore) -> None:
    await store.create(session(), KEY)
    tokens = [token("aaaaaa", "a@example.com"), token("bbbbbb", "b@example.com")]
    await store.commit(draft(1, at=5.0, names=["x", "y"], tokens=tokens))
    found = await store.load("ses_a")
    assert found is not None
    assert (found.info.runs, found.info.last_used, found.info.variables) == (1, 5.0, 2)
    assert found.variables == tuple(Variable(name, "let", "number", 8, "exact", 1) for name in "xy")
    assert sorted(row.value for row in found.vault) == ["a@example.com", "b@example.com"]
    assert await store.record("ses_a", 1) == record(1, at=5.0)


async def test_a_run_replaces_and_removes_variables(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await store.commit(draft(1, names=["x", "y", "z"]))
    changed = Variable("x", "class", "Map(3)", 3, "by_source", 2)
    await store.commit(RunDraft(record(2), (changed,), gone=("y", "never there")))
    found = await store.load("ses_a")
    assert found is not None
    assert found.info.variables == 2
    assert {variable.name: variable.run for variable in found.variables} == {"x": 2, "z": 1}
    assert changed in found.variables


async def test_a_clock_that_goes_back_does_not_age_a_session(store: SessionStore) -> None:
    await store.create(session(last_used=9.0), KEY)
    await store.commit(draft(1, at=3.0))
    found = await store.load("ses_a")
    assert found is not None
    assert found.info.last_used == 9.0


@pytest.mark.parametrize(("run", "last"), [(1, 2), (2, 2), (4, 2), (0, 0), (2, 0)])
async def test_a_run_that_does_not_follow_the_last_is_refused_whole(store: SessionStore, run: int, last: int) -> None:
    await store.create(session(), KEY)
    for number in range(1, last + 1):
        await store.commit(draft(number))
    before = await store.load("ses_a")
    with pytest.raises(StoreUnavailable, match=rf"run {run} cannot be recorded: the last run of the session is {last}\b"):
        await store.commit(draft(run, at=7.0, names=["x"], tokens=[token("aaaaaa", "a@example.com")]))
    assert await store.load("ses_a") == before
    assert [found.run for found in await store.runs("ses_a", 10)] == list(range(last, 0, -1))


async def test_a_draft_that_fails_half_way_leaves_nothing(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await store.commit(draft(1, names=["x"]))
    before = await store.load("ses_a")
    too_large = Variable("big", "let", "string", 2**80, "exact", 2)
    bad = RunDraft(record(2), (Variable("y", "let", "number", 1, "exact", 2), too_large), ("x",))
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        await store.commit(bad)
    assert await store.load("ses_a") == before
    assert await store.record("ses_a", 2) is None
    await store.commit(draft(2))


async def test_a_session_deleted_meanwhile_takes_no_run_token_or_state(store: SessionStore) -> None:
    await store.create(session(), KEY)
    assert await store.delete("ses_a") is True
    with pytest.raises(StoreUnavailable, match="deleted meanwhile"):
        await store.commit(draft(1, names=["x"], tokens=[token("aaaaaa", "a@example.com")]))
    with pytest.raises(StoreUnavailable, match="deleted meanwhile"):
        await store.keep_tokens("ses_a", [token("aaaaaa", "a@example.com")])
    with pytest.raises(StoreUnavailable, match="deleted meanwhile"):
        await store.set_tool_state("ses_a", {"page": 2})
    await store.create(session(), KEY)
    found = await store.load("ses_a")
    assert found is not None
    assert (found.info.runs, found.variables, found.vault) == (0, (), ())
    assert await store.runs("ses_a", 10) == []


async def test_deleting_takes_one_session_and_all_that_is_its(store: SessionStore) -> None:
    for name in ("ses_a", "ses_b"):
        await store.create(session(name), KEY)
        await store.commit(draft(1, name, names=["x"], tokens=[token("aaaaaa", name)]))
    assert await store.delete("ses_a") is True
    assert await store.delete("ses_a") is False
    assert await store.load("ses_a") is None
    assert await store.record("ses_a", 1) is None
    other = await store.load("ses_b")
    assert other is not None
    assert (other.info.runs, len(other.variables), len(other.vault)) == (1, 1, 1)


async def test_expiry_takes_what_was_last_used_before_the_time_of_every_owner(store: SessionStore) -> None:
    for name, owner, last_used in [("ses_a", "ann", 10.0), ("ses_b", "bob", 19.9), ("ses_c", "ann", 20.0)]:
        await store.create(session(name, owner, last_used), KEY)
    assert await store.expire(20.0, 30.0) == 2
    assert await store.expire(20.0, 30.0) == 0
    assert [await store.load(name) is not None for name in ("ses_a", "ses_b", "ses_c")] == [False, False, True]


async def test_tokens_kept_outside_a_run_never_replace_a_row(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await store.keep_tokens("ses_a", [token("aaaaaa", "first")])
    await store.keep_tokens("ses_a", [token("aaaaaa", "second"), token("bbbbbb", "new")])
    found = await store.load("ses_a")
    assert found is not None
    assert {row.token: row.value for row in found.vault} == {"[EMAIL_aaaaaa]": "first", "[EMAIL_bbbbbb]": "new"}


async def test_tool_state_is_replaced_whole(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await store.set_tool_state("ses_a", {"page": 1, "old": True})
    await store.set_tool_state("ses_a", {"page": 2})
    found = await store.load("ses_a")
    assert found is not None
    assert found.info.tool_state == {"page": 2}


@pytest.mark.parametrize("bad", [{"x": float("nan")}, {"x": {1, 2}}, {"x": b"bytes"}], ids=["nan", "set", "bytes"])
async def test_what_is_not_json_is_refused_and_named(store: SessionStore, bad: dict[str, Any]) -> None:
    await store.create(session(), KEY)
    with pytest.raises(BadArguments, match="tool_state is not plain JSON"):
        await store.set_tool_state("ses_a", bad)
    with pytest.raises(BadArguments, match="metadata is not plain JSON"):
        await store.create(session("ses_b", **bad), KEY)
    assert await store.load("ses_b") is None


@pytest.mark.parametrize(
    "text",
    ["", "\0", "a\0b", "😀 … ü", "\ud800 half a pair", "x" * 1_200_000],
    ids=["empty", "nul", "nul inside", "beyond ascii", "lone surrogate", "large"],
)
async def test_any_javascript_text_comes_back_as_it_was(store: SessionStore, text: str) -> None:
    await store.create(session(owner=text), KEY)
    kept = Record("ses_a", 1, 2.0, "error", 1, text, text, text, text, text)
    variables = (Variable(text, "global", text, 1, "live_only", 1),)
    await store.commit(RunDraft(kept, variables, minted=(token("aaaaaa", text),)))
    found = await store.load("ses_a")
    assert found is not None
    assert found.variables == variables
    assert found.vault[0].value == text
    assert await store.record("ses_a", 1) == kept
    assert (await store.sessions(text, 10))[0] == [found.info]
    await store.commit(RunDraft(record(2), gone=(text,)))
    after = await store.load("ses_a")
    assert after is not None
    assert after.variables == ()


async def test_runs_come_newest_first_in_pages_without_gap_or_repeat(store: SessionStore) -> None:
    await store.create(session(), KEY)
    for run in range(1, 8):
        await store.commit(draft(run))
    pages: list[list[int]] = []
    before = 0
    while page := await store.runs("ses_a", 3, before):
        pages.append([found.run for found in page])
        before = page[-1].run
    assert pages == [[7, 6, 5], [4, 3, 2], [1]]


async def test_pages_of_sessions_have_no_gap_or_repeat_when_sessions_are_made_between(store: SessionStore) -> None:
    used = [3.0, 2.0000001, 3.0, 2.0000002, 3.0, 1.0]  # equal times, and some that a page border must tell apart
    for number, last_used in enumerate(used):
        await store.create(session(f"ses_{number}", last_used=last_used), KEY)
    await store.create(session("ses_bob", "bob", 3.0), KEY)
    seen: list[str] = []
    cursor = ""
    for page in range(3):
        infos, cursor = await store.sessions("ann", 2, cursor)
        seen += [info.session_id for info in infos]
        assert (cursor == "") == (page == 2)
        await store.create(session(f"ses_new{page}", last_used=100.0 + page), KEY)
    assert seen == ["ses_4", "ses_2", "ses_0", "ses_3", "ses_1", "ses_5"]


@pytest.mark.parametrize("cursor", ["nonsense", "é", "MS4wIHNlc19h IHg", "\0", "eHh4", "bmFuIHNlc19hIHg"])
async def test_a_cursor_that_no_page_gave_is_refused(store: SessionStore, cursor: str) -> None:
    with pytest.raises(BadArguments, match="cursor"):
        await store.sessions("ann", 10, cursor)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_below_one_is_refused(store: SessionStore, limit: int) -> None:
    with pytest.raises(BadArguments, match="limit"):
        await store.sessions("ann", limit)
    with pytest.raises(BadArguments, match="limit"):
        await store.runs("ses_a", limit)


async def test_it_opens_and_closes_twice_and_refuses_work_when_closed(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await store.open()
    assert await store.load("ses_a") is not None
    await store.close()
    await store.close()
    for work in (store.load("ses_a"), store.commit(draft(1)), store.delete("ses_a"), store.sessions("ann", 1)):
        with pytest.raises(StoreUnavailable, match="not open"):
            await work


async def test_info_is_the_session_without_what_belongs_to_it(store: SessionStore) -> None:
    assert await store.info("ses_a") is None
    await store.create(session(label="x"), KEY)
    await store.commit(draft(1, names=["x"]))
    found = await store.load("ses_a")
    assert found is not None
    assert await store.info("ses_a") == found.info
    assert json.dumps(dict(found.info.metadata)) == '{"label": "x"}'


async def test_files_are_written_replaced_and_removed_with_the_run(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await store.commit(RunDraft(record(1), files=(FileChange("a", b"one"), FileChange("b", b"\0two"))))
    await store.commit(
        RunDraft(record(2), files=(FileChange("a", b"three"), FileChange("b", None), FileChange("never there", None)))
    )
    found = await store.load("ses_a")
    assert found is not None
    assert found.files == (StoredFile("a", 5, 2),)
    assert (await store.file("ses_a", "a"), await store.file("ses_a", "b")) == (b"three", None)
    assert await store.file("ses_nobody", "a") is None


async def test_the_revision_stays_while_nobody_else_writes(store: SessionStore) -> None:
    await store.create(session(), KEY)
    await store.commit(draft(1))
    before = store.revision()
    await store.commit(draft(2))
    assert before is not None
    assert store.revision() == before


async def test_a_full_store_loses_the_least_recently_used_until_it_is_not(store: SessionStore) -> None:
    for number, last_used in enumerate([3.0, 1.0, 4.0, 2.0]):
        await store.create(session(f"ses_{number}", last_used=last_used), KEY)
        await store.commit(RunDraft(record(1, f"ses_{number}", at=last_used), files=(FileChange("a", bytes(500_000)),)))
    assert await store.size() > 2_000_000
    assert await store.shrink(3_000_000, 9.0, 9.0) == 0
    assert await store.shrink(1_200_000, 3.0, 9.0) == 2
    assert await store.shrink(900_000, 3.0, 9.0) == 0
    assert await store.shrink(900_000, 9.0, 9.0) == 1
    assert [info.session_id for info in (await store.sessions("ann", 10))[0]] == ["ses_2"]
    await store.compact()
    assert await store.size() < 900_000
    assert await store.file("ses_2", "a") == bytes(500_000)


async def test_what_is_leased_neither_expires_nor_makes_room(store: SessionStore) -> None:
    for name in ("ses_a", "ses_b"):
        await store.create(session(name), KEY)
    await store.acquire("ses_a", Lease("me", until=115.0, began=100.0))
    await store.acquire("ses_b", Lease("me", until=115.0, began=100.0))
    await store.release("ses_b", "me")
    assert await store.shrink(0, 100.0, 114.0) == 1
    assert await store.expire(100.0, 114.0) == 0
    assert await store.load("ses_a") is not None
    assert await store.expire(100.0, 115.0) == 1
