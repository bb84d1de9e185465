"""What an answer says in words: how a run ended, what became of the state, what to do next. One clause each, for the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mcp_codeexec.answers import ErrorInfo
from mcp_codeexec.model import RawRun, Variable

_NAMED = 10  # names in a sentence


@dataclass(frozen=True, slots=True)
class Ending:
    """An error's name and sentence where the run itself has none, and the hint."""

    name: str
    message: str
    hint: str


KEPT = "Variables are kept, with what this run had done by then."
UNDESCRIBED = "The value took too long to be shown."
NOTHING = "Nothing ran, nothing changed."
_SMALLER = "Work in smaller steps and keep partial results in variables"


def undone(run: int) -> str:
    """What became of the state where a run's process did not survive."""
    before = f"variables and files are as after run {run - 1}" if run > 1 else "the session is empty, as before"
    return f"This run was undone: {before}."


def ending(raw: RawRun, run: int, timeout_ms: int, memory_mb: int, max_timeout_ms: int) -> Ending:
    """The sentences for a run that was not `ok`."""
    more = f", or pass timeout_ms up to {max_timeout_ms}."
    match raw.status, raw.stopped:
        case "timeout", "killed":
            return Ending("Timeout", f"Stopped after {timeout_ms} ms, in a loop after an await. {undone(run)}", _SMALLER + more)
        case "timeout", stopped:
            where = "in synchronous code" if stopped == "synchronous" else "waiting for a promise"
            return Ending("Timeout", f"Stopped after {timeout_ms} ms, {where}. {KEPT}", _SMALLER + more)
        case "memory_limit", "saving":
            why = "The run came to its end, but what it holds was too large to keep."
            return Ending("MemoryLimit", f"{why} {undone(run)}", "Keep less in variables; write large data to files.")
        case "memory_limit", _:
            return Ending("MemoryLimit", f"The run needed more than {memory_mb} MB. {undone(run)}", "Hold less at once.")
        case "cancelled", "killed":
            return Ending("Cancelled", f"The caller cancelled the run. {undone(run)}", "")
        case "cancelled", _:
            return Ending("Cancelled", f"The caller cancelled the run. {KEPT}", "")
        case "crashed", _:
            why = raw.error.message if raw.error else "the session's process ended"
            return Ending("Crashed", f"{why[:1].upper()}{why[1:]}. {undone(run)}", "")
        case _:
            return Ending("", "", KEPT)


def fate(gone: Sequence[str], variables: Mapping[str, Variable], rows: Sequence[Variable]) -> str:
    """What a caller should know of names that are lost now, and of those that will be when the process ends; empty if nothing."""
    why = {name: variables[name].why for name in gone if name in variables}
    parts: list[str] = []
    if gone:
        named = ", ".join(f"{name} ({why[name]})" if why.get(name) else name for name in gone[:_NAMED])
        parts.append(f"Lost with the session's process: {named}. Define {'it' if len(gone) == 1 else 'them'} again.")
    known = {name: variable.why for name, variable in variables.items()}
    held = [row for row in rows if row.why and known.get(row.name) != row.why]
    if held:
        named = ", ".join(f"{row.name} ({row.why})" for row in held[:_NAMED])
        parts.append(f"Kept only as long as the session's process lives: {named}.")
    return " ".join(parts)


def left_open(raw: RawRun) -> str:
    """What a run did not wait for, however it ended; empty when there is nothing."""
    parts: list[str] = []
    if raw.timers:
        parts.append(
            count(raw.timers, "timer") + " still pending at the end " + ("was" if raw.timers == 1 else "were") + " cancelled"
        )
    if raw.calls:
        parts.append(count(raw.calls, "host call") + " not awaited " + ("was" if raw.calls == 1 else "were") + " cancelled")
    if raw.console.late:
        parts.append(f"{raw.console.late} characters printed after the end of an earlier run were dropped")
    return ("; ".join(parts) + ": await what you need.") if parts else ""


def omitted(characters: int) -> str:
    """Stands in the output where its middle was not read."""
    return f"\n… {characters} characters were printed here and not read …\n"


def violation_line(violation: ErrorInfo) -> str:
    """A violation as the answer and the history say it."""
    return f"line {violation.line}, column {violation.column}  {violation.rule}  {violation.message}"


def count(n: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
