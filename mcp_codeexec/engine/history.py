"""Reading what happened: sessions, runs, one run, a page of a part of it. Everything in the store is filtered already."""

import json
from datetime import UTC, datetime

from mcp_codeexec.answers import HistoryAnswer, Outcome, RunRow, SessionRow
from mcp_codeexec.errors import BadArguments, RunNotFound
from mcp_codeexec.filtering import token_around
from mcp_codeexec.model import Record, SessionStore
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.settings import Settings

_ROWS = 20
_MOST_ROWS = 100
_CUT = 200
_CURSOR_DIGITS = 10
PARTS = ("code", "output", "value", "error")


class History:
    """The history of sessions, as callers may see it. Lives as long as the engine."""

    def __init__(self, settings: Settings, sessions: SessionManager, store: SessionStore) -> None:
        self._settings = settings
        self._sessions = sessions
        self._store = store

    async def sessions(self, limit: int, cursor: str) -> HistoryAnswer:
        """The caller's sessions, last used first."""
        limit = _rows(limit)
        infos, after = await self._sessions.list(limit, cursor)
        rows = [
            SessionRow(
                session_id=i.session_id, runs=i.runs, created=_at(i.created), last_used=_at(i.last_used), variables=i.variables
            )
            for i in infos
        ]
        fields: dict[str, object] = {"sessions": rows}
        if after:
            fields["next"] = f'session_history(cursor="{after}")'
        return HistoryAnswer.model_validate(fields)

    async def runs(self, session: Session, limit: int, cursor: str) -> HistoryAnswer:
        """A session's runs, newest first; `cursor` is the run that the last page ended with."""
        limit = _rows(limit)
        if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _CURSOR_DIGITS):
            raise BadArguments(f"cursor {cursor[:40]!r} is not one that a page of runs gave.", hint="Leave cursor out to begin.")
        records = await self._store.runs(session.id, limit, int(cursor or 0))
        rows = [_row(record) for record in records]
        fields: dict[str, object] = {"session_id": session.id, "runs": rows}
        if records and records[-1].run > 1:
            fields["next"] = f'session_history("{session.id}", cursor="{records[-1].run}")'
        return HistoryAnswer.model_validate(fields)

    async def run(self, session: Session, run: int) -> HistoryAnswer:
        """One run: its code and its answer."""
        record = await self._record(session, run)
        room = self._settings.page_chars // 2
        fields: dict[str, object] = {"session_id": session.id, "run": run, "at": _at(record.at), "code": record.code[:room]}
        if len(record.code) > room:
            fields["next"] = f'session_history("{session.id}", run={run}, part="code", offset={room})'
        fields["answer"] = Outcome.model_validate(json.loads(record.answer))
        return HistoryAnswer.model_validate(fields)

    async def part(self, session: Session, run: int, part: str, offset: int, limit: int) -> HistoryAnswer:
        """A page of one part's text, in characters."""
        if part not in PARTS:
            raise BadArguments(f"part is {part[:40]!r}; it can be {', '.join(PARTS)}.")
        text = str(getattr(await self._record(session, run), part))
        start, end = _whole_tokens(text, offset, offset + (limit or self._settings.page_chars))
        fields: dict[str, object] = {"session_id": session.id, "run": run, "part": part, "text": text[start:end]}
        fields |= {"offset": start, "count": end - start, "total": len(text)}
        if end < len(text):
            fields["next"] = f'session_history("{session.id}", run={run}, part="{part}", offset={end})'
        return HistoryAnswer.model_validate(fields)

    async def _record(self, session: Session, run: int) -> Record:
        record = await self._store.record(session.id, run)
        if record is None:
            raise RunNotFound(f"there is no run {run} in this session.", hint=f"It has runs 1 to {session.info.runs}.")
        return record


def _rows(limit: int) -> int:
    return min(limit or _ROWS, _MOST_ROWS)


def _row(record: Record) -> RunRow:
    value = {"value_text": record.value[:_CUT]} if record.value else {}
    return RunRow(run=record.run, status=record.status, ms=record.ms, at=_at(record.at), code=record.code[:_CUT], **value)


def _at(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _whole_tokens(text: str, start: int, end: int) -> tuple[int, int]:
    """The page grown so that no token or redaction is split at its borders."""
    start, end = min(start, len(text)), min(end, len(text))
    first, last = token_around(text, start), token_around(text, end)
    return first[0] if first else start, last[1] if last else end
