"""The record of a run whose server was stopped before it could write one."""

import json

from mcp_codeexec.model import Record

_MESSAGE = "The server was stopped during this run; nothing of it is kept."


def lost_run(session_id: str, run: int, began: float) -> Record:
    """What history says of it. Only that it began was written, and when: its code went with the server."""
    answer = {"session_id": session_id, "run": run, "status": "crashed", "error": {"name": "Crashed", "message": _MESSAGE}}
    return Record(session_id, run, began, "crashed", 0, "", json.dumps(answer), error=f"Crashed: {_MESSAGE}")
