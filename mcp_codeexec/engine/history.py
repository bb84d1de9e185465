"""Reading what happened: sessions, runs, one run, a page of a part of it. Everything in the store is filtered already."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from itertools import accumulate
from typing import get_args

from mcp_codeexec.answers import HistoryAnswer, Outcome, RunRow, SessionRow
from mcp_codeexec.errors import BadArguments, RunNotFound
from mcp_codeexec.filtering import fit, token_around
from mcp_codeexec.model import Record, RunHead, Status
from mcp_codeexec.ports import SessionStore
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.settings import Settings

_ROWS = 20
_MOST_ROWS = 100
_CUT = 200
_CURSOR_DIGITS = 10
_AROUND = 400  # characters of a page that are not its rows: first and last line, and what is said of a run's usage
_SESSION_LINE = 135  # characters, at most
_RUN_LINE = 75  # without code and value
_PARTS = ("code", "output", "value", "error")
STATUSES: tuple[Status, ...] = tuple(status for status in get_args(Status) if status != "not_run")


class History:
    """The history of sessions, as callers may see it. Lives as long as the engine."""

    def __init__(self, settings: Settings, sessions: SessionManager, store: SessionStore) -> None:
        self._settings = settings
        self._sessions = sessions
        self._store = store

    async def sessions(self, limit: int, cursor: str) -> HistoryAnswer:
        """The caller's sessions, last used first."""
        fits = max(1, (self._settings.answer_chars - _AROUND) // _SESSION_LINE)
        infos, after = await self._sessions.list(min(_rows(limit), fits), cursor)
        rows = [
            SessionRow(
                session_id=i.session_id,
                runs=i.runs,
                created=moment(i.created),
                last_used=moment(i.last_used),
                variables=i.variables,
            )
            for i in infos
        ]
        fields: dict[str, object] = {"sessions": rows}
        if after:
            fields["next"] = f'session_history(cursor="{after}"{_again(limit)})'
        return HistoryAnswer.model_validate(fields)

    async def runs(self, session: Session, limit: int, cursor: str, status: str) -> HistoryAnswer:
        """A session's runs, newest first; `cursor` is the run that the last page ended with."""
        if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _CURSOR_DIGITS):
            raise BadArguments(f"cursor {cursor[:40]!r} is not one that a page of runs gave.", hint="Leave cursor out to begin.")
        if status and status not in STATUSES:
            raise BadArguments(f"status is {status[:40]!r}; it can be {', '.join(STATUSES)}.")
        found = await self._store.runs(session.id, _rows(limit) + 1, int(cursor or 0), status)
        rows = self._fitting([_row(head) for head in found[: _rows(limit)]])
        fields: dict[str, object] = {"session_id": session.id, "runs": rows}
        oldest = await self._store.oldest_run(session.id)
        if oldest > 1:
            fields["first_run"] = oldest
        if len(rows) < len(found):
            only = f', status="{status}"' if status else ""
            fields["next"] = f'session_history("{session.id}", cursor="{rows[-1].run}"{_again(limit)}{only})'
        return HistoryAnswer.model_validate(fields)

    async def run(self, session: Session, run: int) -> HistoryAnswer:
        """One run: its code and its answer."""
        record = await self._record(session, run)
        _, end = _whole_tokens(record.code, 0, self._settings.page_chars // 2)
        fields: dict[str, object] = {"session_id": session.id, "run": run, "at": moment(record.at), "code": record.code[:end]}
        if len(record.code) > end:
            fields["next"] = f'session_history("{session.id}", run={run}, part="code", offset={end})'
        answer = fit(answer_of(record), self._settings.answer_chars - end - _AROUND)
        fields["answer"] = answer if run == session.info.runs else _lasting(answer)
        return HistoryAnswer.model_validate(fields)

    async def part(self, session: Session, run: int, part: str, offset: int, limit: int) -> HistoryAnswer:
        """A page of one part's text, in characters."""
        if part not in _PARTS:
            raise BadArguments(f"part is {part[:40]!r}; it can be {', '.join(_PARTS)}.")
        text = str(getattr(await self._record(session, run), part))
        start, end = _whole_tokens(text, offset, offset + (limit or self._settings.page_chars))
        fields: dict[str, object] = {"session_id": session.id, "run": run, "part": part, "text": text[start:end]}
        fields |= {"offset": start, "count": end - start, "total": len(text)}
        if end < len(text):
            fields["next"] = f'session_history("{session.id}", run={run}, part="{part}", offset={end})'
        return HistoryAnswer.model_validate(fields)

    async def records(self, session: Session) -> AsyncGenerator[Record]:
        """Every run that is kept, oldest first, up to the last one now."""
        last = session.info.runs
        for run in range(await self._store.oldest_run(session.id), last + 1):
            record = await self._store.record(session.id, run)
            if record is not None:  # else it was trimmed meanwhile
                yield record

    async def _record(self, session: Session, run: int) -> Record:
        record = await self._store.record(session.id, run)
        if record is not None:
            return record
        oldest, last = await self._store.oldest_run(session.id), session.info.runs
        if 1 <= run < oldest:
            why = f"run {run} was trimmed: a session keeps {self._settings.history_mb} MB of history."
            raise RunNotFound(why, hint=f"Runs {oldest} to {last} are kept.")
        raise RunNotFound(f"there is no run {run} in this session.", hint=f"It has runs {oldest} to {last}." if last else "")

    def _fitting(self, rows: list[RunRow]) -> list[RunRow]:
        """The first rows, as many as an answer has room for; one at least."""
        room = self._settings.answer_chars - _AROUND
        sizes = accumulate(_RUN_LINE + len(row.code) + 2 * len(row.code.splitlines()) + len(row.value_text) for row in rows)
        return rows[: max(1, sum(size <= room for size in sizes))]


def answer_of(record: Record) -> Outcome:
    """The answer as the record keeps it."""
    return Outcome.model_validate(json.loads(record.answer))


def _lasting(answer: Outcome) -> Outcome:
    """An answer of an earlier run: `_` is another value by now, so the rest of its own is only in the history."""
    get = f'session_history("{answer.session_id}", run={answer.run}, part="value")'
    cuts = [cut.model_copy(update={"get": get}) if cut.part == "value" else cut for cut in answer.truncated]
    return answer.model_copy(update={"truncated": cuts}) if cuts else answer


def _again(limit: int) -> str:
    """The argument of a next call that keeps the limit of this one."""
    return f", limit={limit}" if limit else ""


def _rows(limit: int) -> int:
    return min(limit or _ROWS, _MOST_ROWS)


def _row(head: RunHead) -> RunRow:
    value = {"value_text": _cut(head.value)} if head.value else {}
    return RunRow(run=head.run, status=head.status, ms=head.ms, at=moment(head.at), code=_cut(head.code), **value)


def _cut(text: str) -> str:
    """The text as a row shows it; no token is split."""
    around = token_around(text, _CUT)
    return text[: around[0] if around else _CUT]


def moment(at: float) -> str:
    """A time as answers show it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _whole_tokens(text: str, start: int, end: int) -> tuple[int, int]:
    """The page grown so that no token or redaction is split at its borders."""
    start, end = min(start, len(text)), min(end, len(text))
    first, last = token_around(text, start), token_around(text, end)
    return first[0] if first else start, last[1] if last else end
