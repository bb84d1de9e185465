"""A session run again: what is the same, what is not, and what cannot be run."""

from pathlib import Path

from mcp_codeexec import Engine
from mcp_codeexec.engine.replay import Replayed, ReplayedRun
from mcp_codeexec.settings import Settings
from tests.integration.conftest import CHEAP
from tests.unit.sessions.files import holding

ADDRESS, KEY = "ann.lee@example.com", "ghp_" + "a1B2c3D4e5" * 3 + "F6g7H8"


async def session_of(engine: Engine, *programs: str) -> str:
    session = await engine.create_session()
    for program in programs:
        await engine.execute(program, session)
    return session


def parts(replayed: Replayed) -> list[list[str]]:
    """Of each run, the parts that differ."""
    return [[difference.part for difference in run.differences] for run in replayed.runs]


async def test_a_history_that_depends_on_nothing_comes_out_the_same(engine: Engine) -> None:
    session = await session_of(
        engine,
        "let n: number = 20; console.log('n', n); n",
        "await files.write('a.txt', 'abc'); new Map([[n, 1]])",
        "n = 21; (await files.read('a.txt')).length + n",
        "throw new RangeError(`no ${n}`)",
        "require('fs')",
        "let a = ;",
        "function f() { throw new Error('in f') }",
        "try { f() } catch (e) { console.error(e) } n",
    )
    told: list[ReplayedRun] = []
    replayed = await engine.replay(session, on_run=told.append)
    assert not replayed.different, replayed
    assert [(run.run, run.again, run.skipped) for run in told] == [(n, n, "") for n in range(1, 9)]
    assert tuple(told) == replayed.runs
    assert replayed.session_id != session
    assert (await engine.execute("n", replayed.session_id)).value == 21
    assert len((await engine.session_history(session)).runs) == 8


async def test_values_output_and_status_that_differ_are_shown_from_where_they_do(engine: Engine) -> None:
    session = await session_of(
        engine,
        "const id = crypto.randomUUID(); id",
        "console.log('x'.repeat(500) + id)",
        f"if (id !== '{'0' * 8}') await files.write('seen', ''); 1",
        "1",
    )
    replayed = await engine.replay(session)
    assert replayed.different
    assert parts(replayed) == [["value"], ["output"], [], []]
    (value,) = replayed.runs[0].differences
    assert len(value.before) == len(value.after) == 36
    (output,) = replayed.runs[1].differences
    shown = "…" + "x" * 14  # two random texts may begin with the same digits
    assert (output.before[:15], output.after[:15]) == (shown, shown)
    assert output.before[15:] != output.after[15:]


async def test_tokens_become_real_values_again_and_each_session_has_its_own(engine: Engine) -> None:
    program = f"const who = '{ADDRESS}'; /* {ADDRESS} */ console.log(who); [who.length, who]"
    session = await session_of(engine, program, "who.split('').join('-')")
    replayed = await engine.replay(session)
    assert not replayed.different, replayed
    old, new = [(await engine.session_history(id_, 1)).answer for id_ in (session, replayed.session_id)]
    assert old is not None
    assert new is not None
    assert isinstance(new.value, list)
    assert new.value[0] == len(ADDRESS)
    assert old.output != new.output
    assert ADDRESS not in str(replayed)


async def test_tokens_that_the_model_wrote_are_turned_back_in_the_new_session_as_in_the_old_one(engine: Engine) -> None:
    session = await session_of(engine, f"const who = '{ADDRESS}'; who")
    token = (await engine.execute("who", session)).value
    for program in (f"const to = `${{'{token}'}}`; [to.length, to]", f"/{ADDRESS}/.test(who) // {token}"):
        await engine.execute(program, session)
    replayed = await engine.replay(session)
    assert not replayed.different, replayed
    again = await engine.session_history(replayed.session_id)
    new = (await engine.execute("who", replayed.session_id)).value
    assert [row.code for row in again.runs[:2]] == [f"/{new}/.test(who) // {new}", f"const to = `${{'{new}'}}`; [to.length, to]"]
    assert again.runs[0].value_text == "true"


async def test_other_values_behind_tokens_are_a_difference(engine: Engine) -> None:
    session = await session_of(engine, "const who = `${crypto.randomUUID().slice(0, 8)}@example.com`; who", "who.length")
    replayed = await engine.replay(session)
    assert parts(replayed) == [["value"], []]
    assert "@example.com" not in str(replayed)


async def test_runs_that_hold_a_redaction_and_acts_of_the_host_are_named_and_their_numbers_kept(engine: Engine) -> None:
    session = await session_of(engine, f"const key = '{KEY}'; key.length")
    await engine.set_variable(session, "rows", [1, 2])
    await engine.write_file(session, "a.txt", "abc")
    await engine.remove_file(session, "a.txt")
    await engine.execute("typeof rows", session)
    replayed = await engine.replay(session)
    whys = [run.skipped for run in replayed.runs]
    assert whys[0].startswith("its code holds [REDACTED:")
    assert whys[1] == "the host did it: rows = …  // 6 bytes of JSON, set by the host"
    assert all(why.startswith("the host did it: await files.") for why in whys[2:4])
    assert parts(replayed) == [[], [], [], [], ["value"]]
    (difference,) = replayed.runs[4].differences
    assert (difference.before, difference.after, replayed.runs[4].again) == ("object", "undefined", 5)
    history = await engine.session_history(replayed.session_id)
    assert history.runs[-1].code.startswith("// run 1 was not replayed: its code holds [REDACTED:")


async def test_a_time_out_is_one_again_also_of_a_run_that_had_less_time_than_the_default(engine: Engine) -> None:
    session = await engine.create_session()
    assert (await engine.execute("await new Promise(done => setTimeout(done, 1_000))", session, 100)).status == "timeout"
    replayed = await engine.replay(session)
    assert not replayed.different, replayed


async def test_a_run_gets_the_time_that_it_took() -> None:
    async with Engine(Settings.load({**CHEAP, "timeout_ms": 200})) as engine:
        session = await engine.create_session()
        slow = "await new Promise(done => setTimeout(done, 400)); 'done'"
        assert (await engine.execute(slow, session, timeout_ms=5_000)).value == "done"
        replayed = await engine.replay(session)
    assert not replayed.different, replayed


async def test_a_trimmed_history_is_replayed_from_its_oldest_run() -> None:
    async with Engine(Settings.load({**CHEAP, "history_mb": 1})) as engine:
        big = "console.log('o'.repeat(400_000)); "
        third, fourth = "function f() { throw new Error('here') }", "try { f() } catch (e) { console.error(e) } 1"
        session = await session_of(engine, big, big, big + third, big + fourth)
        tail = (await engine.session_history(session, 4, "output", 400_000)).text
        assert "at f (run 3, line 1" in tail
        replayed = await engine.replay(session)
    assert [(run.run, run.again) for run in replayed.runs] == [(3, 1), (4, 2)]
    assert not replayed.different, replayed


async def test_a_run_whose_server_was_killed_is_named_and_not_replayed(tmp_path: Path) -> None:
    async with Engine(Settings.load({**CHEAP, "ephemeral": False, "data_dir": tmp_path, "owner": "ann"})) as engine:
        session = await session_of(engine, "let a = 1; a")
        with holding(tmp_path / "sessions.db", session):  # and is killed
            pass
        replayed = await engine.replay(session)
    assert [run.skipped for run in replayed.runs] == ["", "its server was stopped in it, before its code was recorded"]
