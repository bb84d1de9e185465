"""Who is measured: this server, and those peers that install from PyPI and need neither Docker nor an account."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers.dialect import MONTY, PYTHON, TYPESCRIPT, Dialect
from tests.benchmarks.peers.peer import START_S, JupyterPeer, Make, McpPeer
from tests.benchmarks.peers.venvs import Venv

ECHO_SERVER = Path(__file__).parents[1] / "echo_server.py"
ROOT = Path(__file__).parents[3]
FASTMCP = """
from fastmcp import FastMCP
from fastmcp.experimental.transforms.code_mode import CodeMode
FastMCP("bench", transforms=[CodeMode()]).run()
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A peer: what it is, how it is had, and how one is made."""

    name: str
    about: str
    dialect: Dialect
    make: Make
    venv: Venv | None = None
    package: str = "mcp-codeexec"


def _own(home: Path) -> Mapping[str, str]:
    return {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}


def _ours(home: Path) -> McpPeer:
    argv = [sys.executable, "-m", "mcp_codeexec", "--data-dir", str(home / "data")]
    return McpPeer(argv, home, _own(home), "execute_code")


def _echo(home: Path) -> McpPeer:
    return McpPeer([sys.executable, str(ECHO_SERVER)], home, _own(home), "execute_code")


def _toolplane(venv: Venv) -> Make:
    argv = [str(venv.folder / "bin" / "toolplane"), "serve", "mcp"]
    return lambda home: McpPeer(argv, home, venv.environment(home), "execute_code")


def _fastmcp(venv: Venv) -> Make:
    return lambda home: McpPeer([venv.python, "-c", FASTMCP], home, venv.environment(home), "execute")


def _deno_jupyter(venv: Venv) -> Make:
    def make(home: Path) -> JupyterPeer:
        environment = venv.environment(home)
        argv = [str(venv.folder / "bin" / "deno"), "jupyter", "--install"]  # it writes its kernel spec into the home
        subprocess.run(argv, env=environment, check=True, capture_output=True, timeout=START_S)
        return JupyterPeer(venv.python, "deno", home, environment)

    return make


def _run_python(venv: Venv) -> Make:
    argv = [str(venv.folder / "bin" / "mcp-run-python"), "stdio"]
    return lambda home: McpPeer(argv, home, venv.environment(home), "run_python_code", "python_code")


FLOOR = Entry("echo tool of the MCP SDK", "the floor: runs nothing", TYPESCRIPT, _echo, package="mcp")
OURS = Entry("mcp-codeexec", "this server, MCP over stdio", TYPESCRIPT, _ours)


def peers() -> list[Entry]:
    """The others."""
    toolplane, fastmcp = Venv("toolplane", ["toolplane"]), Venv("fastmcp", ["fastmcp[code-mode]"])
    jupyter, run_python = Venv("deno-jupyter", ["deno", "jupyter_client"]), Venv("mcp-run-python", ["mcp-run-python", "deno"])
    return [
        Entry("toolplane", "MCP over stdio, its default backend, Monty", MONTY, _toolplane(toolplane), toolplane, "toolplane"),
        Entry(
            "FastMCP code mode", "MCP over stdio, `CodeMode()` as it comes, on Monty", MONTY, _fastmcp(fastmcp), fastmcp, "fastmcp"
        ),
        Entry("deno jupyter", "a Jupyter kernel, by jupyter_client", TYPESCRIPT, _deno_jupyter(jupyter), jupyter, "deno"),
        Entry("mcp-run-python", "MCP over stdio, Pyodide in Deno", PYTHON, _run_python(run_python), run_python, "mcp-run-python"),
    ]
