"""The session database as a file, looked at from outside, and processes of their own."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def size(path: Path | str) -> int:
    return Path(path).stat().st_size


def contents(path: Path | str) -> bytes:
    return Path(path).read_bytes()


def put(path: Path | str, content: bytes) -> None:
    Path(path).write_bytes(content)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def pragma(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return (
            connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            and connection.execute("PRAGMA foreign_key_check").fetchall() == []
        )


def run_python(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", text], check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)


def committer(path: Path, session_id: str, runs: int) -> subprocess.Popen[str]:
    return _child("committer", path, session_id, runs)


def turner(path: Path, session_id: str, turns: int) -> subprocess.Popen[str]:
    return _child("turner", path, session_id, turns)


@contextmanager
def holding(path: Path, session_id: str) -> Generator[subprocess.Popen[str]]:
    """A process that has its turn in the session, until it is killed: here at the end."""
    with turner(path, session_id, 0) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "holds\n"
            yield child
        finally:
            child.kill()


def _child(program: str, path: Path, session_id: str, runs: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", f"tests.unit.sessions.{program}", str(path), session_id, str(runs)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
