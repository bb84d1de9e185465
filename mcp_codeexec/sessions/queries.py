"""The SQL of the session store: functions over an open connection, each run whole on the connection's thread.

Those that write expect to be inside a transaction.
"""

import sqlite3
from collections.abc import Mapping, Sequence

from mcp_codeexec.errors import StoreUnavailable
from mcp_codeexec.model import (
    Json,
    Lease,
    Record,
    RunDraft,
    RunHead,
    Segment,
    SessionInfo,
    StoredFile,
    StoredSession,
    VaultRow,
)
from mcp_codeexec.sessions import lease_table, rows, space
from mcp_codeexec.sessions.lost_run import lost_run
from mcp_codeexec.sessions.schema import transaction

_ADD_SESSION = """
    INSERT INTO session (session_id, owner, created, last_used, runs, variables, metadata, tool_state, vault_key)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SESSION = """
    SELECT session_id, owner, created, last_used, runs, variables, metadata, tool_state, vault_key
    FROM session WHERE session_id = ?
"""
_SESSIONS = """
    SELECT session_id, owner, created, last_used, runs, variables, metadata, tool_state
    FROM session WHERE owner = ? AND (last_used, session_id) < (?, ?)
    ORDER BY last_used DESC, session_id DESC LIMIT ?
"""
_FOLLOW = """
    UPDATE session SET runs = ?, last_used = max(last_used, ?), history_bytes = history_bytes + ? WHERE session_id = ? AND runs = ?
"""
_HISTORY_BYTES = "SELECT history_bytes FROM session WHERE session_id = ?"
_OLDEST_RUNS = """
    SELECT run, length(CAST(code AS BLOB)) + length(CAST(answer AS BLOB)) + length(CAST(output AS BLOB))
        + length(CAST(value AS BLOB)) + length(CAST(error AS BLOB))
    FROM run WHERE session_id = ? AND run < ? ORDER BY run
"""
_TRIM = "DELETE FROM run WHERE session_id = ? AND run <= ?"
_TRIMMED = "UPDATE session SET history_bytes = history_bytes - ? WHERE session_id = ?"
_COUNT_VARIABLES = """
    UPDATE session SET variables = (SELECT count(*) FROM variable WHERE variable.session_id = session.session_id)
    WHERE session_id = ?
