"""A session's records as a document that others read: a Jupyter notebook for the deno kernel, or Markdown.

It holds what history holds, which is filtered: tokens stay tokens.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal

from mcp_codeexec.answers import Outcome
from mcp_codeexec.engine.history import answer_of, moment
from mcp_codeexec.engine.record import is_act
from mcp_codeexec.errors import BadArguments
from mcp_codeexec.model import Record

Format = Literal["ipynb", "md"]
_METADATA: dict[str, Any] = {
    "kernelspec": {"display_name": "Deno", "language": "typescript", "name": "deno"},
    "language_info": {
        "codemirror_mode": "typescript",
        "file_extension": ".ts",
        "mimetype": "text/x.typescript",
        "name": "typescript",
        "nbconvert_exporter": "script",
        "pygments_lexer": "typescript",
    },
}
_FENCE = re.compile(r"`{3,}")


def notebook(session_id: str, records: Sequence[Record]) -> str:
    """The text of an `.ipynb` file: a code cell for each run, a Markdown cell for what the host did. Raises BadArguments."""
    try:
        import nbformat  # noqa: PLC0415 - an extra: only who exports notebooks needs it
    except ImportError:
        raise BadArguments(
            "a notebook needs the package nbformat, which is not installed.",
            hint="pip install 'mcp-codeexec[export]', or export as Markdown.",
        ) from None
    cells = [_markdown_cell("about", _about(session_id, records))]
    cells += [_cell(record, answer_of(record)) for record in records]
    made: Any = nbformat.from_dict(  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {**_METADATA, "mcp_codeexec": {"session_id": session_id}}, "cells": cells}
    )
    nbformat.validate(made)  # pyright: ignore[reportUnknownMemberType]
    text: str = nbformat.writes(made)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return text + "\n"


def markdown(session_id: str, records: Sequence[Record]) -> str:
    """The text of a Markdown file, one section a run."""
    return "\n\n".join([_about(session_id, records), *(_section(record, answer_of(record)) for record in records)]) + "\n"


def _about(session_id: str, records: Sequence[Record]) -> str:
    runs = f"Runs {records[0].run} to {records[-1].run}" if records else "No runs"
    trimmed = f"; those before run {records[0].run} were trimmed" if records and records[0].run > 1 else ""
    return (
        f"# Session {session_id}\n\n{runs}{trimmed}. "
        "What stands in square brackets, such as `[EMAIL_k3f9q2]`, was taken out before it was recorded. "
        "`files` and `host` exist only where this was run."
    )


def _cell(record: Record, answer: Outcome) -> dict[str, Any]:
    if is_act(answer):
        return _markdown_cell(f"run-{record.run}", f"Run {record.run}, by the host:\n\n{_fenced(record.code, 'typescript')}")
    told = {key: value for key, value in answer.structure().items() if key in ("usage", "state", "lost", "redactions", "hint")}
    facts = {"run": record.run, "status": record.status, "ms": record.ms, "at": moment(record.at), **told}
    return {
        "id": f"run-{record.run}",
        "cell_type": "code",
        "metadata": {"mcp_codeexec": facts},
        "execution_count": record.run,
        "source": record.code,
        "outputs": _outputs(record, answer),
    }


def _markdown_cell(name: str, source: str) -> dict[str, Any]:
    return {"id": name, "cell_type": "markdown", "metadata": {}, "source": source}


def _outputs(record: Record, answer: Outcome) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if record.output:
        made.append({"output_type": "stream", "name": "stdout", "text": record.output})
    if record.value:
        data = {"text/plain": record.value}
        made.append({"output_type": "execute_result", "execution_count": record.run, "metadata": {}, "data": data})
    if record.error:
        name, said = (answer.error.name, answer.error.message) if answer.error else ("Rejected", record.error)
        made.append({"output_type": "error", "ename": name, "evalue": said, "traceback": record.error.splitlines()})
    return made


def _section(record: Record, answer: Outcome) -> str:
    head = f"## Run {record.run} · {record.status} · {record.ms} ms · {moment(record.at)}"
    parts = [head + (" · by the host" if is_act(answer) else ""), _fenced(record.code, "typescript")]
    for title, text in (("Output", record.output), ("Value", record.value), ("Error", record.error)):
        if text:
            parts.append(f"{title}:\n\n{_fenced(text, 'text')}")
    notes = [f"State: {answer.state}."] if answer.state else []
    notes += [f"Lost: {', '.join(answer.lost)}."] if answer.lost else []
    notes += [f"Hidden: {', '.join(f'{n} {kind}' for kind, n in answer.redactions.items())}."] if answer.redactions else []
    return "\n\n".join([*parts, *notes])


def _fenced(text: str, language: str) -> str:
    """A block that nothing in `text` can end."""
    fence = "`" * max([3, *(len(run) + 1 for run in _FENCE.findall(text))])
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"
