"""What the model reads: the answers of the three tools.

Their JSON schemas are the published output schemas. Only fields that were set exist in an answer, so a builder passes what is not
empty and nothing else; `value=None` passed is a JSON null, not passed is absent.
"""

from typing import get_args

from pydantic import BaseModel, ConfigDict, Field

from mcp_codeexec.model import Json, Kept, Status


class Answer(BaseModel):
    """Base of the three tools' answers: frozen, and silent about what was not set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def structure(self) -> dict[str, Json]:
        """The answer as plain JSON: exactly the fields that were set."""
        return self.model_dump(mode="json", exclude_unset=True)


class ErrorInfo(Answer):
    """A failure: lines and columns of the caller's own text, only the caller's frames in `stack`."""

    name: str
    message: str
    line: int = 0
    column: int = 0
    stack: str = ""
    rule: str = ""


class Cut(Answer):
    """A part that was cut: `kept` of `total` characters, or entries of a value, and the exact call that fetches the rest."""

    part: str
    kept: int
    total: int
    get: str


class Change(Answer):
    """A variable that this run made or changed."""

    name: str
    type: str
    preview: str
    kept: Kept


class UsageInfo(Answer):
    """Milliseconds and MB (1,048,576 bytes); in the history also what an answer to a model has no room for."""

    wall_ms: int
    cpu_ms: int
    peak_memory_mb: float
    queue_ms: int = 0
    output_chars: int = 0
    workspace_bytes: int = 0
    open_files: int = 0


class Outcome(Answer):
    """The answer of `execute_code`."""

    session_id: str = Field(description="Pass it to go on with this session.")
    run: int = Field(description="1, 2, 3 … in this session.")
    status: Status
    value: Json = Field(default=None, description="The value, where it is plain JSON data.")
    value_text: str = Field(default="", description="The value as printed, where it is not plain JSON or was cut.")
    value_type: str = ""
    output: str = Field(default="", description="Console output, in order.")
    error: ErrorInfo | None = None
    violations: list[ErrorInfo] = []
    hint: str = Field(default="", description="What to do next.")
    truncated: list[Cut] = []
    variables: list[Change] = Field(default=[], description="Variables made or changed.")
    state: str = Field(default="", description="restored or rolled_back; absent when live.")
    lost: list[str] = Field(default=[], description="Names that could not be brought back.")
    redactions: dict[str, int] = {}
    usage: UsageInfo | None = None


class VariableRow(Answer):
    """One line of a session's table of variables."""

    name: str
    type: str
    size: int
    kept: Kept
    run: int


class FileRow(Answer):
    """A file that the session's code can read."""

    name: str
    bytes: int


class VariableAnswer(Answer):
    """The answer of `get_variable`: the table (no `name` asked), or one value, or a page of it."""

    session_id: str
    run: int = 0
    variables: list[VariableRow] = []
    files: list[FileRow] = Field(default=[], description="Files, to be read by files.read(name).")
    more_files: int = Field(default=0, description="Files not listed; files.list() has them all.")
    name: str = ""
    path: str = ""
    type: str = ""
    kept: str = ""
    value: Json = None
    value_text: str = ""
    unit: str = Field(default="", description="chars, items or bytes: what offset, count and total count.")
    offset: int = 0
    count: int = 0
    total: int = 0
    next: str = Field(default="", description="The exact call for the next page.")
    redactions: dict[str, int] = {}


class SessionRow(Answer):
    """One session of the caller."""

    session_id: str
    runs: int
    created: str
    last_used: str
    variables: int


class RunRow(Answer):
    """One run in a list of runs; `code` and `value_text` are cut to 200 characters."""

    run: int
    status: Status
    ms: int
    at: str
    code: str
    value_text: str = ""


class HistoryAnswer(Answer):
    """The answer of `session_history`: sessions, or runs newest first, or one run, or a page of one part of it."""

    sessions: list[SessionRow] = []
    session_id: str = ""
    runs: list[RunRow] = []
    first_run: int = Field(default=0, description="The oldest run that is kept, where those before it were trimmed.")
    run: int = 0
    at: str = ""
    code: str = ""
    answer: Outcome | None = None
    part: str = ""
    text: str = ""
    offset: int = 0
    count: int = 0
    total: int = 0
    next: str = Field(default="", description="The exact call for the next page.")


class Failure(Answer):
    """What all three tools answer when nothing can be shown: same fields in every case."""

    session_id: str = ""
    status: Status
    error: ErrorInfo
    hint: str = ""


WORDS = frozenset([*get_args(Kept), *(name for kind in Answer.__subclasses__() for name in kind.model_fields)])
"""What answers are made of, beside what a session says. None of it is ever a secret, and without it an answer cannot be read."""
