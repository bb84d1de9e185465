"""The three tools: their arguments, what a model reads about them, and the engine's method behind each."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, cast

from mcp.types import Tool, ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mcp_codeexec.answers import Answer, Failure, HistoryAnswer, Outcome, VariableAnswer
from mcp_codeexec.engine import MOST, Engine
from mcp_codeexec.errors import BadArguments
from mcp_codeexec.model import Stage
from mcp_codeexec.settings import Settings

A = TypeVar("A", bound=BaseModel)
OnStage = Callable[[Stage], None]

SessionId = Annotated[str, Field(description="The session's id, as execute_code gave it.")]
_OF_FAILURES = frozenset(name for name, field in Failure.model_fields.items() if field.is_required())
_INPUTS_SHOWN, _INPUT_NAME = 6, 60  # of the operator's files in the description, which has little room
_NO_SESSION = "Session to go on with; leave it out to start one."


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExecuteCode(_Arguments):
    """Arguments of execute_code."""

    code: str = Field(description="TypeScript source.")
    session_id: str = Field(default="", description=_NO_SESSION)
    timeout_ms: int = Field(default=0, description="Time limit in milliseconds.")


class GetVariable(_Arguments):
    """Arguments of get_variable."""

    session_id: SessionId
    name: str = Field(default="", description="The variable; leave it out for the table of all. `_` is the previous value.")
    path: str = Field(default="", description='A part of it, as in code: items[0].name, ["odd key"], [-1].')
    offset: int = Field(default=0, ge=0, le=MOST, description="Where to begin, in characters, items or bytes.")
    limit: int = Field(default=0, ge=0, le=MOST, description="How many; 0 is what fits an answer.")


class SessionHistory(_Arguments):
    """Arguments of session_history."""

    session_id: str = Field(default="", description="The session; leave it out for the list of your sessions.")
    run: int = Field(
        default=0, ge=0, le=MOST, description="One run, with its code and answer; 0 for the list of runs, newest first."
    )
    part: str = Field(default="", description="One part of that run, whole: code, output, value or error.")
    offset: int = Field(default=0, ge=0, le=MOST, description="Where to begin, in characters of the part.")
    limit: int = Field(default=0, ge=0, le=MOST, description="How many rows, or characters of the part.")
    cursor: str = Field(default="", description="From `next` of the page before.")


@dataclass(frozen=True, slots=True)
class ToolSpec(Generic[A]):
    """One tool. `run` gets the engine, checked arguments and the way to tell the stage of a run."""

    arguments: type[A]
    answer: type[Answer]
    title: str
    describe: Callable[[Settings, Sequence[str]], str]
    read_only: bool
    run: Callable[[Engine, A, OnStage], Awaitable[Answer]]

    async def call(self, name: str, raw: dict[str, Any] | None, engine: Engine, on_stage: OnStage) -> Answer:
        """Check the arguments and run. Raises BadArguments and what the engine raises."""
        try:
            given = {key: value for key, value in (raw or {}).items() if value is not None}  # null is how some say "left out"
            arguments = self.arguments.model_validate(given)
        except ValidationError as exc:
            raise _bad_arguments(name, self.arguments, exc) from None
        return await self.run(engine, arguments, on_stage)

    def definition(self, name: str, settings: Settings, inputs: Sequence[str] = ()) -> Tool:
        """What `tools/list` says of it. `inputs` are the operator's files, as they may be named."""
        schema = portable(self.arguments.model_json_schema())
        del schema["description"]  # the class says what it is to readers of this file
        if "timeout_ms" in schema["properties"]:
            schema["properties"]["timeout_ms"] |= {"default": settings.timeout_ms, "minimum": 1, "maximum": settings.max_timeout_ms}
        return Tool(
            name=name,
            title=self.title,
            description=self.describe(settings, inputs),
            input_schema=schema,
            output_schema=lean(portable(self.answer.model_json_schema())),
            annotations=ToolAnnotations(
                title=self.title,
                read_only_hint=self.read_only,
                destructive_hint=False,
                idempotent_hint=self.read_only,
                open_world_hint=False,
            ),
        )


def _execute_text(settings: Settings, inputs: Sequence[str]) -> str:
    return f"""\
Run TypeScript in a private sandbox and get a short answer. Use it to compute, transform and analyse data. A session works like a \
notebook: send small pieces, build on earlier ones.
SESSION  Leave session_id out to start one; pass the returned id to go on. Top-level variables, functions, classes, enums and files \
persist, also over errors, time-outs and restarts, and may be declared again. A run that had to be killed is undone. What a process alone \
can hold (closures, promises) goes with it and is named in `lost`. Kept {settings.keep_days:g} days after last use.
RESULT  The last expression is the value; a promise is awaited. A final declaration gives what it declared; `_` is the previous value. \
Top-level await and return work. console.* is captured. A cut result names the call that fetches the rest: never run code again just to \
see more.
LIMITS  {settings.timeout_ms / 1_000:g} s (timeout_ms, up to {settings.max_timeout_ms}); {settings.memory_mb} MB memory; \
{settings.code_kb} KB code; {settings.string_kb} KB per string literal (build longer text in pieces); {settings.workspace_mb} MB of files. \
Await what you need: timers still pending at the end are cancelled.
HAVE  All of modern JavaScript: Intl, URL, crypto, TextEncoder, structuredClone, Temporal. UTC. Files of the session: \
await files.write(name, textOrBytes), files.read(name), files.list(), files.remove(name).{_inputs(inputs)}
HAVE NOT  network (fetch), import and npm packages, require, process, Deno, Buffer, eval, Worker, globalThis, decorators, \
type checking.
PRIVACY  Secrets come back as [REDACTED:kind]; personal data (addresses, phones, cards, …) as a token such as [EMAIL_k3f9q2], the same \
for the same value: put the token in a string, and your code gets the real value.
EXAMPLE  const orders = [{{sku: "A", qty: 2, price: 9.5}}, {{sku: "B", qty: 1, price: 20}}];
 orders.reduce((sum, o) => sum + o.qty * o.price, 0)   // value 39
then, with that session_id:  orders.filter(o => o.qty > 1)"""


