"""The stores that have to keep the contract of `SessionStore`, each as a way to get an empty, open one. Another joins by a line."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from mcp_codeexec.ports import SessionStore
from tests.unit.sessions.drafts import opened

Factory = Callable[[Path], AbstractAsyncContextManager[SessionStore]]  # of a folder for the test's own use

FACTORIES: dict[str, Factory] = {
    "SQLite in a file": lambda folder: opened(folder / "data" / "sessions.db"),
    "SQLite in memory": lambda folder: opened(None),
}
