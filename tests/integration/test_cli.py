"""The command line as a person meets it: a process, its output and its exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_codeexec import __version__
from tests.measured import measured

LIMIT_S = 60


def cli(*arguments: str, data: Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `mcp-codeexec` with a store of the test's own."""
    return subprocess.run(
        [sys.executable, "-m", "mcp_codeexec", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "MCP_CODEEXEC_DATA_DIR": str(data), **environment, **measured()},
    )


def test_a_file_runs_and_prints_what_a_model_would_read(tmp_path: Path) -> None:
    program = tmp_path / "program.ts"
    program.write_text("const n: number = 20;\nconsole.log('hello');\nn + 1", "utf-8")
    done = cli("run", str(program), data=tmp_path)
    assert done.returncode == 0
    assert "value: 21\noutput:\nhello\n" in done.stdout
    assert done.stderr == ""


def test_standard_input_runs_in_a_session_that_goes_on(tmp_path: Path) -> None:
    first = cli("run", "-", data=tmp_path, stdin="const a = 1; a")
    session = first.stdout.split(" ", 1)[0]
    again = cli("run", "-", "--session", session, data=tmp_path, stdin="a + 1")
    assert again.returncode == 0
    assert f"{session} · run 2 · ok" in again.stdout
    assert "value: 2" in again.stdout


