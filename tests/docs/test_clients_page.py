"""docs/clients.md shows what is run: its Python is in the scripts of `make interop`, and every block names the command that there is."""

import json
import re
import shlex
import tomllib
from typing import Any, cast

from tests.docs.blocks import ROOT, blocks

BLOCKS = blocks(ROOT / "docs" / "clients.md")
SHOWN = re.compile(r"# docs/clients\.md shows from here\n(.*?)# to here\n", re.DOTALL)


def of(language: str) -> list[str]:
    return [block.text for block in BLOCKS if block.language == language]


def test_the_python_is_what_the_scripts_run() -> None:
    scripts = [path.read_text("utf-8") for path in (ROOT / "tests" / "interop" / "clients").glob("*.py")]
    assert sorted(of("python")) == sorted(shown for script in scripts for shown in SHOWN.findall(script))
    assert len(of("python")) == len(scripts) > 0


def test_every_configuration_parses_and_starts_our_command() -> None:
    written: list[Any] = [json.loads(text) for text in of("json")] + [tomllib.loads(text) for text in of("toml")]
    named: list[dict[str, Any]] = [
        servers for config in written if isinstance(config, dict) for servers in cast("Any", config).values()
    ]
    commands = [server["command"] for servers in named for server in servers.values()]
    assert commands == ["mcp-codeexec"] * 3
    for line in [line for text in of("sh") for line in text.replace("\\\n", "").splitlines()]:
        assert "mcp-codeexec" in shlex.split(line)
