"""What an error says: frames of the caller's own text, and a hint."""

import pytest

from mcp_codeexec.language.faults import advice
from mcp_codeexec.language.hints import hint
from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.language.stack import caller_frames, with_places
from mcp_codeexec.model import Erased, Position


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


@pytest.mark.timeout(30)  # tables made anew for each place, or places without bound, take minutes
def test_output_full_of_frames_is_told_in_bounded_work() -> None:
    text = "const a = 1; f(a);\n" * 5_000
    program = prepare(Erased(text), text, {})
    printed = "".join(f"at f (run1:{i % 5_000 + 1}:{i % 7 + 1})\n" for i in range(40_000))
    told = with_places(f"{printed}  at run1:1:1", 1, lambda run, line, column: program.locate(line, column)).split("\n")
    assert (told[0], told[20_000]) == ("at f (line 1, column 1)", "at f (run1:1:2)")
    assert told[-1] == "  at line 1, column 1"


@pytest.mark.parametrize(
    ("name", "message", "part"),
    [
        ("ReferenceError", "Rows is not defined", "Did you mean rows?"),
        ("ReferenceError", "rosw is not defined", "Did you mean rows?"),
        ("ReferenceError", "zzzz is not defined", "was not defined in this session"),
        ("ReferenceError", "process is not defined", "there is no process here"),
        ("ReferenceError", "print is not defined", "console.log"),
        ("ReferenceError", "setImmediate is not defined", "setTimeout(f, 0)"),
        ("ReferenceError", "axios is not defined", "no packages"),
        ("TypeError", "Assignment to constant variable.", "let"),
        ("TypeError", "rows.foo is not a function", "rows.foo"),
        ("TypeError", "Cannot read properties of undefined (reading 'a')", "undefined"),
        ("SyntaxError", "Unexpected end of JSON input", "text that was parsed"),
        ("SyntaxError", "Unexpected token 'o', \"[object Promise]\" is not valid JSON", "await"),
        ("SyntaxError", '"[object Object]" is not valid JSON', "an object already"),
        ("TypeError", "rows is not iterable", "await"),
        ("TypeError", "rows.list is not a function or its return value is not iterable", "await"),
        ("TypeError", "Cannot destructure property 'a' of 'undefined' as it is undefined.", "await"),
        ("TypeError", "Cannot mix BigInt and other types, use explicit conversions", "BigInt(x)"),
        ("TypeError", "1 is not a function", "A ; may be missing"),
        ("TypeError", "console.log(...) is not a function", "A ; may be missing"),
        ("TypeError", '"abc".contains is not a function', "Look at what"),
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rows.join('\n')", "The string that begins at line 1, column 11 "),
        ("const é = '😀';\nconst s = \"a\n1\"", "The string that begins at line 2, column 11 "),
        ("// it's\n/* it's */ const s = `it's`, r = /'/; f('a", "The string that begins at line 2, column 41 "),
        ("x => await x", "The await at line 1, column 6 "),
        ("async () => {\n rows.map(r => ({a: await r})) }", "The await at line 2, column 21 "),
        ("class A { async m() { await 1 }\n n() { return f(await 5) } }", "The await at line 2, column 17 "),
        ("function f() { for await (const x of y) {} }", "The await at line 1, column 16 "),
        ("await 1; (async () => await 1)(); class A { [await 1]() {} } )", ""),
        ("'a\\\nb' )", ""),
        ("let a = ;", ""),
        ("'" * 1_000 + "await /[" * 12_000, ""),
    ],
    ids=lambda text: text[:20],
)
def test_a_text_that_does_not_parse_is_explained_where_that_is_known(text: str, told: str) -> None:
    assert advice(text).startswith(told)
    assert bool(advice(text)) == bool(told)
