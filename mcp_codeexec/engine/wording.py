"""What an answer says in words: how a run ended, what became of the state, what to do next. One clause each, for the model."""

from dataclasses import dataclass

from mcp_codeexec.answers import ErrorInfo
from mcp_codeexec.model import RawRun


@dataclass(frozen=True, slots=True)
class Ending:
    """An error's name and sentence where the run itself has none, and the hint."""

    name: str
    message: str
    hint: str


KEPT = "Variables are kept, with what this run had done by then."
LOST = "The session's process is gone and its variables with it; the history stays."
NOTHING = "Nothing ran, nothing changed."
REDEFINE = "Define what you need again, from the code in session_history."
_SMALLER = "Work in smaller steps and keep partial results in variables"


def ending(raw: RawRun, timeout_ms: int, memory_mb: int, max_timeout_ms: int) -> Ending:
    """The sentences for a run that was not `ok`."""
    match raw.status, raw.stopped:
        case "timeout", "killed":
            more = f", or pass timeout_ms up to {max_timeout_ms}."
            return Ending("Timeout", f"Stopped after {timeout_ms} ms, in a loop after an await. {LOST}", _SMALLER + more)
        case "timeout", stopped:
            where = "in synchronous code" if stopped == "synchronous" else "waiting for a promise"
            more = f", or pass timeout_ms up to {max_timeout_ms}."
            return Ending("Timeout", f"Stopped after {timeout_ms} ms, {where}. {KEPT}", _SMALLER + more)
        case "memory_limit", _:
            return Ending("MemoryLimit", f"The run needed more than {memory_mb} MB. {LOST}", f"Hold less at once. {REDEFINE}")
        case "cancelled", "killed":
            return Ending("Cancelled", f"The caller cancelled the run. {LOST}", REDEFINE)
        case "cancelled", _:
            return Ending("Cancelled", f"The caller cancelled the run. {KEPT}", "")
        case "crashed", _:
            why = raw.error.message if raw.error else "the session's process ended"
            return Ending("Crashed", f"{why[:1].upper()}{why[1:]}. {LOST}", REDEFINE)
        case _:
            return Ending("", "", KEPT)


def after_ok(raw: RawRun) -> str:
    """What a successful run should be told all the same; empty when there is nothing."""
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


def undone(files: int) -> str:
    """What became of files that a run changed whose process did not survive."""
    return f"{count(files, 'file')} that it changed {'is' if files == 1 else 'are'} as before."


def omitted(characters: int) -> str:
    """Stands in the output where its middle was not read."""
    return f"\n… {characters} characters were printed here and not read …\n"


def violation_line(violation: ErrorInfo) -> str:
    """A violation as the answer and the history say it."""
    return f"line {violation.line}, column {violation.column}  {violation.rule}  {violation.message}"


def count(n: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
