"""What the host does to a session stands in its history as a run of its own: else nobody could tell where the data came from."""

import json
import time

from mcp_codeexec.model import Record
from mcp_codeexec.sessions.session import Session


def act(session: Session, code: str) -> Record:
    """The record of an act of the host's, said as if it were code."""
    run = session.next_run
    answer = json.dumps({"session_id": session.id, "run": run, "status": "ok"})
    return Record(session.id, run, time.time(), "ok", 0, code, answer)
