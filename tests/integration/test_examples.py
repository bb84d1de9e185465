"""The examples run, and say what they should."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str) -> str:
    done = subprocess.run([sys.executable, str(EXAMPLES / name)], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_holds_its_conversation() -> None:
    assert run("demo.py").endswith("All as it should be.\n")


def test_the_python_api_example_gives_its_sum() -> None:
    assert run("python_api.py").splitlines() == ["ok 17.15", "['dollars: number', 'rows: Array(2)']"]