def _inputs(names: Sequence[str]) -> str:
    """The operator's files, as far as a line holds them."""
    shown = [json.dumps(name, ensure_ascii=False) for name in names if len(name) <= _INPUT_NAME][:_INPUTS_SHOWN]
    more = [f"{len(names) - len(shown)} more, see files.list()"] if len(names) > len(shown) else []
    return f"\nINPUTS  to read only: {', '.join([*shown, *more])}." if names else ""


def _variable_text(_: Settings, __: Sequence[str]) -> str:
    return """\
Read a session's variables without running code. Without name: the table of all (name, type, size, how it is kept, the run that last \
changed it) and of its files. With name: its value, or a part of it by path, or a page by offset and limit; `next` is the exact call for \
the next page. Use it for the rest of a cut value."""


def _history_text(_: Settings, __: Sequence[str]) -> str:
    return """\
Read what happened. Without arguments: your sessions, last used first. With session_id: its runs, newest first. With run: its code and \
answer. With run and part (code, output, value, error): that part whole, in pages. Also how to find a result that got lost on its way to \
you: never run code twice for that."""


async def _execute(engine: Engine, a: ExecuteCode, on_stage: OnStage) -> Answer:
    return await engine.execute(a.code, a.session_id, a.timeout_ms, on_stage=on_stage)


async def _get_variable(engine: Engine, a: GetVariable, on_stage: OnStage) -> Answer:
    return await engine.get_variable(a.session_id, a.name, a.path, a.offset, a.limit)


async def _history(engine: Engine, a: SessionHistory, on_stage: OnStage) -> Answer:
    return await engine.session_history(a.session_id, a.run, a.part, a.offset, a.limit, a.cursor)


TOOLS: dict[str, ToolSpec[Any]] = {
    "execute_code": ToolSpec(ExecuteCode, Outcome, "Run TypeScript", _execute_text, False, _execute),
    "get_variable": ToolSpec(GetVariable, VariableAnswer, "Read variables", _variable_text, True, _get_variable),
    "session_history": ToolSpec(SessionHistory, HistoryAnswer, "Read history", _history_text, True, _history),
}


def portable(schema: Any) -> Any:
    """A JSON schema in the plainest form, which every client's converter accepts: no pydantic titles, `T | None` as an optional T."""
    if isinstance(schema, list):
        return [portable(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    plain: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", schema).items():
        if key in ("properties", "$defs"):
            plain[key] = {name: portable(inner) for name, inner in value.items()}
        elif key != "title":
            plain[key] = portable(value)
    options = plain.get("anyOf")
    if options and len(options) == 2 and {"type": "null"} in options:
        other = next(option for option in options if option != {"type": "null"})
        plain = {k: v for k, v in {**other, **plain}.items() if k != "anyOf" and not (k == "default" and v is None)}
    return plain


def lean(schema: dict[str, Any]) -> dict[str, Any]:
    """An output schema that says which fields there are, and forbids nothing: clients check every answer against it.

    It requires only what a failure has too: the TypeScript SDK checks those as well, and throws away one that does not fit.
    """
    kept: dict[str, Any] = {
        "type": "object",
        "properties": {name: _without_references(inner) for name, inner in schema["properties"].items()},
    }
    if always := [name for name in schema.get("required", []) if name in _OF_FAILURES]:
        kept["required"] = always
    return kept


def _without_references(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("$ref", "").endswith("/JsonValue"):
        return {k: v for k, v in schema.items() if k != "$ref"}
    if "$ref" in schema:
        return {"type": "object", **{k: v for k, v in schema.items() if k != "$ref"}}
    if "$ref" in schema.get("items", {}):
        return {**schema, "items": {"type": "object"}}
    return schema


def _bad_arguments(name: str, arguments: type[BaseModel], exc: ValidationError) -> BadArguments:
    faults: list[str] = []
    for error in exc.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(map(str, error["loc"]))[:80] or "arguments"
        if error["type"] == "extra_forbidden":
            faults.append(f"there is no argument {place!r}")
        elif error["type"] == "missing":
            faults.append(f"{place} is missing")
        else:
            faults.append(f"{place}: {error['msg'][:1].lower()}{error['msg'][1:]}")
    taken = ", ".join(arguments.model_fields)
    return BadArguments(f"{name}'s arguments are wrong: {'; '.join(faults)}.", hint=f"It takes {taken}.")
