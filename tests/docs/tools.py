"""docs/tools.md: the three tools, from what they publish and from the error tree."""

from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mcp_codeexec import errors
from mcp_codeexec.answers import Change, Cut, ErrorInfo, Failure, FileRow, RunRow, SessionRow, UsageInfo, VariableRow
from mcp_codeexec.model import Status
from mcp_codeexec.server.tools import TOOLS
from mcp_codeexec.settings import Settings
from tests.docs.table import table

_HEAD = """\
# The three tools

Made from the schemas that `tools/list` publishes, `mcp_codeexec/answers.py` and `errors.py`, with default settings. Every fact stands both
in `content` (text) and in `structuredContent`, on success and on error. A field that would be empty is absent. Arguments that a tool does
not have are refused; `null` counts as left out. `isError` is set for every status but `ok`.
"""

# What each status says, and what becomes of the state.
STATUSES: dict[Status, tuple[str, str]] = {
    "ok": ("it ran to its end", "kept"),
    "error": ("the code threw, or does not parse", "what it did until then is kept; nothing ran if it does not parse"),
    "rejected": ("the validator refused the text; `violations` lists all places", "nothing ran, nothing changed"),
    "timeout": (
        "it took longer than its time limit",
        "kept if it was in synchronous code or waiting; undone if it looped after an `await`",
    ),
    "memory_limit": ("it needed more memory than a worker has, or what it holds is too large to keep", "undone"),
    "crashed": ("the session's process ended, or its server was killed during the run", "undone"),
    "cancelled": ("the caller cancelled it", "kept if it could be stopped inside its process, else undone"),
    "not_run": ("bad arguments, an unknown session, a full queue, no runtime or no store; it is no run", "nothing changed"),
    "withheld": ("it ran, but a detector of the filter failed, so nothing of it is shown", "the answer says which: kept or undone"),
}

# What is said of fields beyond the published schema, which has to be short.
FIELDS = {
    "status": "see below",
    "value_type": "its type, such as `Map(3)`; absent where `value` says it all",
    "error": "what was thrown, or how the run ended",
    "violations": "for `rejected`: all that was refused",
    "truncated": "what was cut, and the call that fetches the rest",
    "redactions": 'how many of each kind were hidden, such as `{"secret": 1, "email": 3}`',
    "usage": "what the run took",
    "variables": "the table of variables",
    "name": "its name",
    "path": "the part of it that was asked for",
    "type": "its type, such as `Array(3)`",
    "kept": "`exact`, `by_source` or `live_only`: [sessions.md](sessions.md)",
    "value": "the page, where it is plain JSON data",
    "value_text": "the page as printed, where it is not",
    "offset": "where the page begins",
    "count": "how much of it is here",
    "total": "how much there is",
    "sessions": "your sessions, last used first",
    "runs": "runs, newest first",
    "session_id": "the session",
    "run": "the number of a run",
    "at": "when it began, UTC",
    "code": "what was submitted, filtered; in a list its first 200 characters",
    "answer": "what `execute_code` answered then",
    "part": "which part: `value`, `output`, `code` or `error`",
    "text": "the page of that part",
    "message": "one sentence",
    "line": "line in the submitted text, from 1",
    "column": "column there, from 1, in characters",
    "stack": "the frames of submitted code, where there are several",
    "rule": "the rule that refused it: [refused-names.md](refused-names.md)",
    "get": "the exact call that fetches the rest",
    "preview": "its value, short",
    "wall_ms": "time that it ran",
    "cpu_ms": "CPU time of its process",
    "peak_memory_mb": "the most memory that its process had",
    "queue_ms": "time that it waited (history only)",
    "output_chars": "characters that it printed (history only)",
    "workspace_bytes": "bytes of the session's files after it (history only)",
    "open_files": "file descriptors of its process (history only)",
    "size": "characters, items or bytes, as its type suggests",
    "bytes": "its size",
    "created": "when it began, UTC",
    "last_used": "when it was used last, UTC",
    "ms": "time that it ran",
    "hint": "what to do next",
}
_OWN = {
    (
        "ErrorInfo",
        "name",
    ): "the error's class, such as `TypeError`; `Timeout`, `MemoryLimit`, `Crashed`, `Cancelled`, or one of the errors below",
    ("Cut", "part"): "which part: `error`, `violations`, `lost`, `variables`, `value` or `output`",
    ("Cut", "kept"): "how much of it is shown, in characters, or entries of a value",
    ("VariableRow", "run"): "the run that last changed it",
    ("SessionRow", "runs"): "how many runs it has had",
    ("SessionRow", "variables"): "how many variables it has",
    ("RunRow", "value_text"): "the first 200 characters of its value",
    ("FileRow", "name"): "as `files.read` takes it",
}
_PARTS: tuple[type[BaseModel], ...] = (ErrorInfo, Cut, Change, UsageInfo, VariableRow, FileRow, SessionRow, RunRow)


