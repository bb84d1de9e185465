"""The SQL of leases: who may run a session now, and which run began. As in queries.py, each function expects a transaction.

A row is there while somebody holds the session, or waits for it: who waits first is next, so that a busy holder lets others in.
"""

import sqlite3

from mcp_codeexec.model import Lease, SessionInfo
from mcp_codeexec.sessions import rows

_NEXT_S = 1.0  # for how long one who waits stays next without asking again
_ASKED = """
    SELECT s.session_id, s.owner, s.created, s.last_used, s.runs, s.variables, s.metadata, s.tool_state,
        l.holder, l.until, l.run, l.began, l.waiting, l.waiting_until
    FROM session s LEFT JOIN lease l ON l.session_id = s.session_id WHERE s.session_id = ?
"""
_LEASE = "SELECT holder, until, run, began FROM lease WHERE session_id = ? AND holder != ''"
_TAKE = """
    INSERT OR REPLACE INTO lease (session_id, holder, until, run, began, waiting, waiting_until) VALUES (?, ?, ?, ?, ?, '', 0)
"""
_WAIT = "UPDATE lease SET waiting = ?, waiting_until = ? WHERE session_id = ?"
_RENEW = "UPDATE lease SET until = ? WHERE session_id = ? AND holder = ?"
_END = "DELETE FROM lease WHERE session_id = ? AND holder = ? AND waiting = ''"
_LET_NEXT = "UPDATE lease SET holder = '', until = 0, run = 0 WHERE session_id = ? AND holder = ?"


def acquire(
    connection: sqlite3.Connection, session_id: str, wanted: Lease, over: str
) -> tuple[SessionInfo, Lease | None] | Lease | None:
    """The session, with the lease whose run was left behind, if any; or the lease that is in the way; or None: no such session."""
    row = connection.execute(_ASKED, (session_id,)).fetchone()
    if row is None:
        return None
    info, (holder, until, run, began, waiting, waiting_until) = rows.session_info(row[:8]), row[8:]
    if holder is not None:
        free = holder in ("", wanted.holder, over) or until <= wanted.began
        first = waiting in ("", wanted.holder, over) or waiting_until <= wanted.began
        if not (free and first):
            if first:
                connection.execute(_WAIT, (wanted.holder, wanted.began + _NEXT_S, session_id))
            return Lease(waiting, waiting_until) if free else Lease(holder, until, run, began)
    left = Lease(holder, until, run, began) if holder and holder != wanted.holder and run == info.runs + 1 else None
    next_run = info.runs + (2 if left else 1)
    connection.execute(_TAKE, (session_id, wanted.holder, wanted.until, next_run, wanted.began))
    return info, left


def held(connection: sqlite3.Connection, session_id: str) -> Lease | None:
    """The lease of a session, also one that has run out."""
    row = connection.execute(_LEASE, (session_id,)).fetchone()
    return Lease(*row) if row else None


def renew(connection: sqlite3.Connection, session_id: str, holder: str, until: float) -> bool:
    """Hold it for longer; False where it is not the holder's any more."""
    return connection.execute(_RENEW, (until, session_id, holder)).rowcount > 0


def release(connection: sqlite3.Connection, session_id: str, holder: str) -> bool:
    """Let the next one in; False where it is not the holder's any more."""
    return any(connection.execute(end, (session_id, holder)).rowcount for end in (_END, _LET_NEXT))


def end(connection: sqlite3.Connection, session_id: str, holder: str) -> bool:
    """Release with a run that is written; False where somebody else has the session, so that it is not to be written."""
    return release(connection, session_id, holder) if holder else held(connection, session_id) is None
