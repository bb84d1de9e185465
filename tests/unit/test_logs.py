"""Log lines: JSON, one event each; a crash keeps its place and loses its message."""

import io
import json
import logging
from collections.abc import Generator

import pytest

from mcp_codeexec import logs


@pytest.fixture
def lines() -> Generator[io.StringIO]:
    root = logging.getLogger(logs.ROOT)
    before = root.handlers[:], root.propagate, root.level
    stream = io.StringIO()
    logs.set_up("info", stream)
    yield stream
    root.handlers[:], root.propagate = before[0], before[1]
    root.setLevel(before[2])


def test_an_event_is_one_json_line_with_its_fields(lines: io.StringIO) -> None:
    logs.event(logging.getLogger(f"{logs.ROOT}.test"), "done", session="ses_x", run=3, ms=1.5)
    line = json.loads(lines.getvalue())
    assert {key: line[key] for key in ("level", "event", "session", "run", "ms")} == {
        "level": "info",
        "event": "done",
        "session": "ses_x",
        "run": 3,
        "ms": 1.5,
    }
    assert line["at"].endswith("Z")


def test_what_is_below_the_level_is_not_written(lines: io.StringIO) -> None:
    logs.event(logging.getLogger(f"{logs.ROOT}.test"), "detail", level=logging.DEBUG)
    assert lines.getvalue() == ""


def test_a_crash_keeps_its_place_and_loses_its_message(lines: io.StringIO) -> None:
    try:
        raise ValueError("ann@example.com")
    except ValueError:
        logging.getLogger(f"{logs.ROOT}.test").exception("call failed")
    line = json.loads(lines.getvalue())
    assert (line["event"], line["crash"]) == ("call failed", "ValueError")
    assert line["place"].startswith("tests.unit.test_logs:")
    assert "ann" not in lines.getvalue()