def page() -> str:
    parts = [_HEAD]
    for name, spec in TOOLS.items():
        tool = spec.definition(name, Settings.model_construct())
        properties: dict[str, dict[str, Any]] = tool.input_schema["properties"]
        required = tool.input_schema.get("required", ())
        rows = [
            (f"`{key}`", schema["type"], _given(schema, needed=key in required), schema["description"])
            for key, schema in properties.items()
        ]
        parts += [f"\n## {name}\n\n", table(("argument", "type", "default", ""), rows)]
        parts += [f"\nIts answer (`{spec.answer.__name__}`):\n\n", _fields(spec.answer)]
    parts += ["\n## The parts of answers\n"]
    parts += [f"\n`{part.__name__}`: {_first_line(part)}\n\n{_fields(part)}" for part in _PARTS]
    parts += [f"\n`{Failure.__name__}`: {_first_line(Failure)}\n\n{_fields(Failure)}"]
    states = [(f"`{status}`", *STATUSES[status]) for status in get_args(Status)]
    parts += ["\n## Statuses\n\n", table(("status", "what happened", "variables and files"), states)]
    parts += [_ERRORS, table(("name", "status", ""), _errors())]
    return "".join(parts)


_ERRORS = """
## Errors of a call

When nothing can be shown, all three tools answer with a `Failure` whose `error.name` is one of these. The Python API raises the classes of
`mcp_codeexec.errors` by the same names.

"""


def _errors() -> list[tuple[str, str, str]]:
    rows = [
        (f"`{kind.__name__}`", "`withheld`" if kind is errors.Withheld else "`not_run`", _first_line(kind))
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.CodeExecError) and kind not in _NEVER_SHOWN
    ]
    return [
        *rows,
        ("`UnknownTool`", "`not_run`", "The server has no tool of that name."),
        (
            "`InternalError`",
            "`not_run`",
            "A mistake of ours: it is logged, and its text is not shown. `session_history` tells what was kept.",
        ),
    ]


# Bases, what running code sees, and what ends the program at its start.
_NEVER_SHOWN = (errors.CodeExecError, errors.NotRun, errors.FileRefused, errors.SettingsError)


def _fields(model: type[BaseModel]) -> str:
    rows = [(f"`{name}`", _type(field), _said(model, name, field)) for name, field in model.model_fields.items()]
    return table(("field", "type", ""), rows)


def _said(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    return field.description or _OWN.get((model.__name__, name)) or FIELDS[name]


def _type(field: FieldInfo) -> str:
    kind: Any = field.annotation
    if get_origin(kind) is list:
        inner = get_args(kind)[0]
        return f"list of `{inner.__name__}`" if inner is not str else "list of strings"
    named = next((option for option in (kind, *get_args(kind)) if isinstance(option, type) and issubclass(option, BaseModel)), None)
    if named is not None:
        return f"`{named.__name__}`"
    if kind in _TYPES:
        return _TYPES[kind]
    if get_origin(kind) is dict:
        return "object"
    return "string" if get_origin(kind) is Literal else "any JSON"


_TYPES: dict[Any, str] = {str: "string", int: "integer", float: "number"}


def _given(schema: dict[str, Any], *, needed: bool) -> str:
    if needed:
        return "required"
    default = schema.get("default")
    bounds = f", {schema['minimum']:,} to {schema['maximum']:,}" if "maximum" in schema and schema["minimum"] else ""
    return f"{'empty' if default == '' else f'{default:,}'}{bounds}"


def _first_line(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())
