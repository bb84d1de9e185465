"""Who is measured: this server, and those peers that install from PyPI and need neither Docker nor an account."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers.dialect import MONTY, MONTY_SESSION, TYPESCRIPT, Dialect
from tests.benchmarks.peers.peer import START_S, BridgedPeer, Make, McpPeer
from tests.benchmarks.peers.venvs import Venv

ECHO_SERVER = Path(__file__).parents[1] / "echo_server.py"
ROOT = Path(__file__).parents[3]
LEFT_OUT = (
    "mcp-run-python, langchain-sandbox: at their start Deno downloads Pyodide and more from npm and JSR; this page takes PyPI alone.",
    "mcp-v8, Executor, code-executor-MCP, Cloudflare's, Codex's and Docker's code mode: programs for Node, Rust, Go or a platform.",
)
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


def _prepare(argv: list[str], home: Path, environment: Mapping[str, str]) -> None:
    """What its own guide has a user do once: it writes its files into the home."""
    subprocess.run(argv, cwd=home, env=environment, check=True, capture_output=True, timeout=START_S)


def _toolplane(venv: Venv) -> Make:
    program = str(venv.folder / "bin" / "toolplane")

    def make(home: Path) -> McpPeer:
        environment = venv.environment(home)
        _prepare([program, "init"], home, environment)
        return McpPeer([program, "serve", "mcp"], home, environment, "execute_code")

    return make


def _fastmcp(venv: Venv) -> Make:
    return lambda home: McpPeer([venv.python, "-c", FASTMCP], home, venv.environment(home), "execute")


def _deno_jupyter(venv: Venv) -> Make:
    def make(home: Path) -> BridgedPeer:
        environment = venv.environment(home)
        _prepare([str(venv.folder / "bin" / "deno"), "jupyter", "--install"], home, environment)
        return BridgedPeer(venv.python, ["jupyter_kernel.py", "deno"], home, environment)

    return make


def _monty(venv: Venv) -> Make:
    return lambda home: BridgedPeer(venv.python, ["monty_session.py"], home, venv.environment(home))


FLOOR = Entry("echo tool of the MCP SDK", "the floor: runs nothing", TYPESCRIPT, _echo, package="mcp")
OURS = Entry("mcp-codeexec", "this server, MCP over stdio", TYPESCRIPT, _ours)


def peers() -> list[Entry]:
    """The others."""
    toolplane, fastmcp = Venv("toolplane", ["toolplane"]), Venv("fastmcp", ["fastmcp[code-mode]"])
    jupyter, monty = Venv("deno-jupyter", ["deno", "jupyter_client"]), Venv("monty", ["pydantic-monty"])
    return [
        Entry("toolplane", "MCP over stdio, its default backend, Monty", MONTY, _toolplane(toolplane), toolplane, "toolplane"),
        Entry(
            "FastMCP code mode", "MCP over stdio, `CodeMode()` as it comes, on Monty", MONTY, _fastmcp(fastmcp), fastmcp, "fastmcp"
        ),
        Entry("deno jupyter", "a Jupyter kernel, by jupyter_client", TYPESCRIPT, _deno_jupyter(jupyter), jupyter, "deno"),
        Entry(
            "Monty",
            "a Python library, no server: one session, no limits set",
            MONTY_SESSION,
            _monty(monty),
            monty,
            "pydantic-monty",
        ),
    ]
