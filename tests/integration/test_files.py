"""The workspace from inside the sandbox, from the host and from the command line."""

import re
from pathlib import Path

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.answers import Outcome
from mcp_codeexec.server.text import render
from mcp_codeexec.settings import Settings
from tests.integration.conftest import CHEAP
from tests.integration.test_cli import cli

MB = 1_048_576


async def ran(engine: Engine, *texts: str, timeout_ms: int = 0) -> Outcome:
    """The last of several runs of a new session."""
    outcome = await engine.execute(texts[0], timeout_ms=timeout_ms)
    for text in texts[1:]:
        outcome = await engine.execute(text, outcome.session_id, timeout_ms)
    return outcome


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir()]


VALUES: list[tuple[str, list[str], object]] = [
    ("text", ["await files.write('a', 'héllo 😀')", "await files.read('a')"], "héllo 😀"),
    ("a byte order mark", ["await files.write('a', '\\ufeffx')", "(await files.read('a')).length"], 2),
    ("half a pair", ["await files.write('a', '\\ud800')", "await files.read('a')"], "\ufffd"),
    ("bytes", ["await files.write('a', new Uint8Array([0, 255]))", "[...await files.read('a', 'bytes')]"], [0, 255]),
    (
        "a part of a buffer",
        ["await files.write('a', new Uint8Array([1, 2, 3]).subarray(1))", "[...await files.read('a', 'bytes')]"],
        [2, 3],
    ),
    ("numbers", ["await files.write('a', new Float32Array([1]))", "[...await files.read('a', 'bytes')]"], [0, 0, 128, 63]),
    ("a buffer", ["await files.write('a', new ArrayBuffer(2))", "[...await files.read('a', 'bytes')]"], [0, 0]),
    ("a character that stands for a fault", ["await files.write('a', '\ufffd')", "await files.read('a')"], "\ufffd"),
    (
        "a buffer of its own",
        ["await files.write('a', new Uint8Array(1e5))", "(await files.read('a', 'bytes')).buffer.byteLength"],
        100_000,
    ),
    ("nothing", ["await files.write('a', '')", "[await files.read('a'), await files.list()]"], ["", [{"name": "a", "bytes": 0}]]),
    ("the last of two", ["await files.write('a', '1'); await files.write('a', '2')", "await files.read('a')"], "2"),
    ("read at once", ["await files.write('a', '1'); await files.read('a')"], "1"),
    ("all at once", ["await Promise.all(['a', 'b', 'c'].map((n) => files.write(n, n))); (await files.list()).length"], 3),
    (
        "removed",
        ["await files.write('a', '1')", "[await files.remove('a'), await files.remove('a'), await files.exists('a')]"],
        [True, False, False],
    ),
    ("kept over an error", ["await files.write('a', '1'); throw new Error('x')", "await files.read('a')"], "1"),
    (
        "ten megabytes",
        ["const t = 'x'.repeat(10 * 1024 * 1024); await files.write('a', t)", "(await files.read('a')).length"],
        10 * MB,
    ),
]


