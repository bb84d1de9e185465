"""Reading and setting a session's variables: the table, one value, a page of it. No code of the session's runs for it."""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from pydantic_core import from_json

from mcp_codeexec.answers import VariableAnswer
from mcp_codeexec.engine.files import Files
from mcp_codeexec.engine.heaps import Heaps
from mcp_codeexec.engine.path import parse_path
from mcp_codeexec.engine.record import act
from mcp_codeexec.errors import BadArguments, VariableNotFound
from mcp_codeexec.filtering import FilterPipeline, token_around
from mcp_codeexec.model import Json, Kind, RunDraft, SessionStore, Variable
from mcp_codeexec.runtime.executor import DenoExecutor
from mcp_codeexec.runtime.worker import ValuePage
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.settings import Settings

_TABLE_ROWS = 100
_MARGIN = 16_384  # characters read on both sides of a page, so that a secret cut by its border is still seen
_MOST_ITEMS = 100_000
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
        store: SessionStore,
        files: Files,
        filters: FilterPipeline,
    ) -> None:
        self._settings = settings
        self._deno = deno
        self._heaps = heaps
        self._store = store
        self._files = files
        self._filters = filters

    async def table(self, session: Session, offset: int, limit: int) -> VariableAnswer:
        """Name, type, size, kept and the run that last changed it, for every variable; with the first page, name and bytes of files."""
        limit = limit or _TABLE_ROWS
        async with session.turn(reading=True):
            await self._look(session)
            rows = sorted(session.variables.values(), key=lambda v: v.name)
            files = [] if offset else self._files.table(session)
        page = rows[offset : offset + limit]
        shown: list[Json] = [{"name": v.name, "type": v.type, "size": v.size, "kept": v.kept, "run": v.run} for v in page]
        cleaned = await self._filters.clean({"variables": shown, "files": files[:_TABLE_ROWS]}, session.vault)
        fields: dict[str, object] = {"session_id": session.id, "run": session.info.runs, "total": len(rows)}
        fields |= cast("dict[str, object]", cleaned.tree)
        if len(files) > _TABLE_ROWS:
            fields["more_files"] = len(files) - _TABLE_ROWS
        if offset + len(page) < len(rows):
            fields["next"] = f'get_variable("{session.id}", offset={offset + len(page)})'
        return await self._answer(session, fields, cleaned.redactions)

    async def value(self, session: Session, name: str, path: str, offset: int, limit: int) -> VariableAnswer:
        """One value or a page of it. Raises VariableNotFound, BadArguments."""
        keys = parse_path(path)
        room = self._settings.page_chars
        async with session.turn(reading=True):
            known = (await self._heaps.of(session)).names
            if name not in known and name != "_":
                raise await self._not_found(session, name, known)
            async with self._deno.claim(session.id) as worker:
                first = await worker.describe(name, keys, offset, limit or _MOST_ITEMS, room)
                if first is None:
                    raise VariableNotFound(
                        f"{name} has nothing at path {path!r}." if path else f"there is no variable {name}.",
                        hint=f'get_variable("{session.id}", "{name}") shows what it has.',
                    )
                begin = max(0, offset - _MARGIN)
                if first.value.unit == "chars" and (offset or first.count < first.value.total):
                    want = (limit or room) + (offset - begin) + _MARGIN
                    first = await worker.describe(name, keys, begin, want, room) or first
        row = session.variables.get(name)
        kept = row.kept if row is not None else "live_only"
        of_class = await self._filters.clean(first.value.type, session.vault)  # the name of a class is the caller's text
        fields: dict[str, object] = {"session_id": session.id, "name": name, "type": of_class.tree, "kept": kept}
        if path:
            fields["path"] = path
        if first.value.unit == "chars":
            count, redactions = await self._characters(session, first, offset - begin, limit or room, fields)
        else:
            count, redactions = await self._items(session, first, fields)
        total = first.value.total
        fields |= {"unit": first.value.unit, "offset": offset, "count": count, "total": total}
        if offset + count < total and count:
            at = f", path={json.dumps(path, ensure_ascii=False)}" if path else ""
            fields["next"] = f'get_variable("{session.id}", "{name}"{at}, offset={offset + count})'
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
            gone = tuple(lost for lost in heap.lost if lost != name)
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

    async def _characters(
        self, session: Session, page: ValuePage, start: int, length: int, fields: dict[str, object]
    ) -> tuple[int, dict[str, int]]:
        raw = page.value.text
        cut = await self._filters.clean_page(raw, _chars(raw, start), _chars(raw, start + length), session.vault)
        if page.value.json and cut.start == 0 and cut.text == raw:
            fields["value"] = from_json(page.value.json) if page.value.type != "string" else cut.text
        else:
            fields["value_text"] = cut.text
        return _units(raw[cut.start : cut.end]), cut.redactions

    async def _items(self, session: Session, page: ValuePage, fields: dict[str, object]) -> tuple[int, dict[str, int]]:
        if page.value.json:
            cleaned = await self._filters.clean(from_json(page.value.json), session.vault)
            text = json.dumps(cleaned.tree, ensure_ascii=False)
            if len(text) <= self._settings.answer_chars:
                fields["value"] = cleaned.tree
            else:  # one item alone is larger than an answer
                fields["value_text"] = _up_to(text, self._settings.page_chars) + " …  (go deeper with path)"
        else:
            cleaned = await self._filters.clean(page.value.text, session.vault)
            fields["value_text"] = _up_to(str(cleaned.tree), self._settings.answer_chars)
        return page.count, cleaned.redactions

    async def _answer(self, session: Session, fields: dict[str, object], redactions: dict[str, int]) -> VariableAnswer:
        if redactions:
            fields["redactions"] = redactions
        await self._keep_tokens(session)
        return VariableAnswer.model_validate(fields)

    async def _keep_tokens(self, session: Session) -> None:
        minted = session.vault.minted()
        if minted:
            await self._store.keep_tokens(session.id, minted)

    async def _not_found(self, session: Session, name: str, known: Mapping[str, Kind]) -> VariableNotFound:
        failure = self._failure(session, name, known)
        cleaned = await self._filters.clean([str(failure), failure.hint], session.vault)
        await self._keep_tokens(session)
        message, hint = cast("list[str]", cleaned.tree)
        return VariableNotFound(message, hint=hint)

    def _failure(self, session: Session, name: str, known: Mapping[str, Kind]) -> VariableNotFound:
        shown = name[:80]
        if name in session.variables:
            return VariableNotFound(
                f"{shown} was lost with the session's process; nothing else of the session was.",
                hint="Define it again, from the code in session_history.",
            )
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.6) or [k for k in known if k.lower() == name.lower()]
        names = ", ".join(sorted(known)[:40]) or "none yet"
        meant = f" Did you mean {near[0]}?" if near else ""
        return VariableNotFound(f"there is no variable {shown!r}.{meant}", hint=f"The session has: {names}.")


def _up_to(text: str, room: int) -> str:
    """The first `room` characters, without a token that would be split."""
    around = token_around(text, room)
    return text[: around[0] if around else room]


def _chars(text: str, units: int) -> int:
    """How many characters of `text` its first `units` UTF-16 units are."""
    if text.isascii() or max(text, default="") <= "\uffff":
        return min(units, len(text))
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore"))


def _units(text: str) -> int:
    return len(text) + sum(c > "\uffff" for c in text)
