"""Who is measured: this server, and those peers that install from PyPI and need neither Docker nor an account."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.peers.dialect import MONTY, MONTY_SESSION, TYPESCRIPT, Dialect
from tests.benchmarks.peers.peer import START_S, BridgedPeer, McpPeer, NotStarted, Peer
from tests.benchmarks.peers.venvs import Venv

ECHO_SERVER = Path(__file__).parents[1] / "echo_server.py"
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
    """A peer: what it is, how it is had, and how one is made. All of one entry have the same home, as a user's have."""

    name: str
    about: str
    dialect: Dialect
    make: Callable[[], Peer]
    venv: Venv | None = None
    package: str = "mcp-codeexec"


def ours(base: Path) -> Entry:
    """This server. Homes are below `base`."""
    home = _home(base, "mcp-codeexec")
    argv = [sys.executable, "-m", "mcp_codeexec", "--data-dir", str(home / "data")]
    return Entry("mcp-codeexec", "this server, MCP over stdio", TYPESCRIPT, lambda: McpPeer(argv, home, _own(home), "execute_code"))


def floor(base: Path) -> Entry:
    """What the SDK itself takes."""
    home, argv = _home(base, "echo"), [sys.executable, str(ECHO_SERVER)]
    make = partial(McpPeer, argv, home, _own(home), "execute_code")
    return Entry("echo tool of the MCP SDK", "the floor: runs nothing", TYPESCRIPT, make, package="mcp")


def peers(base: Path) -> list[Entry]:
    """The others."""
    return [_toolplane(base), _fastmcp(base), _deno_jupyter(base), _monty(base)]


def _toolplane(base: Path) -> Entry:
    home, venv = _home(base, "toolplane"), Venv("toolplane", ["toolplane"])
    program, environment = venv.program("toolplane"), venv.environment(home)

    def make() -> Peer:
        _prepare([program, "init"], home, environment)
        return McpPeer([program, "serve", "mcp"], home, environment, "execute_code")

    return Entry("toolplane", "MCP over stdio, its default backend, Monty", MONTY, make, venv, "toolplane")


def _fastmcp(base: Path) -> Entry:
    home, venv = _home(base, "fastmcp"), Venv("fastmcp", ["fastmcp[code-mode]"])
    make = partial(McpPeer, [venv.python, "-c", FASTMCP], home, venv.environment(home), "execute")
    return Entry("FastMCP code mode", "MCP over stdio, `CodeMode()` as it comes, on Monty", MONTY, make, venv, "fastmcp")


def _deno_jupyter(base: Path) -> Entry:
    home, venv = _home(base, "deno-jupyter"), Venv("deno-jupyter", ["deno", "jupyter_client"])
    environment = venv.environment(home)

    def make() -> Peer:
        _prepare([venv.program("deno"), "jupyter", "--install"], home, environment)
        return BridgedPeer(venv.python, ["jupyter_kernel.py", "deno"], home, environment)

    return Entry("deno jupyter", "a Jupyter kernel, by jupyter_client", TYPESCRIPT, make, venv, "deno")


def _monty(base: Path) -> Entry:
    home, venv = _home(base, "monty"), Venv("monty", ["pydantic-monty"])
    make = partial(BridgedPeer, venv.python, ["monty_session.py"], home, venv.environment(home))
    return Entry("Monty", "a Python library, no server: one session, no limits set", MONTY_SESSION, make, venv, "pydantic-monty")


def _home(base: Path, name: str) -> Path:
    home = base / name
    home.mkdir()
    return home


def _own(home: Path) -> Mapping[str, str]:
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}", "HOME": str(home), "LANG": "C.UTF-8"}


def _prepare(argv: list[str], home: Path, environment: Mapping[str, str]) -> None:
    """What its own guide has a user do once: it writes its files into the home. Raises NotStarted."""
    done = home / ".prepared"
    if done.exists():
        return
    try:
        subprocess.run(argv, cwd=home, env=environment, check=True, capture_output=True, timeout=START_S)
    except (subprocess.SubprocessError, OSError) as exc:
        raise NotStarted(f"{' '.join(argv[1:])}: {type(exc).__name__}") from None
    done.touch()
