"""Variables kept and brought back by another process are as they were; what cannot be is named."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.answers import Outcome
from mcp_codeexec.runtime.pool import WorkerPool
from mcp_codeexec.settings import Settings
from tests.snapshots import Row
from tests.snapshots.kept import Kept, workers
from tests.snapshots.runs import APART, TOGETHER, Runs
from tests.snapshots.sources import LIVE_ONLY, SOURCES
from tests.snapshots.values import VALUES

ROWS = [*VALUES, *SOURCES]
IN_A_SESSION = 12


def shown(outcome: Outcome) -> object:
    assert outcome.status == "ok", outcome
    return outcome.value if "value" in outcome.model_fields_set else outcome.value_text


def named(row: Row, number: int) -> Row:
    return Row(
        row.title,
        row.program.replace("§", f"_{number}"),
        row.kept.replace("§", f"_{number}"),
        tuple(probe.replace("§", f"_{number}") for probe in row.probes),
    )


def settings(folder: Path) -> Settings:
    return Settings.load({"data_dir": folder, "spare_workers": 1})


@pytest.fixture(scope="module")
async def pool() -> AsyncGenerator[WorkerPool]:
    async with workers() as pool:
        yield pool


@pytest.mark.parametrize("start", range(0, len(ROWS), IN_A_SESSION))
async def test_a_variable_is_the_same_after_it_was_brought_back(tmp_path: Path, start: int) -> None:
    rows = [named(row, number) for number, row in enumerate(ROWS[start : start + IN_A_SESSION])]
    session, wrong = "", list[str]()
    async with Engine(settings(tmp_path)) as engine:
        for row in rows:
            made = await engine.execute(row.program, session)
            assert made.status == "ok", (row.title, made)
            session = made.session_id
        table = {v.name: v.kept for v in (await engine.get_variable(session)).variables}
        expected = dict(part.split(":") for row in rows for part in row.kept.split())
        wrong += [f"{name} is {table.get(name)}, not {kept}" for name, kept in expected.items() if table.get(name) != kept]
    async with Engine(settings(tmp_path)) as engine, Engine(Settings.load({"ephemeral": True, "spare_workers": 1})) as live:
        other = ""
        for row in rows:
            other = (await live.execute(row.program, other)).session_id
        for row in rows:
            for probe in row.probes:
                here, there = shown(await live.execute(probe, other)), shown(await engine.execute(probe, session))
                if repr(here) != repr(there):
                    wrong.append(f"{row.title}: {probe} gives {there}, not {here}")
    assert not wrong


@pytest.mark.parametrize("runs", [TOGETHER, *([row] for row in APART)], ids=["together", *(row.title for row in APART)])
async def test_what_a_run_changes_without_naming_it_is_kept(pool: WorkerPool, runs: list[Runs]) -> None:
    kept, probes = Kept(await pool.acquire(30)), dict[str, str]()
    for number, row in enumerate(runs):
        for text in row.texts:
            assert (await kept.run(text.replace("§", f"_{number}"))).heap_kept, row.title
        probes[row.title] = row.probe.replace("§", f"_{number}")
    back = await kept.brought_back(await pool.acquire(30))
    alive = {title: await kept.value(probe) for title, probe in probes.items()}
    assert {title: await back.value(probe) for title, probe in probes.items()} == alive
    await pool.release(kept.worker)
    await pool.release(back.worker)


# One session, run by run: what is too much is named with its reason, and takes nothing else with it.
LIMITS = [
    ("let small = {n: 1}", {"small": ""}),
    ("let text = 'x'.repeat(9_000_000)", {"text": "it is larger than 8 MB"}),
    ("text = 0; let bytes = new Uint8Array(9_000_000)", {"text": "", "bytes": "it is larger than 8 MB"}),
    ("bytes = 0; let array = new Array(1_000_000).fill(0.5)", {"bytes": "", "array": "it is larger than 8 MB"}),
    ("array = 0; let holds = {closure: ((n) => () => n)(1), small}", {"array": "", "holds": "a closure"}),
]


async def test_what_is_too_much_is_named_and_costs_nothing_else(pool: WorkerPool) -> None:
    kept = Kept(await pool.acquire(30))
    for text, whys in LIMITS:
        raw = await kept.run(f"{text}; 1")
        assert raw.heap_kept, text
        assert {s.name: s.why for s in raw.segments if s.name in whys} == whys
    assert (await kept.run("let v0 = new Uint8Array(7e6).fill(1), v1 = v0.slice(); 1")).heap_kept
    back = await kept.brought_back(await pool.acquire(30))
    assert await back.value("[small.n, v0[6e6]]") == "[ 1, 1 ]"
    await pool.release(kept.worker)
    await pool.release(back.worker)


SLICES = "Array.from({length: 30}, (_, i) => text.slice(i))"  # they share the room of one
MANY = [
    (f"let text = 'x'.repeat(2e6), all = {SLICES}; 1", {"all"}),
    (f"let text = 'x'.repeat(2e6), {', '.join(f'a{n} = {SLICES}' for n in range(6))}; 1", {"a0", "a5"}),
]


@pytest.mark.parametrize(("text", "names"), MANY, ids=["in one value", "in several"])
async def test_large_parts_of_what_is_too_large_are_not_all_sent(pool: WorkerPool, text: str, names: set[str]) -> None:
    kept = Kept(await pool.acquire(30))
    raw = await kept.run(text)
    assert raw.status == "ok", raw.error
    assert names <= {s.name for s in raw.segments if s.why == "it is larger than 8 MB"}
    await pool.release(kept.worker)


LARGE = [
    "v = Array.from({length: 100_000}, (_, i) => `a text of about fifty characters, its number is ${i}`); 1",
    "v = '\\udfffxy'.repeat(700_000); 1",
    "v = 1; " + "; ".join(f"a{n} = new Uint8Array(5_000_000)" for n in range(6)),
    "v = 1; " + "; ".join(f"a{n} = new Uint8Array(1_000_000)" for n in range(32)),
]


@pytest.mark.parametrize("text", LARGE)
async def test_what_was_kept_is_brought_back_in_the_memory_there_is(pool: WorkerPool, text: str) -> None:
    kept = Kept(await pool.acquire(30))
    assert (await kept.run(text)).status == "ok"
    back = await kept.brought_back(await pool.acquire(30))
    assert await back.value("v.length") == await kept.value("v.length")
    assert not back.lost
    await pool.release(kept.worker)
    await pool.release(back.worker)


async def test_what_lives_only_in_its_process_is_named(tmp_path: Path) -> None:
    rows = {title: program.replace("§", f"_{number}") for number, (title, program) in enumerate(LIVE_ONLY.items())}
    session, names = "", {title: f"c_{number}" for number, title in enumerate(LIVE_ONLY)}
    async with Engine(settings(tmp_path)) as engine:
        for title, program in rows.items():
            made = await engine.execute(f"{program}; let ok = 1", session)
            assert made.status == "ok", (title, made)
            session = made.session_id
            kept = {v.name: v.kept for v in made.variables}
            assert kept[names[title]] == "live_only", title
            assert kept["ok"] == "exact", title
    async with Engine(settings(tmp_path)) as engine:
        back = await engine.execute("ok", session)
        assert (back.value, back.state) == (1, "restored")
        assert set(names.values()) <= set(back.lost)
        gone = await engine.execute("typeof c_0", session)
        assert (gone.value, gone.state, gone.lost) == ("undefined", "", [])


async def test_a_change_of_a_built_in_is_named_when_it_is_lost(tmp_path: Path) -> None:
    async with Engine(settings(tmp_path)) as engine:
        made = await engine.execute("Array.prototype.last = function () { return this[this.length - 1] }; [1, 2].last()")
        assert (made.value, made.hint) == (
            2,
            "Kept only as long as the session's process lives: Array.prototype.last (a change of a built-in).",
        )
        session = made.session_id
        assert (await engine.execute("[3].last()", session)).value == 3
    async with Engine(settings(tmp_path)) as engine:
        back = await engine.execute("typeof [].last", session)
        assert (back.value, back.lost) == ("undefined", ["Array.prototype.last"])
