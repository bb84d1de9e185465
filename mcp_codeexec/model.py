"""The shapes everybody speaks, all frozen. The ports between rooms are in ports.py.

A call is a chain of them: `Verdict` and `Erased` and `Program` (language), `RawRun` (what a worker claims happened, hostile until
filtered), `Outcome` (answers.py: what the model may read), `RunDraft` (what the store writes). Lines and columns count from 1, columns in
characters (Unicode code points) of the caller's own text unless a field says otherwise. Times are Unix seconds, durations milliseconds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import JsonValue

Json: TypeAlias = JsonValue

Status = Literal[
    "ok", "error", "rejected", "timeout", "memory_limit", "crashed", "cancelled", "not_run", "withheld"
]  # docs/tools.md says what each means; `not_run` never becomes a run
Stage = Literal["queued", "validating", "executing", "filtering", "done", "error"]
Kept = Literal["exact", "by_source", "live_only"]
Kind = Literal["let", "const", "var", "function", "class", "enum", "namespace", "global"]  # how a session's name was made
Unit = Literal["chars", "items", "bytes"]
HEAD_CHARS = 300  # of a code or value that a list of runs is made of: a row of it, and room for a token on its border


# ---- language ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the caller's text."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that may not run: rule id, place, and what to write instead."""

    rule: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class CodeMetrics:
    """Size and shape of a submitted text. `depth` is the deepest nesting of its syntax tree."""

    bytes: int
    lines: int
    depth: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the validator says: every violation at once. No violation means that the text may go on.

    `plain`: it is JavaScript as it stands, as far as its syntax tree tells; nothing has to be erased.
    """

    violations: tuple[Violation, ...]
    warnings: tuple[Violation, ...]
    metrics: CodeMetrics
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Erased:
    """JavaScript without types. `mappings` is a source map's `mappings` string, empty where every character kept its place."""

    text: str
    mappings: str = ""


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """Why a text does not parse. `line` is 0 where nobody could say where."""

    message: str
    line: int
    column: int


def declaration(fresh: Iterable[str]) -> str:
    """The `declare` of a `Program` for these names. `Error` is a variable from the start, since its global property is fixed
    (deno_host/thrown.ts), which a declaration may not shadow."""
    names = [name for name in fresh if name != "Error"]
    return f"let {', '.join(names)};" if names else ""


@dataclass(frozen=True, slots=True)
class Program:
    """What a session worker evaluates: `declare` makes top-level names, `body` runs inside an async function of the harness.

    `declare`   `let a, f;` or empty: only names that the session does not have yet, all as `let`
    `body`      assignments where the text had declarations, `return (…)` where it had its last value; real values where its
                literals had tokens, which is why no `repr` shows it
    `names`     every top-level name this text declares, with its kind; they are session variables after the run
    `assigned`  the session's and this text's top-level names that the text assigns to: what the answer reports as changed
    `locate`    (line, column in UTF-16 units, both from 1, of `body`) to the caller's place, None where it has none
    """

    declare: str
    body: str = field(repr=False)
    names: Mapping[str, Kind]
    assigned: frozenset[str]
    locate: Callable[[int, int], Position | None] = field(repr=False, compare=False)


# ---- runtime: what a worker claims; checked against the wire schema, not yet filtered ----------------------------------------


@dataclass(frozen=True, slots=True)
class Described:
    """A value, described without running any code of the user's.

    `json` is its JSON text where the value is plain data within bounds, else empty. `text` is what inspect prints (a string
    value: the string itself), cut at the worker's bound; `total` counts all of it, in the unit of `unit`; `hidden` counts what
    inspect abbreviated.
    """

    type: str
    text: str
    json: str = ""
    unit: Unit = "chars"
    total: int = 0
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class RawError:
    """A thrown value. `stack` is V8's text; `line` and `column` (UTF-16, from 1, in the program's body) only for a body that
    does not parse, 0 otherwise."""

    name: str
    message: str
    stack: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class RawVariable:
    """A session variable as its worker sees it. `size` is in the unit that its type suggests: characters, items or bytes."""

    name: str
    type: str
    preview: str
    size: int
    kept: Kept


