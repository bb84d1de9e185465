"""Every example of the guide and the README runs, and gives what the page says."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.cli import argument_parser
from mcp_codeexec.filtering import dumped
from mcp_codeexec.server.text import render
from mcp_codeexec.settings import ENV_PREFIX, Settings
from tests.docs import python_examples
from tests.docs.blocks import ROOT, Block, blocks, is_said, of, tokens

GUIDE, README = ROOT / "docs" / "PHASE2_EXECUTION_GUIDE.md", ROOT / "README.md"
PAGES = [GUIDE, README, ROOT / "docs" / "configuration.md", ROOT / "CONTRIBUTING.md"]
LANGUAGES = {"python", "ts", "json", "toml", "console", "sh"}
OURS = {"mcp_codeexec", *sys.stdlib_module_names}


def each(language: str) -> list[Any]:
    return [pytest.param(block, id=f"{page.name}:{block.line}") for page in PAGES for block in of(page, language)]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the test's own, and no settings of the machine's."""
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(f"{ENV_PREFIX}DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv(f"{ENV_PREFIX}SPARE_WORKERS", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_block_is_of_a_kind_that_is_run() -> None:
    unknown = [block for page in PAGES for block in blocks(page) if block.language not in LANGUAGES]
    assert unknown == of(README, "text")
    assert len(unknown) == 2  # the transcript and the list of commands, which have tests of their own


@pytest.mark.parametrize("page", PAGES[:2], ids=lambda page: page.name)
async def test_python_runs_in_order(page: Path) -> None:
    names: dict[str, Any] = {}
    for block in of(page, "python"):
        if python_examples.imports(block) <= OURS:
            await python_examples.run(block, names)
        else:
            _is_of_clients_page(block)


async def test_cells_of_the_guide_give_their_answers() -> None:
    session, made = "", dict[str, str]()
    async with Engine() as engine:
        for block in of(GUIDE, "ts"):
            code = block.text
            for stated, token in made.items():
                code = code.replace(stated, token)
            limit = re.match(r"// timeout_ms: (\d+)\n", code)
            outcome = await engine.execute(code, session, int(limit[1]) if limit else 0)
            session, text = outcome.session_id, render(outcome)
            value = re.search(r"// (.+)\n\Z", code)
            if block.answer:
                assert is_said(block.answer, text), f"line {block.line} gives\n{text}"
                made.update(zip(tokens(block.answer), tokens(text), strict=False))
            elif value and not limit:
                assert dumped(outcome.value) == value[1], f"line {block.line} gives\n{text}"
            else:
                assert outcome.status == "ok", f"line {block.line} gives\n{text}"


@pytest.mark.parametrize("block", each("console"))
def test_a_console_prints_what_it_shows(block: Block) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command, stated in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
        done = subprocess.run(
            ["/bin/bash", "-c", command], capture_output=True, text=True, timeout=60, check=False, env=environment
        )
        came = done.stdout + done.stderr
        assert is_said(stated, came), f"{command}\ngives\n{came}"
        if session := re.findall(r"ses_[\w-]{22}", came):
            environment["ID"] = session[-1]


@pytest.mark.parametrize("block", each("json"))
def test_a_configuration_of_a_client_starts_the_server_as_it_can_be_started(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    _is_of_clients_page(block)
    read = json.loads(block.text)
    (servers,) = read.values()
    for server in servers.values():
        assert server["command"] == "mcp-codeexec"
        for name, value in server.get("env", {}).items():
            monkeypatch.setenv(name, value)
        _settings(server.get("args", []))


@pytest.mark.parametrize("block", each("toml"))
def test_a_configuration_file_is_accepted(block: Block, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = tomllib.loads(block.text)
    if servers := read.get("mcp_servers"):  # Codex's own file
        _is_of_clients_page(block)
        for server in servers.values():
            assert server["command"] == "mcp-codeexec"
            _settings(server.get("args", []))
        return
    (store / "config.toml").write_text(block.text, "utf-8")
    monkeypatch.setenv(f"{ENV_PREFIX}CONFIG", str(store / "config.toml"))
    settings = Settings.load()
    assert {name: json.loads(settings.model_dump_json())[name] for name in read} == read


@pytest.mark.parametrize("block", each("sh"))
def test_a_line_for_a_shell_starts_what_there_is(block: Block) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            assert set(words[1:]) <= set(targets), line
        elif words[:1] == ["python"]:
            assert words[1] == "-m"
            assert (ROOT / words[2].replace(".", "/")).with_suffix(".py").exists() or words[2] == "pytest", line
        elif "mcp-codeexec" in words:
            _settings(words[words.index("mcp-codeexec") + 1 :])
        else:
            assert words[:1] == ["git"] or words[:2] == ["pip", "install"] or not words, line


def test_the_commands_of_the_readme_are_those_that_there_are() -> None:
    listed = re.findall(r"^mcp-codeexec ([a-z]+)", of(README, "text")[1].text, re.MULTILINE)
    usage = argument_parser().format_help()
    there = re.findall(r"^ {4}([a-z]+) ", usage[usage.index("commands:") :], re.MULTILINE)
    assert sorted([*listed, "serve"]) == sorted(there)


def test_the_transcript_of_the_readme_is_what_the_demo_prints() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py")], capture_output=True, text=True, timeout=90, check=True
    )
    for part in of(README, "text")[0].text.strip().split("\n\n"):
        assert any(is_said(part, printed) for printed in done.stdout.split("\n\n")), f"{part}\nis not in\n{done.stdout}"


def _is_of_clients_page(block: Block) -> None:
    """What needs another maker's program is run by `make interop`, as docs/clients.md has it."""
    assert block.text in (ROOT / "docs" / "clients.md").read_text("utf-8"), f"line {block.line} is not in docs/clients.md"


def _settings(arguments: list[str]) -> None:
    """The settings of a command line of ours; fails where it would."""
    options = argument_parser().parse_args(arguments)
    Settings.load({name: getattr(options, name, None) for name in Settings.model_fields})
