"""The flags of the command line, without anything started."""

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_codeexec import logs
from mcp_codeexec.__main__ import _OTHER_COMMANDS  # pyright: ignore[reportPrivateUsage]
from mcp_codeexec.cli import FAILED, OK, UNAVAILABLE, USAGE, run
from mcp_codeexec.settings import ENV_PREFIX, Settings

COMMANDS = ["serve", "run", "sessions", "history", "export", "replay", "files", "cleanup", "doctor"]


@pytest.fixture(autouse=True)
def nothing_of_the_user_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty configuration file; and what a command sets up for its process is gone after the test."""
    config = tmp_path / "config.toml"
    config.write_text("", "utf-8")
    monkeypatch.setenv(ENV_PREFIX + "CONFIG", str(config))
    yield
    logging.getLogger(logs.ROOT).handlers.clear()
    logging.getLogger(logs.ROOT).propagate = True


def test_what_starts_early_is_for_the_server_alone() -> None:
    assert {command for command in COMMANDS if command != "serve"} < _OTHER_COMMANDS


def test_exit_codes_are_those_that_are_told() -> None:
    assert (OK, FAILED, USAGE, UNAVAILABLE) == (0, 1, 2, 3)


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_every_setting_has_a_flag_with_its_description_and_default(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run(arguments)
    assert left.value.code == 0
    told = re.sub(r"\s+", "", capsys.readouterr().out)  # help is wrapped, inside words too
    assert "--secret-values" not in told  # a command line can be read by every user of the machine
    for name, field in Settings.model_fields.items():
        if name == "secret_values":
            continue
        assert f"--{name.replace('_', '-')}" in told
        assert re.sub(r"\s+", "", f"{field.description}(default:") in told
        if field.default_factory is None:
            assert re.sub(r"\s+", "", f"{field.description}(default:{field.default})") in told


NO_FILE = "/no/such/file.ts cannot be read"
FLAGS: list[tuple[str, list[str], str]] = [
    ("before the command", ["--timeout-ms", "0", "run", "/no/such/file.ts"], "bad setting: timeout_ms"),
    ("after the command", ["run", "/no/such/file.ts", "--timeout-ms", "0"], "bad setting: timeout_ms"),
    ("the later wins", ["--timeout-ms", "0", "run", "/no/such/file.ts", "--timeout-ms", "9"], NO_FILE),
    ("the earlier stays", ["--memory-mb", "1", "run", "/no/such/file.ts", "--timeout-ms", "9"], "bad setting: memory_mb"),
    ("two at once", ["run", "-", "--memory-mb", "1", "--code-kb", "x"], "memory_mb"),
    ("serve is the default", ["--memory-mb", "x"], "bad setting: memory_mb"),
    ("flags that do not fit together", ["serve", "--timeout-ms", "60000"], "timeout_ms is larger than max_timeout_ms"),
    ("a configuration that is not there", ["--config", "/no/such.toml", "doctor"], "there is no file /no/such.toml"),
    ("a configuration after the command", ["doctor", "--config", "/no/such.toml"], "there is no file /no/such.toml"),
    ("an empty owner", ["sessions", "--owner", ""], "bad setting: owner"),
    ("a session is missing", ["sessions", "delete", "--ephemeral"], "`sessions delete` needs the ID of a session"),
]


@pytest.mark.parametrize(("arguments", "said"), [case[1:] for case in FLAGS], ids=[case[0] for case in FLAGS])
def test_flags_stand_before_or_after_the_command(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert run(arguments) == USAGE
    shown = capsys.readouterr()
    assert shown.err.startswith("mcp-codeexec: ")
    assert said in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    "arguments", [["--log-level", "loud"], ["nonsense"], ["run"], ["sessions", "burn"], ["run", "-", "--timeout", "x"]]
)
def test_wrong_usage_is_told_with_the_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(arguments)
    assert left.value.code == USAGE
    assert capsys.readouterr().err.startswith("usage: mcp-codeexec")


def test_only_serving_loads_the_mcp_sdk() -> None:
    program = """
import sys
from mcp_codeexec import logs
from mcp_codeexec.cli import run
assert run(["run", "/no/such/file.ts", "--ephemeral"]) == 2
print([name for name in ("mcp", "mcp_types") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
