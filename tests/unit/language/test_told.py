"""What an error says: frames of the caller's own text, and a hint."""

import pytest

from mcp_codeexec.language.hints import hint
from mcp_codeexec.language.stack import caller_frames
from mcp_codeexec.model import Position


def here(run: int, line: int, column: int) -> Position | None:
    return Position(line, column) if line < 100 else None


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        ("    at f (run7:3:5)", ["at f (line 3, column 5)"]),
        ("    at run7:1:22", ["at line 1, column 22"]),
        ("    at async f (run3:2:1)", ["at async f (run 3, line 2, column 1)"]),
        ("    at get b [as b] (run7:1:2)", ["at get b [as b] (line 1, column 2)"]),
        ("    at new A (run7:1:2)", ["at new A (line 1, column 2)"]),
        ("    at f (file:///home/x.ts:1:2)", []),
        ("    at Array.map (<anonymous>)", []),
        ("    at ext:core/00_infra.js:1:2", []),
        ("    at f (run7:100:1)", []),
        ("    at f (evil) (run7:1:1)", []),
        ("at run7:1:1 and more", []),
        ("x" * 100_000, []),
    ],
)
def test_only_frames_of_runs_are_told(frame: str, told: list[str]) -> None:
    frames, place = caller_frames(f"Error: at work\n{frame}", 7, here)
    assert frames == told
    assert (place is not None) == bool(told and "run 3" not in told[0])


def test_at_most_ten_frames_are_told() -> None:
    assert len(caller_frames("    at run1:1:1\n" * 50, 1, here)[0]) == 10


@pytest.mark.parametrize(
    ("name", "message", "part"),
    [
        ("ReferenceError", "Rows is not defined", "Did you mean rows?"),
        ("ReferenceError", "rosw is not defined", "Did you mean rows?"),
        ("ReferenceError", "zzzz is not defined", "was not defined in this session"),
        ("ReferenceError", "process is not defined", "there is no process here"),
        ("ReferenceError", "print is not defined", "console.log"),
        ("ReferenceError", "axios is not defined", "no packages"),
        ("TypeError", "Assignment to constant variable.", "let"),
        ("TypeError", "rows.foo is not a function", "rows.foo"),
        ("TypeError", "Cannot read properties of undefined (reading 'a')", "undefined"),
        ("SyntaxError", "Unexpected end of JSON input", "text that was parsed"),
        ("RangeError", "Maximum call stack size exceeded", "recursion"),
        ("RangeError", "Invalid array length", "out of the range"),
    ],
)
def test_a_common_error_has_a_hint(name: str, message: str, part: str) -> None:
    assert part in hint(name, message, ["rows", "total"])


def test_an_error_of_the_callers_own_has_none() -> None:
    assert hint("Error", "my own", ["rows"]) == ""


def test_a_name_of_the_session_is_nearer_than_a_habit() -> None:
    assert hint("ReferenceError", "print is not defined", ["Print"]) == "Did you mean Print?"
