"""The engine's promises to those who embed it: the pipeline as a whole, its ends, and its limits."""

import asyncio
import os
import re
import sqlite3
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from mcp_codeexec import Engine
from mcp_codeexec.errors import BadArguments, Busy, NotRun, RuntimeUnavailable, SessionNotFound, StoreUnavailable, VariableNotFound
from mcp_codeexec.filtering import FilterPipeline
from mcp_codeexec.model import Payload, Stage
from mcp_codeexec.ports import HostCall
from mcp_codeexec.settings import Settings
from tests.integration.conftest import CHEAP


def settings(**more: object) -> Settings:
    return Settings.load({**CHEAP, **more})


async def test_a_call_passes_every_stage_in_order(engine: Engine) -> None:
    stages: list[Stage] = []
    await engine.execute("1 + 1", on_stage=stages.append)
    assert stages == ["queued", "validating", "executing", "filtering", "done"]


async def test_a_refused_text_never_executes(engine: Engine) -> None:
    stages: list[Stage] = []
    out = await engine.execute("fetch('https://example.com')", on_stage=stages.append)
    assert out.status == "rejected"
    assert stages == ["queued", "validating", "filtering", "done"]


async def test_a_text_that_does_not_parse_changes_nothing(engine: Engine) -> None:
    session = (await engine.execute("let a = 1; a")).session_id
    for broken in ("let b = 2; a = 3; let c = ;", "let b: number = 2; a = 3; c(", "let b = 2; a = 3; }"):
        out = await engine.execute(broken, session)
        assert (out.status, out.hint) == ("error", "Nothing ran, nothing changed.")
        assert out.error is not None
        assert out.error.name == "SyntaxError"
        assert out.error.line == 1
    out = await engine.execute("[a, typeof b, typeof c]", session)
    assert out.value == [1, "undefined", "undefined"]
    assert [row.name for row in (await engine.get_variable(session)).variables] == ["a"]


async def test_sessions_do_not_see_each_other(engine: Engine) -> None:
    first = await engine.execute("var shared = 1; Array.prototype.leak = 2; leaked = 3; shared")
    second = await engine.execute("[typeof shared, [].leak, typeof leaked]")
    assert second.value_text == '[ "undefined", undefined, "undefined" ]'
    assert first.session_id != second.session_id


async def test_data_goes_in_and_counts_as_a_run(engine: Engine) -> None:
    session = await engine.create_session({"purpose": "test"})
    await engine.set_variable(session, "rows", [{"n": 1}, {"n": "ä\ud800"}])
    out = await engine.execute("rows.map(r => r.n)", session)
    assert out.run == 2
    assert out.value == [1, "ä\ufffd"]
    await engine.set_variable(session, "rows", None)
    assert (await engine.execute("rows", session)).value is None
    history = await engine.session_history(session)
    assert [row.code for row in history.runs] == [
        "rows",
        "rows = …  // 4 bytes of JSON, set by the host",
        "rows.map(r => r.n)",
        history.runs[3].code,
    ]


@pytest.mark.parametrize("name", ["", "a b", "1a", "class", "a.b", "a;b", "x\u202e"])
async def test_a_variable_needs_a_name_that_code_can_use(engine: Engine, name: str) -> None:
    session = await engine.create_session()
    with pytest.raises(BadArguments):
        await engine.set_variable(session, name, 1)


@pytest.mark.parametrize(
    "value", [float("nan"), {"a": {1, 2}}, b"x", ["x" * 2_100_000]], ids=["NaN", "a set", "bytes", "too large"]
)
async def test_a_value_that_is_no_plain_data_or_too_large_is_refused_and_changes_nothing(engine: Engine, value: Any) -> None:
    session = await engine.create_session()
    with pytest.raises(BadArguments, match="the value of rows is"):
        await engine.set_variable(session, "rows", value)
    assert (await engine.session_history(session)).runs == []


async def test_code_calls_the_host_and_the_host_answers() -> None:
    asked: list[object] = []

    async def double(payload: Payload) -> Payload:
        asked.append(payload.data)
        if payload.data == "bad":
            raise NotRun("only numbers can be doubled")
        if payload.data == "worse":
            raise ValueError("a host detail")
        assert isinstance(payload.data, int)
        return Payload(payload.data * 2)

    calls: dict[str, HostCall] = {"double": double}
    async with Engine(settings(), host_calls=calls) as engine:
        out = await engine.execute("await Promise.all([1, 2, 3].map(n => host.double(n)))")
        assert out.value == [2, 4, 6]
        out = await engine.execute("try { await host.double('bad') } catch (e) { e.message }")
        assert out.value == "only numbers can be doubled"
        out = await engine.execute("await host.double('worse')")
        assert out.error is not None
        assert out.error.message == "the host function failed"
        out = await engine.execute("host.double(4); 'done'")
        assert out.hint == "1 host call not awaited was cancelled: await what you need."
    assert sorted(map(str, asked)) == ["1", "2", "3", "4", "bad", "worse"]


