"""What a session worker may say, as schemas. A worker runs hostile code: a header that does not fit these is the end of the worker.

Lengths here are bounds of trust, a little above what the host side sends; the frame limit bounds the whole.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import from_json

from mcp_codeexec.model import Described, Json, RawError, RawVariable

_LONG = 600_000

Name = Annotated[str, StringConstraints(max_length=400)]
Short = Annotated[str, StringConstraints(max_length=2_000)]
Text = Annotated[str, StringConstraints(max_length=_LONG)]
Count = Annotated[int, Field(ge=0, le=2**53)]


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class SaidValue(_Said):
    type: Name
    text: Text
    json_: Text = Field(alias="json")
    unit: Literal["chars", "items", "bytes"]
    total: Count
    hidden: Count

    @field_validator("json_")
    @classmethod
    def _is_json(cls, text: str) -> str:
        if text:
            from_json(text, allow_inf_nan=False)
        return text

    def shape(self) -> Described:
        return Described(self.type, self.text, self.json_, self.unit, self.total, self.hidden)


class SaidPage(SaidValue):
    offset: Count
    count: Count


class SaidError(_Said):
    name: Name
    message: Text
    stack: Text
    line: Count = 0
    column: Count = 0

    def shape(self) -> RawError:
        return RawError(self.name, self.message, self.stack, self.line, self.column)


class SaidVariable(_Said):
    name: Name
    type: Name
    preview: Short
    size: Count
    kept: Literal["exact", "by_source", "live_only"]

    def shape(self) -> RawVariable:
        return RawVariable(self.name, self.type, self.preview, self.size, self.kept)


class SaidSegment(_Said):
    """A variable as it is kept, after its pieces; or that it is not."""

    op: Literal["segment"]
    name: Name
    kept: Literal["exact", "by_source", "live_only"]
    why: Name
    first: Count
    classes: Annotated[list[Annotated[tuple[Count, Text], Field(strict=False)]], Field(max_length=10_000)]


Variables = Annotated[list[SaidVariable], Field(max_length=1_000)]


class Done(_Said):
    """The end of a run."""

    op: Literal["done"]
    id: int
    status: Literal["ok", "error", "timeout", "cancelled"]
    ms: float
    value: SaidValue | None = None
    error: SaidError | None = None
    stopped: Literal["", "synchronous", "waiting"] = ""
    undescribed: bool = False
    made: Annotated[list[Name], Field(max_length=10_000)] = []
    variables: Variables = []
    timers: Count
    calls: Count
    omitted: Count
    late: Count
    blocks: bool


class DescribedReply(_Said):
    """A value, a part or a page of it."""

    op: Literal["described"]
    id: int
    complete: bool
    known: bool
    page: SaidPage | None


class TableReply(_Said):
    """Variables by name."""

    op: Literal["table", "assigned"]
    id: int
    variables: Variables


class RestoredReply(_Said):
    """Variables were read again, but for `lost` ones."""

    op: Literal["restored"]
    id: int
    lost: Annotated[list[Name], Field(max_length=100_000)]


class Call(_Said):
    """A host call from the sandbox."""

    op: Literal["call"]
    call: Count
    name: Name
    data: Json