def test_a_program_that_fails_gives_exit_code_1(tmp_path: Path) -> None:
    done = cli("run", "-", data=tmp_path, stdin="throw new RangeError('no')")
    assert (done.returncode, "RangeError: no (line 1, column 7)" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "/no/such/file.ts"], 2, "/no/such/file.ts cannot be read"),
        (["run", "-", "--session", "ses_nope"], 2, "there is no session ses_nope"),
        (["run", "-", "--memory-mb", "lots"], 2, "memory_mb"),
        (["--config", "/no/such.toml", "run", "-"], 2, "there is no file /no/such.toml"),
        (["run", "-", "--deno", "/no/deno"], 3, "There is no Deno at /no/deno"),
        (["sessions", "show"], 2, "needs the ID of a session"),
        (["sessions", "delete", "ses_nope"], 2, "there is no session"),
        (["history", "ses_nope"], 2, "there is no session"),
        (["export", "ses_nope"], 2, "there is no session"),
        (["replay", "ses_nope"], 2, "there is no session"),
        (["--no-such-flag"], 2, "unrecognized arguments"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    done = cli(*arguments, data=tmp_path, stdin="1")
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_sessions_are_listed_shown_and_deleted(tmp_path: Path) -> None:
    session = cli("run", "-", data=tmp_path, stdin="1 + 1").stdout.split(" ", 1)[0]
    assert session in cli("sessions", data=tmp_path).stdout
    listed = json.loads(cli("sessions", "list", "--json", data=tmp_path).stdout)
    assert [row["session_id"] for row in listed["sessions"]] == [session]
    assert "run 1 · ok" in cli("sessions", "show", session, data=tmp_path).stdout
    assert cli("sessions", "delete", session, data=tmp_path).stdout == f"deleted {session}\n"
    assert cli("sessions", data=tmp_path).stdout == "no sessions\n"


def test_cleanup_says_what_it_removed_and_what_is_left(tmp_path: Path) -> None:
    session = cli("run", "-", data=tmp_path, stdin="1 + 1").stdout.split(" ", 1)[0]
    done = cli("cleanup", data=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("removed 0 expired, 0 for room; 0.1 of 1024 MB in use\n", "", 0)
    assert cli("cleanup", "--keep-days", "1e-9", data=tmp_path).stdout.startswith("removed 1 expired, 0 for room; ")
    assert session not in cli("sessions", data=tmp_path).stdout


def test_a_file_is_put_in_listed_taken_out_and_removed(tmp_path: Path) -> None:
    session = cli("run", "-", data=tmp_path, stdin="1").stdout.split(" ", 1)[0]
    (tmp_path / "a.csv").write_text("a,b\n", "utf-8")
    assert cli("files", "put", session, str(tmp_path / "a.csv"), "rows.csv", data=tmp_path).returncode == 0
    assert cli("files", "list", session, data=tmp_path).stdout.split() == ["4", "rows.csv"]
    assert cli("files", "get", session, "rows.csv", data=tmp_path).stdout == "a,b\n"
    assert cli("files", "remove", session, "rows.csv", data=tmp_path).returncode == 0
    again = cli("files", "remove", session, "rows.csv", data=tmp_path)
    assert (again.returncode, "the session has no file 'rows.csv'" in again.stderr) == (2, True)


def test_the_runs_of_a_session_are_shown_by_status_and_one_by_one(tmp_path: Path) -> None:
    session = cli("run", "-", data=tmp_path, stdin="console.log('hi'); 1 + 1").stdout.split(" ", 1)[0]
    cli("run", "-", "--session", session, data=tmp_path, stdin="throw new Error('no')")
    every = cli("history", session, data=tmp_path).stdout
    assert ("run 1 · ok" in every, "run 2 · error" in every) == (True, True)
    failed = cli("history", session, "--status", "error", data=tmp_path).stdout
    assert ("run 1 · ok" in failed, "run 2 · error" in failed) == (False, True)
    assert "value: 2\noutput:\nhi\nusage: " in cli("history", session, "--run", "1", data=tmp_path).stdout
    part = cli("history", session, "--run", "1", "--part", "output", "--json", data=tmp_path)
    assert json.loads(part.stdout)["text"] == "hi\n"
    older = cli("history", session, "--limit", "1", "--cursor", "2", data=tmp_path).stdout
    assert ("run 1 · ok" in older, "run 2 · error" in older) == (True, False)


def test_a_session_is_exported_to_a_file_or_standard_output(tmp_path: Path) -> None:
    session = cli("run", "-", data=tmp_path, stdin="'é'").stdout.split(" ", 1)[0]
    target = tmp_path / "session.ipynb"
    done = cli("export", session, "-o", str(target), data=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    cells = json.loads(target.read_text("utf-8"))["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code"]
    printed = cli("export", session, "--format", "md", data=tmp_path)
    assert (printed.returncode, "```text\né\n```" in printed.stdout) == (0, True)


def test_only_who_asks_to_reveal_sees_the_values_behind_tokens(tmp_path: Path) -> None:
    told = cli(
        "run", "-", data=tmp_path, stdin="const to = `ann.lee@example.com`; console.log({ [to]: 'it\\'s \"q\"' }); to"
    ).stdout
    session = told.split(" ", 1)[0]
    assert "ann.lee" not in told
    shown = cli("history", session, "--run", "1", "--reveal", data=tmp_path).stdout
    assert 'value: "ann.lee@example.com"' in shown
    assert "const to = `ann.lee@example.com`" in shown
    assert "[EMAIL_" not in shown
    asked = cli("history", session, "--run", "1", "--json", "--reveal", data=tmp_path)
    assert json.loads(asked.stdout)["answer"]["value"] == "ann.lee@example.com"
    page = cli("export", session, "--format", "md", "--reveal", data=tmp_path).stdout
    assert ("const to = `ann.lee@example.com`" in page, "[EMAIL_" in page.replace("[EMAIL_k3f9q2]", "")) == (True, False)
    book = json.loads(cli("export", session, "--reveal", data=tmp_path).stdout)
    assert "[EMAIL_k3f9q2]" in "".join(book["cells"][0]["source"])  # an example, nobody's token
    assert "ann.lee@example.com" in "".join(book["cells"][1]["source"])
    assert "[EMAIL_" not in json.dumps(book["cells"][1])


def test_a_replay_says_what_came_out_otherwise_and_its_exit_code_tells(tmp_path: Path) -> None:
    session = cli("run", "-", data=tmp_path, stdin="let a = 1; a").stdout.split(" ", 1)[0]
    same = cli("replay", session, data=tmp_path)
    assert same.returncode == 0
    assert same.stdout.startswith(f"run 1 · same\n{session} again in ses_")
    assert same.stdout.endswith(": 1 same, 0 different, 0 not replayed\n")
    cli("run", "-", "--session", session, data=tmp_path, stdin="crypto.randomUUID()")
    put = tmp_path / "a.txt"
    put.write_text("abc", "utf-8")
    cli("files", "put", session, str(put), data=tmp_path)
    other = cli("replay", session, data=tmp_path)
    assert other.returncode == 1
    first, second, was, now, third, _ = other.stdout.splitlines()
    assert (first, second) == ("run 1 · same", "run 2 · different")
    assert (was[:13], now[:13]) == ('  value was "', '  value is  "')
    assert third.startswith("run 3 · not replayed: the host did it: await files.write(")
    assert other.stdout.endswith(": 1 same, 1 different, 1 not replayed\n")


def test_an_ephemeral_run_leaves_no_store(tmp_path: Path) -> None:
    assert cli("run", "-", "--ephemeral", data=tmp_path / "data", stdin="1").returncode == 0
    assert not (tmp_path / "data").exists()


def test_settings_come_from_file_then_environment_then_flags(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("timeout_ms = 100\n", "utf-8")
    hang = "await new Promise(() => {})"
    assert "Stopped after 100 ms" in cli("--config", str(config), "run", "-", data=tmp_path, stdin=hang).stdout
    environment = {"MCP_CODEEXEC_TIMEOUT_MS": "150", "MCP_CODEEXEC_CONFIG": str(config)}
    assert "Stopped after 150 ms" in cli("run", "-", data=tmp_path, stdin=hang, **environment).stdout
    assert "Stopped after 200 ms" in cli("run", "-", "--timeout-ms", "200", data=tmp_path, stdin=hang, **environment).stdout


def test_the_doctor_finds_this_machine_well(tmp_path: Path) -> None:
    done = cli("doctor", data=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "BROKEN" not in done.stdout
    for part in ("test run", "Deno: 2.9.", "layer landlock", "layer seccomp", "layer memory_limit", "pool", "store", str(tmp_path)):
        assert part in done.stdout


def test_the_doctor_says_what_to_do_about_a_broken_deno(tmp_path: Path) -> None:
    fake = tmp_path / "deno"
    fake.write_text("#!/bin/sh\nexit 7\n", "utf-8")
    fake.chmod(0o755)
    done = cli("doctor", "--deno", str(fake), data=tmp_path)
    assert done.returncode == 3
    assert "BROKEN   test run: Deno at" in done.stdout
    assert "pip install" in done.stdout


def test_the_doctor_says_what_is_wrong_with_the_store_and_looks_at_the_rest(tmp_path: Path) -> None:
    (tmp_path / "sessions.db").write_bytes(b"somebody's file" * 100)
    done = cli("doctor", data=tmp_path)
    assert done.returncode == 3
    assert "BROKEN   store: the session database cannot be opened" in done.stdout
    assert "ok       store" not in done.stdout
    assert "ok       Deno" in done.stdout


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "sessions.db"
    database.write_bytes(b"this is no database, but somebody's file" * 100)
    before = database.read_bytes()
    done = cli("run", "-", data=tmp_path, stdin="1")
    assert done.returncode == 3
    assert str(database) in done.stderr
    assert database.read_bytes() == before


def test_logs_are_json_lines_without_code_or_values(tmp_path: Path) -> None:
    done = cli("run", "-", "--log-level", "debug", data=tmp_path, stdin="const secretName = 'secret value'; secretName")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    stages = [line["event"] for line in events if "session" in line]
    assert stages == ["queued", "validating", "executing", "filtering", "done"]
    assert all(line["run"] == 1 and "ms" in line for line in events if "session" in line)
    assert "secret" not in done.stderr


def test_the_version_is_told(tmp_path: Path) -> None:
    assert cli("--version", data=tmp_path).stdout == f"mcp-codeexec {__version__}\n"