async def test_a_filter_that_fails_withholds_the_answer_and_keeps_the_state() -> None:
    filters = FilterPipeline()
    async with Engine(settings(), filters=filters) as engine:
        session = (await engine.execute("let a = 1; a")).session_id
        working = vars(filters)["_detector"]
        vars(filters)["_detector"] = object()  # a detector that breaks
        out = await engine.execute("a = 'AKIA' + 'IOSFODNN7EXAMPLQ'; console.log(a); a", session)
        assert out.status == "withheld"
        assert "AKIA" not in str(out.structure())
        vars(filters)["_detector"] = working
        assert (await engine.execute("a.length", session)).value == 20
        history = await engine.session_history(session, 2)
        assert "AKIA" not in str(history.structure())


async def test_a_run_that_cannot_be_recorded_is_not_kept(tmp_path: Path) -> None:
    async with Engine(settings(ephemeral=False, data_dir=tmp_path)) as engine:
        session = (await engine.execute("let a = 1; a")).session_id
        with sqlite3.connect(tmp_path / "sessions.db") as other:
            other.execute("CREATE TRIGGER no BEFORE INSERT ON run BEGIN SELECT RAISE(ABORT, 'full'); END")
        with pytest.raises(StoreUnavailable, match="This run is not kept"):
            await engine.execute("a = 2; a", session)
        with sqlite3.connect(tmp_path / "sessions.db") as other:
            other.execute("DROP TRIGGER no")
        after = await engine.execute("a", session)
        assert (after.run, after.value, after.state) == (2, 1, "restored")


async def test_a_variable_that_cannot_be_recorded_is_not_set(tmp_path: Path) -> None:
    async with Engine(settings(ephemeral=False, data_dir=tmp_path)) as engine:
        session = await engine.create_session()
        with sqlite3.connect(tmp_path / "sessions.db") as other:
            other.execute("CREATE TRIGGER no BEFORE INSERT ON run BEGIN SELECT RAISE(ABORT, 'full'); END")
        with pytest.raises(StoreUnavailable):
            await engine.set_variable(session, "rows", [1])
        with sqlite3.connect(tmp_path / "sessions.db") as other:
            other.execute("DROP TRIGGER no")
        assert (await engine.execute("typeof rows", session)).value == "undefined"


async def test_the_database_is_private(tmp_path: Path) -> None:
    async with Engine(settings(ephemeral=False, data_dir=tmp_path / "data")) as engine:
        await engine.execute("1")
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    assert modes["sessions.db"] == 0o600
    assert all(mode == 0o600 for mode in modes.values())


async def test_the_owner_sees_only_its_own_sessions(tmp_path: Path) -> None:
    async with Engine(settings(ephemeral=False, data_dir=tmp_path, owner="ann")) as engine:
        session = (await engine.execute("1")).session_id
    async with Engine(settings(ephemeral=False, data_dir=tmp_path, owner="bob")) as engine:
        assert (await engine.session_history()).sessions == []
        for call in (engine.execute("1", session), engine.get_variable(session), engine.session_history(session)):
            with pytest.raises(SessionNotFound, match="there is no session"):
                await call


async def test_only_so_many_calls_wait_for_one_session(engine: Engine) -> None:
    session = await engine.create_session()
    async with anyio.create_task_group() as group:
        started = asyncio.Event()
        slow = "await new Promise(resolve => setTimeout(resolve, 500))"
        group.start_soon(lambda: engine.execute(slow, session, on_stage=lambda s: started.set() if s == "executing" else None))
        await started.wait()
        waiting = [asyncio.create_task(engine.execute("1", session)) for _ in range(8)]
        await anyio.lowlevel.checkpoint()
        with pytest.raises(Busy, match="8 calls wait already for this session"):
            await engine.execute("1", session)
        assert [out.value for out in await asyncio.gather(*waiting)] == [1] * 8


