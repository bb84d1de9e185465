"""Reading and setting a session's variables: the table, one value, a page of it. No code of the session's runs for it."""

import difflib
import itertools
import json
import re
from collections.abc import Collection, Container
from dataclasses import replace
from typing import cast

from mcp_codeexec.answers import VariableAnswer
from mcp_codeexec.engine.files import Files
from mcp_codeexec.engine.heaps import Heaps
from mcp_codeexec.engine.pages import Asked, Pages
from mcp_codeexec.engine.path import parse_path
from mcp_codeexec.engine.record import act
from mcp_codeexec.engine.views import LAST, Views, lost
from mcp_codeexec.errors import BadArguments, VariableNotFound
from mcp_codeexec.filtering import FilterPipeline, revealed
from mcp_codeexec.model import Json, RunDraft, Variable
from mcp_codeexec.ports import SessionStore
from mcp_codeexec.runtime.executor import DenoExecutor
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.settings import Settings

_TABLE_ROWS = 100
_ROW = 40  # characters of a row beside what is counted
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")
_RESERVED = """
    await break case catch class const continue debugger default delete do else enum export extends false finally for function
    if implements import in instanceof interface let new null package private protected public return static super switch this
    throw true try typeof var void while with yield
"""


class Variables:
    """The variables of sessions, as callers may see and set them. Lives as long as the engine."""

    def __init__(
        self,
        settings: Settings,
        deno: DenoExecutor,
        heaps: Heaps,
        views: Views,
        store: SessionStore,
        files: Files,
        filters: FilterPipeline,
    ) -> None:
        self._settings = settings
        self._deno = deno
        self._heaps = heaps
        self._views = views
        self._store = store
        self._files = files
        self._filters = filters
        self._pages = Pages(settings, filters)

    async def table(self, session: Session, offset: int, limit: int) -> VariableAnswer:
        """Name, type, size, kept and the run that last changed it, for every variable; with the first page, name and bytes of files.

        It needs no process. What a suspended session has lost stands there until its next run, its type with the reason.
        """
        most = min(limit or _TABLE_ROWS, _TABLE_ROWS)
        async with session.turn(reading=True):
            await self._look(session)
            rows = sorted(session.variables.values(), key=lambda v: v.name)
            files = [] if offset else self._files.table(session)
            known = set(self._views.names(session))
        page = _fitting(rows[offset : offset + most], self._settings.page_chars)
        shown: list[Json] = [{"name": v.name, "type": _type(v, known), "size": v.size, "kept": v.kept, "run": v.run} for v in page]
        cleaned = await self._filters.clean({"variables": shown, "files": files[:_TABLE_ROWS]}, session.vault)
        fields: dict[str, object] = {"session_id": session.id, "run": session.info.runs, "total": len(rows)}
        fields |= cast("dict[str, object]", cleaned.tree)
        if len(files) > _TABLE_ROWS:
            fields["more_files"] = len(files) - _TABLE_ROWS
        if offset + len(page) < len(rows):
            more = f", limit={limit}" if limit else ""
            fields["next"] = f'get_variable("{session.id}", offset={offset + len(page)}{more})'
        return await self._answer(session, fields, cleaned.redactions)

    async def value(self, session: Session, name: str, path: str, offset: int, limit: int) -> VariableAnswer:
        """One value or a page of it. Raises VariableNotFound, BadArguments."""
        keys = [revealed(key, session.vault) if isinstance(key, str) else key for key in parse_path(path)]
        asked = Asked(session.id, name, path, keys, offset, limit)
        async with session.turn(reading=True):
            known = self._views.names(session)
            if name not in known and name != LAST:
                raise await self._not_found(session, name, known)
            async with self._views.of(session, name) as view:
                page, redactions = await self._pages.page(session, view.worker, asked)
        fields: dict[str, object] = {"session_id": session.id, "name": name, "kept": view.kept, **page}
        if path:
            fields["path"] = path
        return await self._answer(session, fields, redactions)

    async def set(self, session: Session, name: str, value: Json) -> None:
        """Give the session a variable; it counts as a run, so that history tells where the data came from. Raises BadArguments."""
        if not _IDENTIFIER.fullmatch(name) or name in _RESERVED.split():
            raise BadArguments(f"{name[:80]!r} cannot be the name of a variable.")
        try:
            data = json.dumps(value, allow_nan=False).encode()
        except (TypeError, ValueError) as exc:
            raise BadArguments(f"the value of {name} is not plain JSON data: {exc}.") from None
        if len(data) > self._settings.frame_mb * 1_000_000:
            raise BadArguments(f"the value of {name} is larger than {self._settings.frame_mb} MB.", hint="Set it in parts.")
        async with session.turn():
            heap = await self._heaps.of(session)
            gone = tuple(other for other in heap.lost if other != name)
            async with self._deno.claim(session.id) as worker:
                made, segments = await worker.assign(name, data)
            record = await act(session, f"{name} = …  // {len(data)} bytes of JSON, set by the host", self._filters)
            rows = tuple(Variable(v.name, "let", v.type, v.size, v.kept, record.run) for v in made)
            await self._heaps.record(session, RunDraft(record, rows, gone, session.vault.minted(), segments=segments))

    async def _look(self, session: Session) -> None:
        """Take types and sizes from the living heap: a variable may have changed without being named."""
        known = self._deno.names(session.id, session.info.runs)
        if not known:
            return
        async with self._deno.claim(session.id) as worker:
            for seen in await worker.table(sorted(known)):
                old = session.variables.get(seen.name)
                if old is not None:
                    session.variables[seen.name] = replace(old, type=seen.type, size=seen.size, kept=seen.kept)

    async def _answer(self, session: Session, fields: dict[str, object], redactions: dict[str, int]) -> VariableAnswer:
        if redactions:
            fields["redactions"] = redactions
        await self._keep_tokens(session)
        return VariableAnswer.model_validate(fields)

    async def _keep_tokens(self, session: Session) -> None:
        minted = session.vault.minted()
        if minted:
            await self._store.keep_tokens(session.id, minted)

    async def _not_found(self, session: Session, name: str, known: Collection[str]) -> VariableNotFound:
        failure = self._failure(session, name, known)
        cleaned = await self._filters.clean([str(failure), failure.hint], session.vault)
        await self._keep_tokens(session)
        message, hint = cast("list[str]", cleaned.tree)
        return VariableNotFound(message, hint=hint)

    def _failure(self, session: Session, name: str, known: Collection[str]) -> VariableNotFound:
        shown = name[:80]
        if name in session.variables:
            return lost(shown, session.variables[name].why)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.6) or [k for k in known if k.lower() == name.lower()]
        names = ", ".join(sorted(known)[:40]) or "none yet"
        meant = f" Did you mean {near[0]}?" if near else ""
        return VariableNotFound(f"there is no variable {shown!r}.{meant}", hint=f"The session has: {names}.")


def _type(variable: Variable, known: Container[str]) -> str:
    """A variable's type, and of one that went with its process the reason."""
    return variable.type if variable.name in known else f"{variable.type}, lost{f': {variable.why}' if variable.why else ''}"


def _fitting(rows: list[Variable], room: int) -> list[Variable]:
    """The first rows that an answer has room for, one at least."""
    ends = itertools.accumulate(len(v.name) + len(v.type) + len(v.why) + _ROW for v in rows)
    return rows[: max(1, sum(end <= room for end in ends))]
