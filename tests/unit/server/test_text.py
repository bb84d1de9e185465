"""The text of every kind of answer, to the letter."""

from typing import Any

import pytest

from mcp_codeexec.answers import Failure, HistoryAnswer, Outcome, VariableAnswer
from mcp_codeexec.server.text import render

ID = "ses_4Jw9kQ2mXr7TbN0pLc5VyA"
USAGE = {"wall_ms": 12, "cpu_ms": 3, "peak_memory_mb": 51.5}


def outcome(status: str = "ok", **fields: Any) -> Outcome:
    usage = {} if status == "rejected" else {"usage": USAGE}
    return Outcome.model_validate({"session_id": ID, "run": 7, "status": status} | usage | fields)


def change(name: str, type_: str, kept: str) -> dict[str, str]:
    return {"name": name, "type": type_, "preview": "…", "kept": kept}


OUTCOMES: list[tuple[str, Outcome, list[str]]] = [
    ("nothing to say", outcome(), ["ok · 12 ms"]),
    ("a null is a value", outcome(value=None), ["ok · 12 ms", "value: null"]),
    ("text is shown as JSON", outcome(value='é\n"'), ["ok · 12 ms", 'value: "é\\n\\""']),
    (
        "no plain data",
        outcome(value_text="Map(1) { 1 => 2 }", value_type="Map(1)"),
        ["ok · 12 ms", "value (Map(1)): Map(1) { 1 => 2 }"],
    ),
    ("a cut value has no type", outcome(value_text="[1, 2 …"), ["ok · 12 ms", "value: [1, 2 …"]),
    ("value, then output", outcome(value=1, output="a\nb\n"), ["ok · 12 ms", "value: 1", "output:", "a\nb"]),
    (
        "every line that an answer may end with, in order",
        outcome(
            value=1,
            state="restored",
            lost=["f", "g"],
            output="x",
            variables=[
                change("a", "number", "exact"),
                change("h", "function", "by_source"),
                change("p", "Proxy", "live_only"),
                change("q", "Promise", "live_only"),
            ],
            hint="Await what you need.",
            truncated=[
                {"part": "value", "kept": 5, "total": 90, "get": f'get_variable("{ID}", "_")'},
                {"part": "output", "kept": 1, "total": 70, "get": f'session_history("{ID}", 7, "output")'},
            ],
            redactions={"secret": 1, "email": 3},
        ),
        [
            "ok · 12 ms",
            "value: 1",
            "The variables were brought back for this run: the session's process had ended.",
            "lost: f, g",
            "output:",
            "x",
            "kept: h function (by_source)",
            "kept: p Proxy, q Promise (live_only)",
            "hint: Await what you need.",
            f'rest: value, 5 of 90 shown: get_variable("{ID}", "_")',
            f'rest: output, 1 of 70 shown: session_history("{ID}", 7, "output")',
            "hidden: 1 secret, 3 email",
        ],
    ),
    (
        "thrown",
        outcome("error", error={"name": "TypeError", "message": "no", "line": 2, "column": 4, "stack": "at f (2:4)\nat 9:1"}),
        ["error · 12 ms", "TypeError: no (line 2, column 4)", "  at f (2:4)", "  at 9:1"],
    ),
    (
        "thrown nowhere in particular",
        outcome("error", error={"name": "Error", "message": "no"}),
        ["error · 12 ms", "Error: no"],
    ),
    (
        "thrown under one of our names",
        outcome("error", error={"name": "Timeout", "message": "mine", "line": 1, "column": 7}),
        ["error · 12 ms", "Timeout: mine (line 1, column 7)"],
    ),
    (
        "stopped",
        outcome(
            "timeout",
            error={"name": "Timeout", "message": "Stopped after 12 ms."},
            state="rolled_back",
            lost=["counter"],
            output="page 1\n",
            hint="work in smaller steps.",
        ),
        [
            "timeout · 12 ms",
            "Stopped after 12 ms.",
            "lost: counter",
            "output before the stop:",
            "page 1",
            "hint: work in smaller steps.",
        ],
    ),
    (
        "refused, with what went before it",
        outcome(
            "rejected",
            violations=[
                {"name": "Rejected", "rule": "no-require", "line": 1, "column": 12, "message": "there are no modules"},
                {"name": "Rejected", "rule": "no-process", "line": 4, "column": 3, "message": "use console.log"},
            ],
            hint="Nothing ran, nothing changed.",
            state="restored",
            lost=["a"],
        ),
        [
            "rejected · nothing ran, nothing changed",
            "line 1, column 12  no-require  there are no modules",
            "line 4, column 3  no-process  use console.log",
            "The variables were brought back for this run: the session's process had ended.",
            "lost: a",
        ],
    ),
    (
        "withheld",
        outcome("withheld", error={"name": "Withheld", "message": "The answer could not be filtered. The state is kept."}),
        ["withheld · 12 ms", "The answer could not be filtered. The state is kept."],
    ),
]


@pytest.mark.parametrize(("answer", "lines"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES])
def test_an_outcome_reads_as_the_contract_has_it(answer: Outcome, lines: list[str]) -> None:
    assert render(answer) == f"{ID} · run 7 · " + "\n".join(lines)


