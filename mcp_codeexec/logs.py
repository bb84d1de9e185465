"""Logs: JSON lines on stderr, one event per stage of a call, with session, run and ms; never code, values or secrets.

A room writes `event(log, "executed", session=…, run=…, ms=…)`; anything in `fields` must be a number, a name of ours or an id.
"""

import json
import logging
import sys
import time
from typing import TextIO

ROOT = "mcp_codeexec"


class JsonLines(logging.Formatter):
    """One JSON object a line. A crash keeps its type and the place in our code, never its message: that may quote user data."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            exc, trace = record.exc_info[1], record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            line["crash"] = type(exc).__name__
            if trace is not None:
                line["place"] = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
        return json.dumps(line, ensure_ascii=False)


def set_up(level: str, stream: TextIO | None = None) -> None:
    """Send this package's logs to `stream` (stderr by default) at `level`; replaces what an earlier call set up."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger(ROOT)
    root.handlers[:] = [handler]
    root.propagate = False
    root.setLevel(level.upper())


def event(log: logging.Logger, name: str, *, level: int = logging.INFO, **fields: str | float | int | bool) -> None:
    """Log one event with its fields."""
    if log.isEnabledFor(level):
        log.log(level, name, extra={"fields": fields})
