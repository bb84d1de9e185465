"""From what happened to the fields of an answer: whole, and not yet filtered. The caller filters them before anything else."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic_core import from_json

from mcp_codeexec.answers import Outcome
from mcp_codeexec.engine import wording
from mcp_codeexec.engine.quoted import whole_words
from mcp_codeexec.errors import Withheld
from mcp_codeexec.language.faults import advice
from mcp_codeexec.language.hints import hint as error_hint
from mcp_codeexec.language.positions import Lines
from mcp_codeexec.language.stack import Locate, caller_frames, with_places
from mcp_codeexec.model import (
    Console,
    Described,
    FileChange,
    Json,
    Kind,
    Position,
    Program,
    RawError,
    RawRun,
    RawVariable,
    Segment,
    Status,
    Violation,
)
from mcp_codeexec.settings import Settings

_NEAR = 4_096  # characters around a gap in which a line may end
_COUNT = re.compile(r"\((\d{1,15})\)$")


@dataclass(frozen=True, slots=True)
class Draft:
    """An outcome in the making: `fields` are those of `Outcome` that hold text or data, unfiltered."""

    status: Status
    fields: dict[str, Json]
    variables: tuple[RawVariable, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    heap_kept: bool = True
    wall_ms: int = 0
    unparsed: bool = False
    files: tuple[FileChange, ...] = ()
    open_files: int = 0
    segments: tuple[Segment, ...] = ()


def rejected_draft(violations: Sequence[Violation]) -> Draft:
    """The validator refused the text."""
    listed: list[Json] = [
        {"name": "Rejected", "rule": v.rule, "line": v.line, "column": v.column, "message": v.message} for v in violations
    ]
    return Draft("rejected", {"violations": listed, "hint": wording.NOTHING})


def failed_draft(message: str, place: Position | None) -> Draft:
    """The text does not parse."""
    error: dict[str, Json] = {"name": "SyntaxError", "message": message}
    if place is not None:
        error |= {"line": place.line, "column": place.column}
    return Draft("error", {"error": error, "hint": wording.NOTHING}, unparsed=True)


def explained(draft: Draft, code: str) -> dict[str, Json]:
    """A draft's fields; for a text that does not parse, with what is known of why."""
    why = advice(code) if draft.unparsed else ""
    return {**draft.fields, "hint": f"{why} {wording.NOTHING}"} if why else dict(draft.fields)


def run_draft(
    raw: RawRun,
    session_id: str,
    run: int,
    program: Program,
    kinds: Mapping[str, Kind],
    timeout_ms: int,
    files: tuple[FileChange, ...],
    locate: Locate,
    settings: Settings,
) -> Draft:
    """A run, however it ended. `files` are those that it changed: undone where its process did not survive."""
    fields: dict[str, Json] = {}
    hints: list[str] = []
    if raw.error is not None and raw.error.line:
        beyond = raw.error.line > Lines(program.body.encode(errors="replace")).count  # V8 tells of what we put after it
        message = "Unexpected end of the program" if beyond else raw.error.message
        return failed_draft(message, program.locate(raw.error.line, raw.error.column))
    if raw.status == "ok":
        if raw.error is not None:
            hints.append(f'{wording.UNDESCRIBED} get_variable("{session_id}", "_") reads it in pages.')
        fields |= _value(raw.value, session_id)
        if isinstance(text := fields.get("value_text"), str):
            fields["value_text"] = whole_words(with_places(text, run, locate))
        elif isinstance(plain := fields.get("value"), str):
            fields["value"] = whole_words(plain)
    elif raw.status == "error" and raw.error is not None:
        error, own = _error(raw.error, run, kinds, locate)
        fields["error"] = error
        hints += [own, wording.KEPT]
    else:
        end = wording.ending(raw, run, timeout_ms, settings.memory_mb, settings.max_timeout_ms)
        fields["error"] = {"name": end.name, "message": end.message}
        hints.append(end.hint)
    if not raw.heap_kept:
        files = ()
    output = whole_words(with_places(_output(raw.console), run, locate))
    if output:
        fields["output"] = output
    if raw.variables:
        fields["variables"] = [{"name": v.name, "type": v.type, "preview": v.preview, "kept": v.kept} for v in raw.variables]
    hints.append(wording.left_open(raw))
    if any(hints):
        fields["hint"] = " ".join(h for h in hints if h)
    usage = raw.usage
    fields["usage"] = {"wall_ms": usage.wall_ms, "cpu_ms": usage.cpu_ms, "peak_memory_mb": usage.peak_memory_mb}
    return Draft(
        raw.status,
        fields,
        raw.variables,
        kinds,
        raw.heap_kept,
        usage.wall_ms,
        files=files,
        open_files=usage.open_files,
        segments=raw.segments,
    )


def outcome_of(session_id: str, run: int, status: Status, fields: Json, redactions: dict[str, int]) -> Outcome:
    """The outcome that filtered fields make."""
    made: dict[str, object] = {"session_id": session_id, "run": run, "status": status}
    if isinstance(fields, dict):
        made |= fields
    if redactions:
        made["redactions"] = redactions
    return Outcome.model_validate(made)


def withheld_fields(exc: Withheld, draft: Draft) -> dict[str, Json]:
    """What may be said where the fields could not be filtered."""
    state = "The run is over and its state is kept." if draft.heap_kept else "The run was undone."
    return {"error": {"name": "Withheld", "message": f"{exc} {state}"}, "hint": exc.hint}


def _output(console: Console) -> str:
    """What was printed; where its middle was not read, whole lines around the gap: half a secret does not look like one."""
    if not console.omitted:
        return console.head + console.tail
    head, tail = console.head, console.tail
    begin = head.rfind("\n", -_NEAR) + 1 or max(0, len(head) - _NEAR)
    end = tail.find("\n", 0, _NEAR) + 1 or min(len(tail), _NEAR)
    dropped = len(head) - begin + end
    return head[:begin] + wording.omitted(console.omitted + dropped) + tail[end:]


def _value(value: Described | None, session_id: str) -> dict[str, Json]:
    if value is None or value.type == "undefined":
        return {}
    if value.json:
        with contextlib.suppress(ValueError):  # a worker may lie about its JSON
            return {"value": from_json(value.json, allow_inf_nan=False)}
    fields: dict[str, Json] = {"value_text": value.text, "value_type": value.type}
    cut = value.hidden or (value.unit == "chars" and value.total > len(value.text))
    if cut:
        kept, total = _shown(value)
        get = f'get_variable("{session_id}", "_")'
        fields["truncated"] = [{"part": "value", "kept": kept, "total": total, "get": get}]
    return fields


def _shown(value: Described) -> tuple[int, int]:
    """How much of how much: entries of a `Map(3000)` that inspect abbreviated; else characters, and what is hidden further in."""
    counted = _COUNT.search(value.type)
    count = int(counted[1]) if counted else 0
    if value.hidden and count >= value.hidden:
        return count - value.hidden, count
    return len(value.text), max(value.total, len(value.text)) + value.hidden


def _error(error: RawError, run: int, kinds: Mapping[str, Kind], locate: Locate) -> tuple[dict[str, Json], str]:
    frames, place = caller_frames(error.stack, run, locate)
    made: dict[str, Json] = {"name": error.name, "message": whole_words(error.message)}
    if place is not None:
        made |= {"line": place.line, "column": place.column}
    if len(frames) > 1:
        made["stack"] = "\n".join(frames)
    return made, error_hint(error.name, error.message, kinds)
