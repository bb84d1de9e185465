"""The agent frameworks that are tried, each from PyPI in an environment of its own under `.venv-interop/`, kept between runs."""

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.interop.conversation import Read

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parents[1] / ".venv-interop"
NODE = ENVIRONMENTS / "node" / "node_modules" / ".bin"  # the Makefile puts Node.js, the Inspector and mcpb there
INSTALL_S, TALK_S = 900, 180


@dataclass(frozen=True, slots=True)
class Framework:
    """One of them; its script is `clients/NAME.py`."""

    name: str
    requirement: str
    mcp: str  # the major version of the SDK that it brings
    process_per_call: bool = False


FRAMEWORKS = [
    Framework("langchain", "langchain-mcp-adapters", "1", process_per_call=True),  # pins mcp<2
    Framework("pydantic_ai", "pydantic-ai-slim[mcp]", "2"),
    Framework("openai_agents", "openai-agents", "2"),
    Framework("llama_index", "llama-index-tools-mcp", "2", process_per_call=True),
    Framework("fastmcp", "fastmcp", "2"),
]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one framework saw of the conversation."""

    framework: Framework
    versions: dict[str, str]
    tools: list[str]
    answers: dict[str, Read]


def environment(name: str, requirement: str) -> Path:
    """The folder of commands of an environment with that requirement in it, made if it is not there."""
    home = ENVIRONMENTS / name
    bin_, stamp = home / "bin", home / f"has {requirement}"
    if not stamp.exists():
        venv.create(home, clear=True, with_pip=True)
        install = [bin_ / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
        subprocess.run(install, check=True, timeout=INSTALL_S)
        stamp.touch()
    return bin_


def surroundings(home: Path) -> dict[str, str]:
    """The environment of a client: our command is on its path, and `home` is where the server keeps its data."""
    commands = Path(sys.executable).parent
    return {**os.environ, "HOME": str(home), "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}


def talk(framework: Framework, home: Path) -> Seen:
    """Hold the conversation through a framework."""
    python = environment(framework.name, framework.requirement) / "python"
    ran = subprocess.run(
        [python, "-P", HERE / "clients" / f"{framework.name}.py"],  # -P: the script has the name of what it imports
        check=False,
        capture_output=True,
        text=True,
        timeout=TALK_S,
        cwd=home,
        env={**surroundings(home), "PYTHONPATH": str(HERE)},
    )
    assert ran.returncode == 0, ran.stderr[-4_000:]
    said = json.loads(ran.stdout.splitlines()[-1])
    answers = {turn: Read(*read) for turn, read in said["answers"].items()}
    return Seen(framework, said["versions"], said["tools"], answers)