def row(name: str) -> dict[str, Any]:
    return {"name": name, "type": "Array(3)", "size": 3, "kept": "exact", "run": 2}


VARIABLES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("no variables", {"run": 7, "variables": [], "total": 0}, ["run 7 · 0 variables"]),
    (
        "one variable",
        {"run": 7, "variables": [row("rows")], "total": 1},
        ["run 7 · 1 variable", "rows  Array(3)  size 3  exact  run 2"],
    ),
    (
        "a page of a table",
        {"run": 7, "variables": [row("a")], "total": 9, "next": "get_variable(…)"},
        ["run 7 · 9 variables", "a  Array(3)  size 3  exact  run 2", "rest: get_variable(…)"],
    ),
    (
        "a page of items, with what was hidden",
        {
            "name": "rows",
            "type": "Array(3)",
            "kept": "exact",
            "value": [2],
            "unit": "items",
            "offset": 1,
            "count": 1,
            "total": 3,
            "next": "get_variable(…)",
            "redactions": {"email": 1},
        },
        ["rows · Array(3) · exact · items 1 to 2 of 3", "[2]", "rest: get_variable(…)", "hidden: 1 email"],
    ),
    (
        "a name at a path",
        {"name": "o", "path": "a.b", "type": "Map(1)", "kept": "exact", "value_text": "Map(1) {}", "unit": "items", "total": 1},
        ["o.a.b · Map(1) · exact · items 0 to 0 of 1", "Map(1) {}"],
    ),
    (
        "an index at a path",
        {"name": "o", "path": "[0]", "type": "string", "kept": "exact", "value": "x", "unit": "chars", "count": 1, "total": 1},
        ["o[0] · string · exact · chars 0 to 1 of 1", '"x"'],
    ),
]


@pytest.mark.parametrize(("fields", "lines"), [case[1:] for case in VARIABLES], ids=[case[0] for case in VARIABLES])
def test_variables_read_as_a_table_or_a_page(fields: dict[str, Any], lines: list[str]) -> None:
    assert render(VariableAnswer.model_validate({"session_id": ID, **fields})) == f"{ID} · " + "\n".join(lines)


AT = "2026-03-02T10:00:00Z"
SESSION = {"session_id": ID, "runs": 1, "created": AT, "last_used": AT, "variables": 2}
RUN = {"run": 3, "status": "ok", "ms": 5, "at": AT, "code": "let a = 1;\na"}
HISTORIES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("no sessions", {"sessions": []}, ["no sessions"]),
    (
        "sessions",
        {"sessions": [SESSION], "next": "session_history(…)"},
        [
            "sessions, last used first:",
            f"{ID} · 1 run · 2 variables · last used {AT} · created {AT}",
            "rest: session_history(…)",
        ],
    ),
    ("no runs", {"session_id": ID, "runs": []}, [f"{ID} · no runs"]),
    (
        "runs",
        {"session_id": ID, "runs": [{**RUN, "value_text": "1"}, {**RUN, "run": 2}]},
        [ID, f"run 3 · ok · 5 ms · {AT}", "  let a = 1;", "  a -> 1", f"run 2 · ok · 5 ms · {AT}", "  let a = 1;", "  a"],
    ),
    (
        "runs whose oldest were trimmed",
        {"session_id": ID, "runs": [RUN], "first_run": 3},
        [
            ID,
            "Runs before run 3 were trimmed: the history of a session has a size limit.",
            f"run 3 · ok · 5 ms · {AT}",
            "  let a = 1;",
            "  a",
        ],
    ),
    (
        "one run",
        {
            "session_id": ID,
            "run": 7,
            "at": AT,
            "code": "1",
            "answer": outcome(value=1, usage={**USAGE, "queue_ms": 2, "output_chars": 1, "open_files": 4}),
            "next": "session_history(…)",
        },
        [
            f"{ID} · run 7 · {AT}",
            "code:",
            "1",
            "answer:",
            f"{ID} · run 7 · ok · 12 ms",
            "value: 1",
            "usage: 3 ms CPU, 51.5 MB, 2 ms in the queue, 1 character printed, 0 bytes of files, 4 open files",
            "rest: session_history(…)",
        ],
    ),
    (
        "a part",
        {"session_id": ID, "run": 7, "part": "output", "text": "abc", "offset": 5, "count": 3, "total": 9},
        [f"{ID} · run 7 · output · characters 5 to 8 of 9", "abc"],
    ),
]


@pytest.mark.parametrize(("fields", "lines"), [case[1:] for case in HISTORIES], ids=[case[0] for case in HISTORIES])
def test_history_reads_as_a_list_or_a_page(fields: dict[str, Any], lines: list[str]) -> None:
    assert render(HistoryAnswer.model_validate(fields)) == "\n".join(lines)


@pytest.mark.parametrize(
    ("status", "hint", "text"),
    [
        ("not_run", "Leave it out.", "not run: there is no session. Leave it out."),
        ("not_run", "", "not run: there is no session."),
        ("withheld", "Try again.", "withheld: there is no session. Try again."),
    ],
)
def test_a_failure_is_its_sentence_and_what_to_do(status: Any, hint: str, text: str) -> None:
    error = {"name": "SessionNotFound", "message": "there is no session."}
    assert render(Failure.model_validate({"status": status, "error": error, "hint": hint})) == text