@pytest.mark.parametrize(("texts", "value"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
async def test_what_was_written_is_read_in_a_later_run(engine: Engine, texts: list[str], value: object) -> None:
    outcome = await ran(engine, *texts)
    assert (outcome.status, outcome.value) == ("ok", value), outcome


ERRORS: list[tuple[str, str, str]] = [
    ("no file", "1;\nawait files.read('a')", r"Error: there is no file \"a\"; there are no files yet\. \(line 2, column 13\)"),
    (
        "no text",
        "await files.write('a', new Uint8Array([255])); await files.read('a')",
        r'not UTF-8 text; .*files\.read\("a", "bytes"\)',
    ),
    ("an object", "await files.write('a', {})", r"TypeError: files\.write takes text or bytes, not Object: JSON\.stringify"),
    ("a name that is none", "await files.write('../a', '')", r"Error: \"\.\./a\" cannot be the name of a file"),
    ("no name", "await files.write(5, 'x')", "the name of a file is a string"),
    ("hidden", "const files = [1]; files.read('a')", r"hint: The session's variable files hides the functions for files"),
    ("too much", "await files.write('a', 'x'.repeat(10 * 1024 * 1024 + 1))", "needs 10485761 bytes; .* use 0 of 10485760"),
]


@pytest.mark.parametrize(("text", "says"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
async def test_what_cannot_be_done_is_an_error_in_the_code_at_its_place(engine: Engine, text: str, says: str) -> None:
    outcome = await engine.execute(text)
    assert outcome.status == "error"
    assert re.search(says, render(outcome)), render(outcome)


async def test_a_run_whose_process_does_not_survive_leaves_files_as_they_were(engine: Engine) -> None:
    first = await engine.execute("await files.write('a', 'before'); await files.write('b', 'b')")
    text = "await files.write('a', 'after'); await files.remove('b'); await files.write('c', ''); await null; for (;;) {}"
    lost = await engine.execute(text, first.session_id, timeout_ms=1_000)
    assert (lost.status, lost.state) == ("timeout", "rolled_back")
    assert lost.error is not None
    assert "variables and files are as after run 1" in lost.error.message
    after = await engine.execute("[await files.read('a'), await files.list()]", first.session_id)
    assert after.value == ["before", [{"name": "a", "bytes": 6}, {"name": "b", "bytes": 1}]]


@pytest.mark.parametrize("text", ["for (;;) {}", "await new Promise(() => {})"])
async def test_a_run_whose_process_survives_keeps_what_it_wrote(engine: Engine, text: str) -> None:
    first = await engine.execute(f"await files.write('a', '1'); {'await 0;' if 'new' in text else ''}")
    stopped = await engine.execute(f"const w = files.write('b', '2'); {text}", first.session_id, timeout_ms=200)
    assert stopped.status == "timeout"
    assert (await engine.execute("await files.exists('a')", first.session_id)).value is True


async def test_files_survive_a_restart_and_go_with_their_session(tmp_path: Path) -> None:
    settings = Settings.load({**CHEAP, "ephemeral": False, "data_dir": tmp_path})
    async with Engine(settings) as engine:
        session = (await engine.execute("await files.write('a', 'personal data of somebody')")).session_id
    async with Engine(settings) as engine:
        assert (await engine.execute("await files.read('a')", session)).value == "personal data of somebody"
        await engine.delete_session(session)
    assert not any(b"personal data" in content for content in contents(tmp_path))


async def test_the_table_of_variables_names_the_files(engine: Engine) -> None:
    outcome = await engine.execute("const n = 1; await files.write('mail bob@example.com.txt', 'x')")
    table = await engine.get_variable(outcome.session_id)
    assert [(file.bytes, file.name.startswith("mail [EMAIL_")) for file in table.files] == [(1, True)]
    assert re.search(r"^mail \[EMAIL_\w+\]\.txt  file  1 byte$|^mail \[EMAIL_\w+\]  file  1 byte$", render(table), re.MULTILINE)


async def test_history_keeps_the_whole_usage_of_a_run(engine: Engine) -> None:
    outcome = await engine.execute("await files.write('a', 'xyz'); console.log('hello'); 1")
    assert outcome.usage is not None
    assert outcome.usage.model_fields_set == {"wall_ms", "cpu_ms", "peak_memory_mb"}
    kept = (await engine.session_history(outcome.session_id, run=1)).answer
    assert kept is not None
    assert kept.usage is not None
    assert (kept.usage.output_chars, kept.usage.workspace_bytes) == (6, 3)
    assert 3 <= kept.usage.open_files <= 24


async def test_the_host_puts_files_in_and_takes_them_out(engine: Engine) -> None:
    session = await engine.create_session()
    await engine.write_file(session, "rows.json", "[1, 2]")
    outcome = await engine.execute("JSON.parse(await files.read('rows.json')).length", session)
    assert (outcome.run, outcome.value) == (2, 2)
    await engine.execute("await files.write('out', new Uint8Array([7]))", session)
    assert await engine.read_file(session, "out") == b"\x07"
    assert await engine.remove_file(session, "rows.json")
    assert [(file.name, file.size, file.run) for file in await engine.files(session)] == [("out", 1, 3)]
    history = await engine.session_history(session)
    assert [row.code for row in history.runs][-1] == 'await files.write("rows.json", …)  // 6 bytes, by the host'


async def test_what_the_operator_offers_is_there_to_read(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    async with Engine(Settings.load({**CHEAP, "input": [tmp_path / "rows.csv"]})) as engine:
        outcome = await engine.execute("(await files.read('inputs/rows.csv')).split('\\n').length")
        assert outcome.value == 3
        table = await engine.get_variable(outcome.session_id)
        assert [(file.name, file.bytes) for file in table.files] == [("inputs/rows.csv", 8)]


HOSTILE = [
    "Object.prototype.name = 'x'; Object.prototype.blob = 1; Object.prototype.then = 1;",
    "Array.prototype[Symbol.iterator] = 0; Promise.prototype.then = null; Uint8Array.prototype.set = null;",
    "TextEncoder.prototype.encode = () => 1; TextDecoder.prototype.decode = () => 'forged'; JSON.stringify = () => '0';",
    "ArrayBuffer.isView = () => false; Object.getPrototypeOf(Uint8Array).prototype.subarray = null; Error = null;",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_session_that_replaces_what_there_is_changes_nothing_for_its_files(engine: Engine, text: str) -> None:
    body = "await files.write('a', 'true'); await files.write('b', new Uint8Array(1)); await files.read('a')"
    outcome = await ran(engine, text, body)
    assert (outcome.status, outcome.value) == ("ok", "true"), outcome


def test_the_command_line_puts_gets_lists_and_removes(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b"1,2\xff")
    session = cli("run", "-", data=tmp_path / "d", stdin="1").stdout.split(" ", 1)[0]
    assert cli("files", "put", session, str(source), "data/in.csv", data=tmp_path / "d").returncode == 0
    assert cli("files", "list", session, data=tmp_path / "d").stdout == "         4  data/in.csv\n"
    assert cli("files", "get", session, "data/in.csv", str(tmp_path / "out.csv"), data=tmp_path / "d").returncode == 0
    assert (tmp_path / "out.csv").read_bytes() == b"1,2\xff"
    assert cli("files", "remove", session, "data/in.csv", data=tmp_path / "d").returncode == 0
    again = cli("files", "remove", session, "data/in.csv", data=tmp_path / "d")
    assert (again.returncode, "has no file 'data/in.csv'" in again.stderr) == (2, True)
