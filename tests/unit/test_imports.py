"""Imports go one way, and the engine comes without the MCP SDK."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_rooms_import_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(linter)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_the_early_worker_waits_for_no_import_that_takes_long() -> None:
    code = "import sys, mcp_codeexec.__main__; print(sorted({'asyncio', 'pydantic', 'pydantic_core'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_the_engine_loads_no_mcp() -> None:
    code = "import sys; from mcp_codeexec import Engine; print([m for m in sys.modules if m.split('.')[0] in ('mcp', 'mcp_types')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