async def test_one_session_in_a_loop_does_not_stop_another() -> None:
    async with Engine(settings(concurrent_runs=2)) as engine:
        looping = asyncio.create_task(engine.execute("await null; for (;;) {}", timeout_ms=1_500))
        out = await engine.execute("'free'")
        assert out.value == "free"
        assert not looping.done()
        ended = await looping
        assert (ended.status, ended.error is not None and "in a loop after an await" in ended.error.message) == ("timeout", True)


async def test_the_least_recently_used_session_gives_its_process_up() -> None:
    async with Engine(settings(live_sessions=2)) as engine:
        sessions = [(await engine.execute(f"let n = {i}; n")).session_id for i in range(3)]
        answers = [await engine.execute("n", session) for session in (sessions[2], sessions[1], sessions[0])]
        assert [(answer.value, answer.state) for answer in answers] == [(2, ""), (1, ""), (0, "restored")]


async def test_a_lost_name_is_told_unless_the_text_declares_it_anew() -> None:
    async with Engine(settings(live_sessions=1)) as engine:
        session = (await engine.execute("n = Promise.resolve(5); let m = n, k = n, kept = 1")).session_id
        await engine.execute("1")  # in another session, which takes the only place
        out = await engine.execute("typeof n === 'undefined' ? n = 1 : ++n; let m = 8; n", session)
        assert (out.value, out.lost, out.state) == (1, ["k", "n"], "restored")
        assert "k (a Promise)" in out.hint
        assert [row.name for row in (await engine.get_variable(session)).variables] == ["kept", "m", "n"]


async def test_an_error_that_is_printed_names_the_callers_places(engine: Engine) -> None:
    first = await engine.execute("const f = () => { throw new Error('é') };\nlet n = 1")
    out = await engine.execute(
        "let seen;\nconst é = 1; try { f() } catch (e) { console.error(e); seen = e }\nseen", first.session_id
    )
    frames = ["at f (run 1, line 1, column 25)", "at line 2, column 20"]
    for text in (out.output, out.value_text):
        assert [line.strip() for line in text.splitlines() if " at " in f" {line}"] == frames, text


async def test_output_before_a_kill_is_told(engine: Engine) -> None:
    out = await engine.execute("console.log('page 1'); await null; console.log('page 2'); for (;;) {}", timeout_ms=300)
    assert (out.status, out.output) == ("timeout", "page 1\npage 2\n")


async def test_a_flood_of_output_keeps_its_head_and_tail(engine: Engine) -> None:
    out = await engine.execute("for (let i = 0; i < 200_000; i++) console.log('line ' + i); 'end'")
    session = out.session_id
    assert out.value == "end"
    first = await engine.session_history(session, 1, "output", 0, 20)
    assert first.text.startswith("line 0\nline 1\n")
    last = await engine.session_history(session, 1, "output", first.total - 12, 12)
    assert last.text == "line 199999\n"
    assert 1_000_000 < first.total < 1_100_000


async def test_unknown_names_are_answered_with_the_nearest_and_all(engine: Engine) -> None:
    session = (await engine.execute("const total = 1, rows = [2]; rows")).session_id
    with pytest.raises(VariableNotFound, match="Did you mean total") as caught:
        await engine.get_variable(session, "totl")
    assert caught.value.hint == "The session has: rows, total."
    with pytest.raises(VariableNotFound, match="nothing at path"):
        await engine.get_variable(session, "rows", "[5]")
    with pytest.raises(BadArguments, match="path cannot be read at character 1"):
        await engine.get_variable(session, "rows", "[")


async def test_numbers_out_of_range_cost_nothing(engine: Engine) -> None:
    session = (await engine.execute("const rows = [1]; rows")).session_id
    for call in (
        engine.get_variable(session, "rows", offset=10**23),
        engine.get_variable(session, "rows", limit=2**31),
        engine.session_history(session, limit=-1),
        engine.session_history(session, cursor="9" * 23),
    ):
        with pytest.raises(BadArguments):
            await call
    assert (await engine.execute("rows", session)).value == [1]


async def test_parts_of_values_are_reached_by_path(engine: Engine) -> None:
    code = "const m = new Map([['k', {list: [10, 20, 30], 'odd key': 'x'.repeat(5)}]]); const o = {m}; o"
    session = (await engine.execute(code)).session_id
    for path, value in [
        ("m.k.list[1]", 20),
        ("m.k.list[-1]", 30),
        ('m["k"]["odd key"]', "xxxxx"),
        ("m['k'].list", [10, 20, 30]),
        ("m", [["k", {"list": [10, 20, 30], "odd key": "xxxxx"}]]),
    ]:
        assert (await engine.get_variable(session, "o", path)).value == value


