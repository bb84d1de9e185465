"""The text of an answer: what a client shows a model that does not show it the structure. Layout only; every fact is in the answer.

First line: session, run, status, time. Then the value, the output, the error, the state, and the calls that fetch what was cut.
"""

from mcp_codeexec.answers import Answer, ErrorInfo, Failure, HistoryAnswer, Outcome, UsageInfo, VariableAnswer
from mcp_codeexec.engine.wording import count, violation_line
from mcp_codeexec.filtering import dumped

_DOT = " · "
_RESTORED = "The variables were brought back for this run: the session's process had ended."


def render(answer: Answer) -> str:
    """The whole answer as text."""
    match answer:
        case Outcome():
            lines = _outcome(answer)
        case VariableAnswer():
            lines = _variable(answer)
        case HistoryAnswer():
            lines = _history(answer)
        case Failure():
            lines = _failure(answer)
        case _:
            lines = [dumped(answer.structure())]
    return "\n".join(lines)


def _outcome(answer: Outcome) -> list[str]:
    head = [answer.session_id, f"run {answer.run}", answer.status]
    if answer.status == "rejected":
        return [
            _DOT.join([*head, "nothing ran, nothing changed"]),
            *map(violation_line, answer.violations),
            *_restored(answer),
            *_lost(answer),
            *_tail(answer),
        ]
    if answer.usage is not None:
        head.append(f"{answer.usage.wall_ms} ms")
    lines = [_DOT.join(head)]
    if "value" in answer.model_fields_set:
        lines.append(f"value: {dumped(answer.value)}")
    elif answer.value_text:
        kind = f" ({answer.value_type})" if answer.value_type else ""
        lines.append(f"value{kind}: {answer.value_text}")
    if answer.error is not None:
        lines += _error(answer.error, thrown=answer.status == "error")
    lines += [*_restored(answer), *_lost(answer)]
    if answer.output:
        stopped = answer.status in ("timeout", "memory_limit", "crashed", "cancelled")
        lines += ["output before the stop:" if stopped else "output:", answer.output.rstrip("\n")]
    return lines + _tail(answer)


def _restored(answer: Outcome) -> list[str]:
    return [_RESTORED] if answer.state == "restored" else []  # of one that is rolled back, the error says so


def _lost(answer: Outcome) -> list[str]:
    return [f"lost: {', '.join(answer.lost)}"] if answer.lost else []


def _tail(answer: Outcome) -> list[str]:
    lines: list[str] = []
    for kept in ("by_source", "live_only"):
        names = [f"{v.name} {v.type}" for v in answer.variables if v.kept == kept]
        if names:
            lines.append(f"kept: {', '.join(names)} ({kept})")
    if answer.hint and answer.status != "rejected":
        lines.append(f"hint: {answer.hint}")
    lines += [f"rest: {cut.part}, {cut.kept} of {cut.total} shown: {cut.get}" for cut in answer.truncated]
    return lines + _hidden(answer.redactions)


def _error(error: ErrorInfo, *, thrown: bool) -> list[str]:
    """What the code threw, by name and place; or our own sentence on how the run ended."""
    place = f" (line {error.line}, column {error.column})" if error.line else ""
    said = f"{error.name}: {error.message}{place}" if thrown else error.message
    return [said, *(f"  {line}" for line in error.stack.splitlines())]


def _variable(answer: VariableAnswer) -> list[str]:
    if not answer.name:
        lines = [_DOT.join([answer.session_id, f"run {answer.run}", count(answer.total, "variable")])]
        lines += [f"{row.name}  {row.type}  size {row.size}  {row.kept}  run {row.run}" for row in answer.variables]
        lines += [f"{row.name}  file  {count(row.bytes, 'byte')}" for row in answer.files]
        lines += [f"{count(answer.more_files, 'more file')}: await files.list()"] if answer.more_files else []
    else:
        whole = answer.name + (answer.path if answer.path.startswith("[") or not answer.path else f".{answer.path}")
        span = f"{answer.unit} {answer.offset} to {answer.offset + answer.count} of {answer.total}"
        lines = [_DOT.join([answer.session_id, whole, answer.type, answer.kept, span])]
        lines.append(dumped(answer.value) if "value" in answer.model_fields_set else answer.value_text)
    return lines + _next(answer.next) + _hidden(answer.redactions)


def _history(answer: HistoryAnswer) -> list[str]:
    if answer.part:
        span = f"characters {answer.offset} to {answer.offset + answer.count} of {answer.total}"
        lines = [_DOT.join([answer.session_id, f"run {answer.run}", answer.part, span]), answer.text]
    elif answer.answer is not None:
        lines = [_DOT.join([answer.session_id, f"run {answer.run}", answer.at]), "code:", answer.code, "answer:"]
        lines += _outcome(answer.answer) + _usage(answer.answer.usage)
    elif answer.session_id:
        lines = [answer.session_id + ("" if answer.runs else _DOT + "no runs")]
        if answer.first_run:
            lines.append(f"Runs before run {answer.first_run} were trimmed: the history of a session has a size limit.")
        for row in answer.runs:
            value = f" -> {row.value_text}" if row.value_text else ""
            lines.append(f"run {row.run} · {row.status} · {row.ms} ms · {row.at}\n{_indented(row.code)}{value}")
    else:
        lines = ["sessions, last used first:" if answer.sessions else "no sessions"]
        for s in answer.sessions:
            size = [count(s.runs, "run"), count(s.variables, "variable")]
            lines.append(_DOT.join([s.session_id, *size, f"last used {s.last_used}", f"created {s.created}"]))
    return lines + _next(answer.next)


def _usage(usage: UsageInfo | None) -> list[str]:
    """All that a run took; an answer to a model that has just run it says the time alone."""
    if usage is None:
        return []
    took = f"{usage.cpu_ms} ms CPU, {usage.peak_memory_mb:g} MB, {usage.queue_ms} ms in the queue"
    left = f"{count(usage.output_chars, 'character')} printed, {count(usage.workspace_bytes, 'byte')} of files"
    return [f"usage: {took}, {left}, {count(usage.open_files, 'open file')}"]


def _failure(answer: Failure) -> list[str]:
    word = "not run" if answer.status == "not_run" else answer.status
    return [f"{word}: {answer.error.message}{' ' + answer.hint if answer.hint else ''}"]


def _next(call: str) -> list[str]:
    return [f"rest: {call}"] if call else []


def _hidden(redactions: dict[str, int]) -> list[str]:
    return [f"hidden: {', '.join(f'{n} {kind}' for kind, n in redactions.items())}"] if redactions else []


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
