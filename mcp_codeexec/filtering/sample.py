"""Plain data that is too large to show: its shape, its first and last entries, and where the rest is. Pure.

What is shown is whole entries as JSON, a record a line; what is left out is said in its place. Where one entry is too large itself, it
is a sample too.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from mcp_codeexec.filtering.excerpt import excerpt
from mcp_codeexec.filtering.media import described, has_media
from mcp_codeexec.filtering.tree import is_larger
from mcp_codeexec.model import Json

SHAPE = 200  # characters of a shape, at most
PATH = 60  # of the path to what was left out
ENCODED = 120  # of base64, which says nothing
_SHARES = 4  # an entry may take a quarter of the room
_HEAD = 0.7
_LOOKED_AT = 1_000  # entries, to tell a shape
_MARKER = 40
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_BASE64 = re.compile(r"(?:data:[\w.+/;=-]{1,80},)?(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9+/_-]{200}")
_Key: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Gap:
    """The first place where something is missing: `kept` of the `total` entries of what is at `path` are whole, the first `offset` too."""

    path: str
    offset: int
    kept: int
    total: int
    shape: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What is shown; `gap` is None where that is all."""

    text: str
    gap: Gap | None


def sample(value: Json, room: int) -> Sample:
    """`value` as JSON in about `room` characters."""
    return _sample(value, room, ())


def is_encoded(text: str) -> bool:
    """Whether a long text is base64, as far as its start tells: for machines, not to be read."""
    return _BASE64.match(text) is not None


def dumped(value: Json) -> str:
    """A value's JSON as it is shown and counted."""
    return json.dumps(value, ensure_ascii=False)


def _sample(value: Json, room: int, keys: tuple[_Key, ...]) -> Sample:
    if not isinstance(value, (str, list, dict)):
        return Sample(dumped(value), None)
    if not is_larger(value, 8 * room) and len(text := dumped(value)) <= room and not has_media(text):  # else it need not be written
        return Sample(text, None)
    if isinstance(value, str):
        text, kept = _short(value, room)
        return Sample(text, Gap(*_place(keys, 0), kept, len(value), f"string of {len(value)} characters"))
    if room < _MARKER:
        return Sample(_closed(value, _missing(value, len(value))), Gap(*_place(keys, 0), 0, len(value), shape(value)))
    return _entries(value, list(enumerate(value)) if isinstance(value, list) else list(value.items()), room, keys)


def _entries(
    value: list[Json] | dict[str, Json], entries: Sequence[tuple[_Key, Json]], room: int, keys: tuple[_Key, ...]
) -> Sample:
    count, gaps = len(entries), dict[int, Gap]()
    left = room - _MARKER
    share = left // min(max(count, 1), _SHARES)
    between = ",\n " if any(isinstance(inner, (list, dict)) for _, inner in islice(entries, _SHARES)) else ", "

    def shown(index: int, most: float) -> str:
        key, inner = entries[index]
        name = f"{_short(key, share // 2)[0]}: " if isinstance(key, str) else ""
        one = _sample(inner, share - len(name) - len(between), (*keys, key))
        text = name + one.text
        if len(text) + len(between) > most:
            return ""
        if one.gap is not None:
            gaps[index] = one.gap
        return text

    head: list[str] = []
    tail: list[str] = []
    limit = left if count <= _SHARES else left * _HEAD
    while len(head) < count and (text := shown(len(head), limit)):
        head.append(text)
        limit -= len(text) + len(between)
    limit = left - sum(len(text) + len(between) for text in head)
    while len(head) + len(tail) < count and (text := shown(count - len(tail) - 1, limit)):
        tail.insert(0, text)
        limit -= len(text) + len(between)
    missing = count - len(head) - len(tail)
    text = between.join([*head, *([_missing(value, missing)] if missing else []), *tail])
    first = min(gaps, default=len(head))
    gap = Gap(*_place(keys, first), count - missing - len(gaps), count, shape(value)) if missing else gaps.get(first)
    return Sample(_closed(value, text), gap)


def _missing(value: list[Json] | dict[str, Json], count: int) -> str:
    return f"… {count} {'entries' if isinstance(value, dict) else 'items'} left out …"


def _closed(value: list[Json] | dict[str, Json], text: str) -> str:
    return f"{{{text}}}" if isinstance(value, dict) else f"[{text}]"


def _short(text: str, room: int) -> tuple[str, int]:
    """A text's JSON with its middle left out, and how many characters it keeps; what has to be escaped takes more room than it has."""
    text = described(text)
    most = min(room, ENCODED) if is_encoded(text) else room
    part = excerpt(text, most)
    while len(dumped(part.text)) > room and most > 0:
        most //= 2
        part = excerpt(text, most)
    return dumped(part.text), part.kept


def _place(keys: tuple[_Key, ...], offset: int) -> tuple[str, int]:
    """A path for `get_variable` and where to begin there: as far as it is short and says nothing that was redacted."""
    path = ""
    for key in keys:
        part = f"[{key}]" if isinstance(key, int) else f"{'.' if path else ''}{key}" if _NAME.fullmatch(key) else f"[{dumped(key)}]"
        if len(path) + len(part) > PATH or "[REDACTED:" in part:
            return path, key if isinstance(key, int) else 0
        path += part
    return path, offset


def shape(value: Json) -> str:
    """What a value is made of, e.g. `Array(2000) of {sku: string, price: number, note?: string}`."""
    inner = list(islice(value if isinstance(value, list) else value.values() if isinstance(value, dict) else (), _LOOKED_AT))
    kind = f"{_word(value)}({len(value)})" if isinstance(value, (list, dict)) else _word(value)
    rows = [row for row in inner if isinstance(row, dict)]
    if isinstance(value, dict) and len(rows) < max(2, len(inner)):
        return kind
    of = _fields(rows) if rows and len(rows) == len(inner) else " | ".join(dict.fromkeys(map(_word, inner)))
    return f"{kind} of {of}" if of else kind


def _fields(rows: Sequence[dict[str, Json]]) -> str:
    words: dict[str, dict[str, None]] = {}
    times: dict[str, int] = {}
    for row in rows:
        for name, value in row.items():
            words.setdefault(name, {})[_word(value)] = None
            times[name] = times.get(name, 0) + 1
    said, left = list[str](), SHAPE // 2
    for name, kinds in words.items():
        quoted = name if _NAME.fullmatch(name) else dumped(name)
        said.append(f"{quoted}{'?' if times[name] < len(rows) else ''}: {' | '.join(kinds)}")
        left -= len(said[-1]) + 2
        if left < 0:
            said[-1] = "…"
            break
    return f"{{{', '.join(said)}}}"


def _word(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "Array"
        case dict():
            return "Object"
        case _:
            return "number"