DELETED = "deleted"  # why a variable is not kept that a run took from the global object


@dataclass(frozen=True, slots=True)
class Segment:
    """A variable as a snapshot has it: bytes that only a sandboxed worker reads, and what is known of them.

    `first` is the number of its first object: objects of different variables have different ones, and a variable holds objects
    of those with lower numbers. `classes` are sources of the classes in it, by number, `format` says who wrote it. A `live_only`
    one has no bytes, and `why`.
    """

    name: str
    kept: Kept
    why: str = ""
    first: int = 0
    data: bytes = field(default=b"", repr=False)
    classes: Mapping[int, str] = field(default_factory=dict[int, str])
    format: str = ""


@dataclass(frozen=True, slots=True)
class Console:
    """Console output in order: its first part, its last part, and how many characters fell out between them or came too late."""

    head: str = ""
    tail: str = ""
    omitted: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run took. Memory and open files are of the whole worker process, 0 where the system does not tell."""

    wall_ms: int = 0
    cpu_ms: int = 0
    peak_memory_mb: float = 0
    open_files: int = 0


@dataclass(frozen=True, slots=True)
class RawRun:
    """One run as its worker tells it, or as the host saw it end.

    `stopped` says how a time limit or a cancel ended it: `synchronous` and `waiting` keep the heap, `killed` cost it.
    `saving` ended it while its variables were read for keeping. `heap_kept` is False when the process is gone. `made` are names that
    the run gave the global object (`x = 5`), `segments` the variables that it can have changed, as they are to be kept.
    """

    status: Literal["ok", "error", "timeout", "memory_limit", "crashed", "cancelled"]
    value: Described | None = None
    error: RawError | None = None
    console: Console = Console()
    variables: tuple[RawVariable, ...] = ()
    made: tuple[str, ...] = ()
    timers: int = 0
    calls: int = 0
    stopped: Literal["", "synchronous", "waiting", "killed", "saving"] = ""
    heap_kept: bool = True
    usage: Usage = Usage()
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Payload:
    """Data and bytes that cross the wire together: arguments of a host call, or its result."""

    data: Json = None
    blob: bytes = b""


# ---- sessions ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as the store knows it. `metadata` and `tool_state` are the embedder's own plain JSON."""

    session_id: str
    owner: str
    created: float
    last_used: float
    runs: int = 0
    variables: int = 0
    metadata: Mapping[str, Json] = field(default_factory=dict[str, Json])
    tool_state: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Variable:
    """A session variable as the store knows it; `run` is the one that last changed it, `why` says why it is `live_only`."""

    name: str
    kind: Kind
    type: str
    size: int
    kept: Kept
    run: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a session's workspace, without its content; `size` in bytes, `run` the one that last wrote it."""

    name: str
    size: int
    run: int


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a run did to a file: its whole content now, None where it was removed."""

    name: str
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class VaultRow:
    """One token of a session and the personal value it stands for."""

    token: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Record:
    """One run in history: filtered text only. `answer` is the outcome's JSON as the model got it; the parts are whole."""

    session_id: str
    run: int
    at: float
    status: Status
    ms: int
    code: str
    answer: str
    output: str = ""
    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class RunHead:
    """One run in a list of runs: of code and value only the first `HEAD_CHARS` characters."""

    run: int
    at: float
    status: Status
    ms: int
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class RunDraft:
    """What one run leaves behind; the store writes all of it in one transaction, before the answer leaves.

    `variables` are made or changed, `gone` are names that the session no longer has, `minted` are new tokens, `files` and
    `segments` changed ones.
    """

    record: Record
    variables: tuple[Variable, ...] = ()
    gone: tuple[str, ...] = ()
    minted: tuple[VaultRow, ...] = ()
    files: tuple[FileChange, ...] = ()
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredSession:
    """All that a process needs to go on with a session."""

    info: SessionInfo
    variables: tuple[Variable, ...]
    vault_key: bytes = field(repr=False)
    vault: tuple[VaultRow, ...] = field(repr=False)
    files: tuple[StoredFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may run a session, until when unless renewed, and the run that began with it: its number, 0 for none, and its time."""

    holder: str
    until: float
    run: int = 0
    began: float = 0.0
