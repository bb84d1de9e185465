"""A page of a variable as the model reads it: what a worker told of it, filtered, and cut to what an answer has room for."""

import json
from dataclasses import dataclass, field

from pydantic_core import from_json

from mcp_codeexec.errors import VariableNotFound
from mcp_codeexec.filtering import FilterPipeline, dumped
from mcp_codeexec.filtering.excerpt import excerpt
from mcp_codeexec.model import Json
from mcp_codeexec.runtime.worker import SessionWorker, ValuePage
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.settings import Settings

_MARGIN = 16_384  # characters read on both sides of a page, so that a secret cut by its border is still seen
_TEXT, _ITEM = "string", "Array("


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that somebody asked for: of a variable, or of the part of it at `path`. `limit` 0 is what fits an answer."""

    session_id: str
    name: str
    path: str
    keys: list[str | int]
    offset: int
    limit: int

    def call(self, path: str, offset: int = 0) -> str:
        """The exact call of another page."""
        arguments = [json.dumps(text, ensure_ascii=False) for text in (self.session_id, self.name)]
        if path:
            arguments.append(f"path={json.dumps(path, ensure_ascii=False)}")
        if offset:
            arguments.append(f"offset={offset}")
        if offset and self.limit:
            arguments.append(f"limit={self.limit}")
        return f"get_variable({', '.join(arguments)})"


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown: `value` or `value_text` in `fields`, taking `size` characters; of the value, `count` units from `offset`."""

    fields: dict[str, object]
    size: int
    offset: int
    count: int
    redactions: dict[str, int] = field(default_factory=dict[str, int])


class Pages:
    """Lives as long as the engine."""

    def __init__(self, settings: Settings, filters: FilterPipeline) -> None:
        self._settings = settings
        self._filters = filters

    async def page(self, session: Session, worker: SessionWorker, asked: Asked) -> tuple[dict[str, object], dict[str, int]]:
        """Fields of the answer, and what was taken out of them. Raises VariableNotFound: there is nothing at the path."""
        room = self._settings.page_chars
        limit = min(asked.limit or room, room)
        while True:  # a filtered text can be longer than the raw one
            page = await worker.describe(asked.name, asked.keys, asked.offset, limit, room)
            if page is None:
                raise _nothing(asked)
            shown = await (self._characters if page.value.unit == "chars" else self._items)(session, worker, asked, page, limit)
            if shown.size <= self._settings.answer_chars or shown.count <= 1 or limit <= 1:
                break
            limit = min(limit, shown.count) // 2
        total, end = page.value.total, shown.offset + shown.count
        of_class = await self._filters.clean(page.value.type, session.vault)  # the name of a class is the caller's text
        fields: dict[str, object] = {"type": of_class.tree, **shown.fields, "unit": page.value.unit}
        fields |= {"offset": shown.offset, "count": shown.count, "total": total}
        if end < total and shown.count:
            fields["next"] = asked.call(asked.path, end)
        return fields, shown.redactions

    async def _characters(self, session: Session, worker: SessionWorker, asked: Asked, page: ValuePage, limit: int) -> Shown:
        begin = max(0, asked.offset - _MARGIN)
        if asked.offset or page.count < page.value.total:
            around = asked.offset - begin + limit + _MARGIN
            page = await worker.describe(asked.name, asked.keys, begin, around, self._settings.page_chars) or page
        raw = page.value.text
        start, end = _chars(raw, asked.offset - begin), _chars(raw, asked.offset - begin + limit)
        cut = await self._filters.clean_page(raw, start, end, session.vault)
        is_whole, is_text = page.value.json != "" and cut.text == raw, page.value.type == _TEXT
        value: object = cut.text if is_text or not is_whole else from_json(page.value.json)
        is_plain = value is None or isinstance(value, int | float)  # what holds a string is filtered before it is shown
        fields: dict[str, object] = {"value": value} if is_whole and (is_text or is_plain) else {"value_text": cut.text}
        before, count = _units(raw[: cut.start]), _units(raw[cut.start : cut.end])
        return Shown(fields, len(cut.text), begin + before, count, cut.redactions)

    async def _items(self, session: Session, worker: SessionWorker, asked: Asked, page: ValuePage, limit: int) -> Shown:
        raw: Json = from_json(page.value.json) if page.value.json else page.value.text
        cleaned = await self._filters.clean(raw, session.vault)
        text = dumped(cleaned.tree) if page.value.json else str(cleaned.tree)
        if page.value.json and len(text) <= self._settings.answer_chars:
            fields: dict[str, object] = {"value": cleaned.tree}
        elif len(text) <= self._settings.answer_chars:
            fields = {"value_text": text}
        else:
            fields = {"value_text": excerpt(text, self._settings.page_chars).text + _deeper(asked, page, raw, cleaned.tree)}
        return Shown(fields, len(text), asked.offset, page.count, cleaned.redactions)


def _deeper(asked: Asked, page: ValuePage, raw: Json, shown: Json) -> str:
    """How the one item of a page is read that is larger than an answer."""
    match raw:
        case [_] if page.value.type.startswith(_ITEM):
            return f"\nwhole: {asked.call(f'{asked.path}[{asked.offset}]')}"
        case {**only} if isinstance(shown, dict) and only.keys() == shown.keys():  # no key that was taken out
            key = json.dumps(next(iter(only), ""), ensure_ascii=False)
            return f"\nwhole: {asked.call(f'{asked.path}[{key}]')}"
        case _:
            return ""


def _nothing(asked: Asked) -> VariableNotFound:
    if not asked.path:
        return VariableNotFound(f"there is no variable {asked.name[:80]}.", hint=f'get_variable("{asked.session_id}") lists all.')
    return VariableNotFound(f"{asked.name[:80]} has nothing at path {asked.path!r}.", hint=f"{asked.call('')} shows what it has.")


def _chars(text: str, units: int) -> int:
    """How many characters of `text` its first `units` UTF-16 units are."""
    if text.isascii() or max(text, default="") <= "\uffff":
        return min(units, len(text))
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore"))


def _units(text: str) -> int:
    return len(text) + sum(c > "\uffff" for c in text)
