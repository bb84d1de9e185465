"""Variables kept and brought back by another process are as they were; what cannot be is named."""

from pathlib import Path

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.answers import Outcome
from mcp_codeexec.settings import Settings
from tests.snapshots import Row
from tests.snapshots.sources import LIVE_ONLY, SOURCES
from tests.snapshots.values import VALUES

ROWS = [*VALUES, *SOURCES]
TOGETHER = 12


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


@pytest.mark.parametrize("start", range(0, len(ROWS), TOGETHER))
async def test_a_variable_is_the_same_after_it_was_brought_back(tmp_path: Path, start: int) -> None:
    rows = [named(row, number) for number, row in enumerate(ROWS[start : start + TOGETHER])]
    session, alive, wrong = "", list[object](), list[str]()
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
        alive.append(other)
    assert not wrong


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
