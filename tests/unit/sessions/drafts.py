"""What the tests of this room write: sessions, runs, variables and tokens with as few words as they need."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from mcp_codeexec.model import Json, Record, RunDraft, SessionInfo, Variable, VaultRow
from mcp_codeexec.sessions.store import HISTORY_BYTES, SqliteStore

KEY = b"k" * 32


def session(session_id: str = "ses_a", owner: str = "ann", last_used: float = 1.0, **metadata: Json) -> SessionInfo:
    return SessionInfo(session_id, owner, created=1.0, last_used=last_used, metadata=metadata)


def record(run: int, session_id: str = "ses_a", at: float = 2.0, text: str = "1 + 1") -> Record:
    return Record(session_id, run, at, "ok", 12, text, '{"status": "ok"}', f"out {text}", f"value {text}", f"error {text}")


def draft(
    run: int,
    session_id: str = "ses_a",
    at: float = 2.0,
    *,
    names: Sequence[str] = (),
    gone: Sequence[str] = (),
    tokens: Sequence[VaultRow] = (),
) -> RunDraft:
    variables = tuple(Variable(name, "let", "number", 8, "exact", run) for name in names)
    return RunDraft(record(run, session_id, at), variables, tuple(gone), tuple(tokens))


def token(text: str, value: str) -> VaultRow:
    return VaultRow(f"[EMAIL_{text}]", "EMAIL", value)


@asynccontextmanager
async def opened(path: Path | None, history_bytes: int = HISTORY_BYTES) -> AsyncGenerator[SqliteStore]:
    store = SqliteStore(path, history_bytes)
    await store.open()
    try:
        yield store
    finally:
        await store.close()