"""
_ADD_RUN = """
    INSERT INTO run (session_id, run, at, status, ms, code, answer, output, value, error)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_RUN = """
    SELECT session_id, run, at, status, ms, code, answer, output, value, error
    FROM run WHERE session_id = ? AND run = ?
"""
_RUNS = """
    SELECT run, at, status, ms, substr(code, 1, ?), substr(value, 1, ?)
    FROM run WHERE session_id = ? AND (? = 0 OR run < ?) AND (? = '' OR status = ?) ORDER BY run DESC LIMIT ?
"""
_REMOVE_OLDEST = """
    DELETE FROM session WHERE session_id = (
        SELECT s.session_id FROM session s
        WHERE s.last_used < ? AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.session_id = s.session_id AND l.until > ?)
        ORDER BY s.last_used LIMIT 1
    )
"""
_OLDEST_RUN = "SELECT coalesce(min(run), 0) FROM run WHERE session_id = ?"
_PUT_VARIABLE = (
    "INSERT OR REPLACE INTO variable (session_id, name, kind, type, size, kept, run, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_DROP_VARIABLE = "DELETE FROM variable WHERE session_id = ? AND name = ?"
_VARIABLES = "SELECT name, kind, type, size, kept, run, why FROM variable WHERE session_id = ? ORDER BY name"
_PUT_SEGMENT = "INSERT OR REPLACE INTO segment (session_id, name, kept, first, format, classes, data) VALUES (?, ?, ?, ?, ?, ?, ?)"
_DROP_SEGMENT = "DELETE FROM segment WHERE session_id = ? AND name = ?"
_SEGMENT = "SELECT name, kept, first, format, classes, data FROM segment WHERE session_id = ? AND name = ?"
_SEGMENTS = "SELECT name, kept, first, format, classes, data FROM segment WHERE session_id = ? ORDER BY first, rowid"
_PUT_FILE = "INSERT OR REPLACE INTO file (session_id, name, run, size, content) VALUES (?, ?, ?, ?, ?)"
_DROP_FILE = "DELETE FROM file WHERE session_id = ? AND name = ?"
_FILES = "SELECT name, size, run FROM file WHERE session_id = ? ORDER BY name"
_FILE = "SELECT content FROM file WHERE session_id = ? AND name = ?"
_PUT_VAULT = "INSERT INTO token (session_id, token, kind, value) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_VAULT = "SELECT token, kind, value FROM token WHERE session_id = ?"


def add_session(connection: sqlite3.Connection, info: SessionInfo, vault_key: bytes) -> None:
    connection.execute(_ADD_SESSION, (*rows.session_row(info), vault_key))


def session_info(connection: sqlite3.Connection, session_id: str) -> SessionInfo | None:
    row = connection.execute(_SESSION, (session_id,)).fetchone()
    return rows.session_info(row[:-1]) if row else None


def load_session(connection: sqlite3.Connection, session_id: str) -> StoredSession | None:
    with transaction(connection, "DEFERRED"):  # four reads of one moment
        row = connection.execute(_SESSION, (session_id,)).fetchone()
        if row is None:
            return None
        return StoredSession(
            info=rows.session_info(row[:-1]),
            variables=tuple(map(rows.variable, connection.execute(_VARIABLES, (session_id,)))),
            vault_key=row[-1],
            vault=tuple(map(rows.token, connection.execute(_VAULT, (session_id,)))),
            files=tuple(StoredFile(*row) for row in connection.execute(_FILES, (session_id,))),
        )


def list_sessions(connection: sqlite3.Connection, owner: str, below: tuple[float, str], limit: int) -> list[SessionInfo]:
    found = connection.execute(_SESSIONS, (rows.packed(owner), *below, limit))
    return [rows.session_info(row) for row in found]


def take_session(
    connection: sqlite3.Connection, session_id: str, wanted: Lease, over: str, history_bytes: int
) -> SessionInfo | Lease | None:
    """The session with its lease; a run that the last holder left behind is recorded as lost."""
    found = lease_table.acquire(connection, session_id, wanted, over)
    if not isinstance(found, tuple):
        return found
    info, left = found
    if left is None:
        return info
    _follow(connection, lost_run(session_id, left.run, left.began), history_bytes)
    return session_info(connection, session_id)


def add_run(connection: sqlite3.Connection, draft: RunDraft, holder: str, history_bytes: int) -> None:
    """All that a run leaves; the oldest records go where the session's are more than `history_bytes`.

    Raises StoreUnavailable where it does not follow the session's last run, or the session is not the holder's.
    """
    record = draft.record
    session_id = record.session_id
    if not lease_table.end(connection, session_id, holder):
        raise _taken_over(connection, record)
    _follow(connection, record, history_bytes)
    if draft.gone:
        connection.executemany(_DROP_VARIABLE, [(session_id, rows.packed(name)) for name in draft.gone])
    unkept = [*draft.gone, *(segment.name for segment in draft.segments if segment.kept == "live_only")]
    if unkept:
        connection.executemany(_DROP_SEGMENT, [(session_id, rows.packed(name)) for name in unkept])
    for segment in draft.segments:
        if segment.kept != "live_only":
            connection.execute(_PUT_SEGMENT, (session_id, *rows.segment_row(segment)))
    if draft.variables:
        connection.executemany(_PUT_VARIABLE, [(session_id, *rows.variable_row(variable)) for variable in draft.variables])
    if draft.gone or draft.variables:
        connection.execute(_COUNT_VARIABLES, (session_id,))
    if draft.minted:
        _put_tokens(connection, session_id, draft.minted)
    for file in draft.files:
        if file.content is None:
            connection.execute(_DROP_FILE, (session_id, file.name))
        else:
            connection.execute(_PUT_FILE, (session_id, file.name, record.run, len(file.content), file.content))


def add_tokens(connection: sqlite3.Connection, session_id: str, minted: Sequence[VaultRow]) -> None:
    """Tokens of a session; raises StoreUnavailable where it is gone."""
    if session_info(connection, session_id) is None:
        raise _gone()
    _put_tokens(connection, session_id, minted)


def one_file(connection: sqlite3.Connection, session_id: str, name: str) -> bytes | None:
    row = connection.execute(_FILE, (session_id, name)).fetchone()
    return row[0] if row else None


def segments(connection: sqlite3.Connection, session_id: str) -> list[Segment]:
    return [rows.segment(row) for row in connection.execute(_SEGMENTS, (session_id,))]


def one_segment(connection: sqlite3.Connection, session_id: str, name: str) -> Segment | None:
    row = connection.execute(_SEGMENT, (session_id, rows.packed(name))).fetchone()
    return rows.segment(row) if row else None


def one_run(connection: sqlite3.Connection, session_id: str, run: int) -> Record | None:
    row = connection.execute(_RUN, (session_id, run)).fetchone()
    return rows.record(row) if row else None


def list_runs(connection: sqlite3.Connection, session_id: str, limit: int, before: int, status: str) -> list[RunHead]:
    found = connection.execute(_RUNS, (rows.HEAD_BYTES, rows.HEAD_BYTES, session_id, before, before, status, status, limit))
    return [rows.run_head(row) for row in found]


def oldest_run(connection: sqlite3.Connection, session_id: str) -> int:
    return connection.execute(_OLDEST_RUN, (session_id,)).fetchone()[0]


def put_tool_state(connection: sqlite3.Connection, session_id: str, tool_state: Mapping[str, Json]) -> None:
    """Raises StoreUnavailable where the session is gone, BadArguments where `tool_state` is not JSON."""
    text = rows.json_text("tool_state", tool_state)
    if connection.execute("UPDATE session SET tool_state = ? WHERE session_id = ?", (text, session_id)).rowcount == 0:
        raise _gone()


def remove_session(connection: sqlite3.Connection, session_id: str) -> int:
    return connection.execute("DELETE FROM session WHERE session_id = ?", (session_id,)).rowcount


def remove_oldest(connection: sqlite3.Connection, before: float, now: float, above_bytes: int = -1) -> int:
    """One session, if any is not in use since: one a transaction, so that nobody waits for long."""
    if space.used(connection) <= above_bytes:
        return 0
    return connection.execute(_REMOVE_OLDEST, (before, now)).rowcount


def _follow(connection: sqlite3.Connection, record: Record, history_bytes: int) -> None:
    row = rows.record_row(record)
    followed = connection.execute(_FOLLOW, (record.run, record.at, rows.record_size(row), record.session_id, record.run - 1))
    if followed.rowcount == 0:
        raise _out_of_order(connection, record)
    connection.execute(_ADD_RUN, row)
    _trim(connection, record, history_bytes)


def _trim(connection: sqlite3.Connection, record: Record, history_bytes: int) -> None:
    """Remove the oldest records that are too much; never the one that was just written."""
    excess = connection.execute(_HISTORY_BYTES, (record.session_id,)).fetchone()[0] - history_bytes
    if excess <= 0:
        return
    last = freed = 0
    for run, size in connection.execute(_OLDEST_RUNS, (record.session_id, record.run)):
        last, freed = run, freed + size
        if freed >= excess:
            break
    connection.execute(_TRIM, (record.session_id, last))
    connection.execute(_TRIMMED, (freed, record.session_id))


def _put_tokens(connection: sqlite3.Connection, session_id: str, minted: Sequence[VaultRow]) -> None:
    connection.executemany(_PUT_VAULT, [(session_id, *rows.token_row(token)) for token in minted])


def _out_of_order(connection: sqlite3.Connection, record: Record) -> StoreUnavailable:
    info = session_info(connection, record.session_id)
    if info is None:
        return _gone()
    return StoreUnavailable(
        f"run {record.run} cannot be recorded: the last run of the session is {info.runs}, another process may be using it.",
        hint="Call again: the session is then read anew.",
    )


def _taken_over(connection: sqlite3.Connection, record: Record) -> StoreUnavailable:
    if session_info(connection, record.session_id) is None:
        return _gone()
    return StoreUnavailable(
        f"run {record.run} cannot be recorded: another process took the session over, this one having been silent for too long.",
        hint="Call again: the session is then read anew.",
    )


def _gone() -> StoreUnavailable:
    return StoreUnavailable("the session was deleted meanwhile; nothing was written.", hint="Leave session_id out to start one.")
