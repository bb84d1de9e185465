"""What history keeps: of a run, its answer and its parts whole; of what the host does to a session, that it did."""

import json
import time

from mcp_codeexec.answers import Outcome
from mcp_codeexec.engine.outcome import Draft
from mcp_codeexec.engine.wording import violation_line
from mcp_codeexec.errors import Withheld
from mcp_codeexec.filtering import FilterPipeline, dumped
from mcp_codeexec.model import Record
from mcp_codeexec.sessions.session import Session

WITHHELD = "[withheld]"  # instead of code that could not be filtered


def record_of(session: Session, draft: Draft, outcome: Outcome, answer: Outcome, *, at: float, code: str, queue_ms: int) -> Record:
    """A run's record. `outcome` is filtered and whole, `answer` what the model got of it; `code` is filtered."""
    return Record(
        session_id=session.id,
        run=outcome.run,
        at=at,
        status=outcome.status,
        ms=draft.wall_ms,
        code=code,
        answer=dumped(_with_whole_usage(answer, session, draft, queue_ms).structure()),
        output=outcome.output,
        value=_value_text(outcome),
        error=_error_text(outcome),
    )


def is_act(answer: Outcome) -> bool:
    """Whether a recorded answer is that of an act: where code ran well, its answer says what that took."""
    return answer.status == "ok" and answer.usage is None


async def act(session: Session, code: str, filters: FilterPipeline) -> Record:
    """An act of the host's, said as if it were code: else nobody could tell where the data came from. Filtered, as all that is kept."""
    run = session.next_run
    code = await told_code(session, code, filters)
    answer = json.dumps({"session_id": session.id, "run": run, "status": "ok"})
    return Record(session.id, run, time.time(), "ok", 0, code, answer)


async def told_code(session: Session, code: str, filters: FilterPipeline) -> str:
    """Code as history keeps it."""
    try:
        return str((await filters.clean(code, session.vault)).tree)
    except Withheld:
        return WITHHELD


def _with_whole_usage(answer: Outcome, session: Session, draft: Draft, queue_ms: int) -> Outcome:
    if answer.usage is None:
        return answer
    sizes = {file.name: file.size for file in session.files.values()}
    sizes.update((file.name, len(file.content or b"")) for file in draft.files)
    whole = answer.usage.model_copy(
        update={
            "queue_ms": queue_ms,
            "output_chars": len(str(draft.fields.get("output", ""))),
            "workspace_bytes": sum(sizes.values()),
            "open_files": draft.open_files,
        }
    )
    return answer.model_copy(update={"usage": whole})


def _value_text(outcome: Outcome) -> str:
    if "value" in outcome.model_fields_set:
        return outcome.value if isinstance(outcome.value, str) else dumped(outcome.value)
    return outcome.value_text


def _error_text(outcome: Outcome) -> str:
    if outcome.violations:
        return "\n".join(map(violation_line, outcome.violations))
    if outcome.error is None:
        return ""
    head = f"{outcome.error.name}: {outcome.error.message}"
    return f"{head}\n{outcome.error.stack}" if outcome.error.stack else head