async def test_reading_a_variable_runs_no_code_of_the_session(engine: Engine) -> None:
    code = """
    let ran = 0;
    class Spy { get [Symbol.toStringTag]() { ran++; return "x" } get field() { ran++; return 1 } toJSON() { ran++; return 2 } }
    const spied = [new Spy(), new Proxy({}, { get() { ran++ }, ownKeys() { ran++; return [] } }), { get a() { ran++; return 1 } }];
    ran"""
    session = (await engine.execute(code)).session_id
    await engine.get_variable(session)
    await engine.get_variable(session, "spied")
    await engine.get_variable(session, "spied", "[0]")
    with pytest.raises(VariableNotFound):
        await engine.get_variable(session, "spied", "[2].a")
    assert (await engine.execute("spied; ran", session)).value == 0


async def test_a_page_never_shows_a_secret_that_its_border_cuts(engine: Engine) -> None:
    key = "ghp_" + "a1B2c3D4e5" * 3 + "F6g7H8"
    session = (await engine.execute(f"const text = 'x'.repeat(100) + ' {key} ' + 'y'.repeat(100); text.length")).session_id
    for offset in range(90, 150, 7):
        page = await engine.get_variable(session, "text", "", offset, 20)
        shown = page.value_text or str(page.value)
        assert not any(key[i : i + 6] in shown for i in range(len(key) - 6))


async def test_a_missing_deno_is_one_sentence_at_every_call(tmp_path: Path) -> None:
    async with Engine(settings(deno=tmp_path / "deno")) as engine:
        for _ in range(2):
            with pytest.raises(RuntimeUnavailable, match="There is no Deno at"):
                await engine.execute("1")


async def test_leaving_the_engine_ends_all_its_processes() -> None:
    me = psutil.Process(os.getpid())
    before = {child.pid for child in me.children(recursive=True)}
    async with Engine(settings(spare_workers=3)) as engine:
        await engine.execute("1")
        running = asyncio.create_task(engine.execute("await null; for (;;) {}", timeout_ms=50_000))
        await engine.execute("2")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert {child.pid for child in me.children(recursive=True)} <= before


async def test_the_status_names_versions_layers_and_figures(engine: Engine) -> None:
    await engine.execute("1")
    status = await engine.status()
    assert status.deno_version.startswith("2.9.")
    assert {name for name, _, _ in status.layers} >= {"landlock", "seccomp", "memory_limit", "rlimits"}
    executor = status.figures["executor"]
    assert isinstance(executor, dict)
    assert executor["total_executions"] == 1
    assert status.store == "in memory"


async def test_a_hundred_runs_leave_no_growth(engine: Engine) -> None:
    session = (await engine.execute("let n = 0; n")).session_id
    for _ in range(50):
        await engine.execute("n++; [1, 2, 3].map(x => x * n)", session)
    before = await engine.execute("n", session)
    for _ in range(100):
        await engine.execute("n++; [1, 2, 3].map(x => x * n)", session)
    after = await engine.execute("n", session)
    assert (before.value, after.value) == (50, 150)
    assert before.usage is not None
    assert after.usage is not None
    assert after.usage.peak_memory_mb - before.usage.peak_memory_mb < 8


async def test_what_inspect_leaves_out_is_counted_in_entries(engine: Engine) -> None:
    for code, kept, total in (
        ("new Map(Array.from({length: 3000}, (_, i) => [i, {i}]))", 8, 3_000),
        ("new Uint8Array(5000)", 100, 5_000),
    ):
        (cut,) = (await engine.execute(code)).truncated
        assert (cut.kept, cut.total) == (kept, total)


async def test_the_call_for_the_rest_of_a_sample_goes_on_where_it_stops(engine: Engine) -> None:
    outcome = await engine.execute("({total: 2, rows: Array.from({length: 2000}, (_, i) => ({i}))})")
    (cut,) = outcome.truncated
    call = re.fullmatch(r'get_variable\("ses_.{22}", "_", path="rows", offset=(\d+)\)', cut.get)
    assert call is not None
    first = int(call[1])
    assert f'{{"i": {first - 1}}},\n … {2_000 - cut.kept} items left out …' in outcome.value_text
    page = await engine.get_variable(outcome.session_id, "_", "rows", first, 1)
    assert page.value == [{"i": first}]
