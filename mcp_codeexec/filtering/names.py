"""Names of people and postal addresses, by the entity recogniser of a spaCy pipeline that the operator chose. Off without one.

The model reads what could have a name in it and nothing else: lines with a capitalised word or of a script without capitals, each
different line once. What it says is a person must also look like a name; what it says is a place is one sign of an address.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import Protocol, cast

from mcp_codeexec.errors import SettingsError
from mcp_codeexec.filter_options import NAME_KINDS, NameKind
from mcp_codeexec.filtering.known import MOST, standing
from mcp_codeexec.filtering.linear import linear
from mcp_codeexec.filtering.postal import postal_addresses
from mcp_codeexec.filtering.spans import Span

MOST_READ = 500_000
"""Bytes of different lines that the model reads of one text; a text with more is not shown at all."""
_PERSON = frozenset({"PERSON", "PER", "persName"})  # as pipelines for different languages call them
_PLACE = frozenset({"GPE", "LOC", "FAC", "GPE_LOC", "placeName", "geogName"})
_STATISTICAL = "ner"
_VECTORS = frozenset({"tok2vec", "transformer", "curated_transformer"})  # what such a recogniser may build on

_LONGEST, _OVERLAP = 1_000, 120  # bytes of a line that are read at once, and of it again with what follows
_BATCH = 64  # lines for which the model is held: other texts get their turn in between
_CANDIDATE = linear(r"(?:^|[^\p{L}\p{N}_])(?:\p{Lu}['’]?\p{Ll}|\p{Lu}{2,}[ ,]+\p{Lu}{2,}|\p{Lo}{2})")
# spaCy's tokenizer takes quadratic time for what has no spaces: minute-long for 20,000 brackets.
_RUN = re.compile(rb"[^\s\x80-\xff]{40,}+")
_MARKS = re.compile(rb"[^\s\w\x80-\xff]{4,}+")
_GLUED = re.compile(rb",(?=\S)")
_COLUMNS = bytes.maketrans(b"<>|;\t", b"     ")
_NO_LETTER = re.compile(rb"[^A-Za-z0-9.'_-]")
_WORDS_OF_NO_NAME = re.compile(rb"[A-Za-z0-9.'_-]{40,}+")

_WORD = r"\p{L}[\p{L}\p{M}'’.-]*"
_NAME = linear(rf"^{_WORD}(?:,? {_WORD}){{0,5}}$")
_CAPITAL = linear(r"(?:^|[ '’-])(?:\p{Lu}\p{L}*\p{Ll}|\p{Lo}|\p{Lu}{2,} \p{Lu}{2,})")
_NO_NAME = linear(r"\p{L}{4}\p{Lu}\p{Ll}|(?:^| )\p{Ll}+\p{Lu}|\.\p{L}{2}|^\p{Lu}{3,} \p{Lu}\p{Ll}")  # parseName, macOS, a.push, INFO Main
_TRAILING = linear(r"(?:['’]s|[ .,'’-]+| [^ ]*[0-9][^ ]*)$")
_TITLE = linear(r"(?i)(?:^|[^\p{L}])(?:mr|mrs|ms|miss|mx|dr|prof|sir|dame|hi|hello|dear|thanks|regards|hallo|liebe|lieber|herr|frau|m|mme|sr|sra)\.?,?[ \n]$")

_KEYED = r"\\{0,3}[\"'`]?[ \t]{0,3}(?::|=>|=)[ \t]{0,3}\\{0,3}[\"'`]([^\"'`\\\n]+)"
_PART_KEY = linear(
    r"(?i)(?:(?:first|last|full|given|family|middle|maiden)[_ -]?name|surname|vorname|nachname|pr(?:é|e)nom|apellidos?|cognome)" + _KEYED
)
_ROLE = (
    "account|assignee|attendee|author|buyer|candidate|cardholder|client|contact|customer|doctor|driver|employee|guest|holder|lead|manager|member"
    "|nurse|owner|passenger|patient|player|recipient|reporter|reviewer|sender|seller|speaker|student|teacher|tenant|user"
)
_PERSON_KEY = linear(
    rf"(?i)(?:^|[^a-z])(?:(?:(?:{_ROLE}|display|person|contact)[_ -]?)?name|{_ROLE}|(?:assigned|addressed)[_ -]?to|[a-z]+ed[_ -]?by)" + _KEYED
)
_GIVEN = linear(rf"^(?:\p{{Lu}}[\p{{L}}\p{{M}}'’.-]*|\p{{Lo}}+)$")
_PARTICLES = frozenset("de da das do dos van von der den ter la le del della di du el al bin ibn af".split())
_TYPES = frozenset("string text required optional unknown none null undefined name varchar str".split())


class _Entity(Protocol):
    start_char: int
    end_char: int
    label_: str


class _Doc(Protocol):
    ents: Sequence[_Entity]


class _Pipeline(Protocol):
    """What is used of spaCy's Language."""

    pipe_names: list[str]
    pipe_factories: dict[str, str]
    pipe_labels: dict[str, list[str]]
    meta: dict[str, object]
    memory_zone: Callable[[], AbstractContextManager[object]]
    select_pipes: Callable[..., object]

    def pipe(self, texts: Iterable[str], /) -> Iterator[_Doc]: ...


class NameFinder:
    """A loaded pipeline, for the life of the process. Thread-safe; it remembers nothing of what it reads."""

    def __init__(self, model: str, kinds: Iterable[NameKind] = NAME_KINDS) -> None:
        """`model` is the name of an installed pipeline, or its folder.

        Raises:
            SettingsError: it cannot be loaded, or recognises no people.
        """
        self._kinds = frozenset(kinds)
        self._lock = Lock()
        self._pipeline = _loaded(model)

    @property
    def description(self) -> str:
        """Which pipeline this is."""
        meta = self._pipeline.meta
        return f"{meta.get('lang')}_{meta.get('name')} {meta.get('version')}"

    def find(self, data: bytes) -> Iterator[Span]:
        """People and addresses in UTF-8 `data`, in no order; spans may overlap.

        Raises:
            ValueError: there is more to read than `MOST_READ`.
        """
        places: list[tuple[int, int]] = []
        people = [Span(*match.span(1), "person") for match in _PART_KEY.finditer(data) if _is_given(data, *match.span(1))]
        alone: list[Span] = []
        for start, end, label in self._entities(data):
            if label in _PLACE:
                places.append((start, end))
            elif name := _name(data, start, end):
                (people if b" " in data[name.start : name.end] else alone).append(name)
        if "person" in self._kinds:
            said = dict.fromkeys(data[span.start : span.end] for span in people)
            parts = {part for name in said for part in name.split()}
            yield from people
            yield from (name for name in alone if data[name.start : name.end] in parts or _has_title(data, name.start))
            yield from standing(data, [name for name in said if b" " in name][:MOST], "person")
        if "address" in self._kinds:
            yield from postal_addresses(data, sorted(places))

    def _entities(self, data: bytes) -> Iterator[tuple[int, int, str]]:
        """People and places as the model sees them, in bytes of `data`."""
        where: dict[bytes, list[int]] = {}
        for at, line in (*_lines(data), *_values_of_people(data)):
            where.setdefault(line, []).append(at)
        if sum(map(len, where)) > MOST_READ:
            raise ValueError("too much text for the recogniser of names")
        lines = list(where)
        for first in range(0, len(lines), _BATCH):
            batch = lines[first : first + _BATCH]
            for line, found in zip(batch, self._read([_readable(line) for line in batch]), strict=True):
                for start, end, label in found:
                    for at in where[line]:
                        yield at + start, at + end, label

    def _read(self, texts: list[str]) -> list[list[tuple[int, int, str]]]:
        with self._lock, self._pipeline.memory_zone():
            return [[_in_bytes(text, ent) for ent in doc.ents if ent.label_ in _PERSON or ent.label_ in _PLACE]
                    for text, doc in zip(texts, self._pipeline.pipe(texts), strict=True)]


def _loaded(model: str) -> _Pipeline:
    try:
        import spacy  # noqa: PLC0415 - seconds and 100 MB, for those who want it

        pipeline = cast(_Pipeline, spacy.load(model))
    except Exception as exc:  # whatever is wrong with the folder or a package of it
        raise SettingsError(
            f"bad setting: name_model: the spaCy pipeline {model!r} cannot be loaded: {exc}",
            hint="Install it for this version of spaCy, or leave name_model out: names and addresses are then not looked for.",
        ) from exc
    finders = [name for name in pipeline.pipe_names if _PERSON.intersection(pipeline.pipe_labels.get(name, ()))]
    if not finders:
        raise SettingsError(
            f"bad setting: name_model: the spaCy pipeline {model!r} has no recogniser of people (of entities PERSON or PER)",
            hint="Name one that has an `ner` or `entity_ruler` component.",
        )
    factories = pipeline.pipe_factories
    if all(factories[name] == _STATISTICAL for name in finders):  # rules may look at what the other components say
        pipeline.select_pipes(enable=[name for name in pipeline.pipe_names if name in finders or factories[name] in _VECTORS])
    return pipeline


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Where each line is that may hold a name, and the line; a long one in parts that overlap, cut between words."""
    at = 0
    for line in data.split(b"\n"):
        start = 0
        while len(line) - start > _LONGEST:
            end = _between_words(line, start + _LONGEST - _OVERLAP, start + _LONGEST)
            yield from _if_candidate(at + start, line[start:end])
            start = _between_words(line, end - _OVERLAP, end)
        yield from _if_candidate(at + start, line[start:])
        at += len(line) + 1


def _values_of_people(data: bytes) -> Iterator[tuple[int, bytes]]:
    """What stands under a key that names people: a model knows a name better without the quotes around it."""
    for match in _PERSON_KEY.finditer(data):
        start, end = match.span(1)
        if end - start <= _LONGEST:
            yield from _if_candidate(start, data[start:end])


def _between_words(line: bytes, first: int, last: int) -> int:
    """A border of words from `first` to `last`, or of characters where there is none."""
    at = line.rfind(b" ", first, last)
    if at >= 0:
        return at
    return next((at for at in range(first, last) if line[at] & 0xC0 != 0x80), first)


def _if_candidate(at: int, line: bytes) -> Iterator[tuple[int, bytes]]:
    if _CANDIDATE.search(line):
        yield at, line


def _readable(line: bytes) -> str:
    """`line` for the model, of the same length in bytes: columns apart, and without what is no text and would take it long."""
    line = _GLUED.sub(b" ", _MARKS.sub(_blank, line.translate(_COLUMNS)))
    line = _RUN.sub(lambda run: _WORDS_OF_NO_NAME.sub(_blank, _NO_LETTER.sub(b" ", run[0])), line)
    try:
        return line.decode()
    except UnicodeDecodeError:  # a reading of %ff
        return line.decode("latin-1").translate(_ASCII)


_ASCII = dict.fromkeys(range(128, 256), " ")


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * len(match[0])


def _in_bytes(text: str, entity: _Entity) -> tuple[int, int, str]:
    start, end = entity.start_char, entity.end_char
    if not text.isascii():
        first = len(text[:start].encode())
        start, end = first, first + len(text[start:end].encode())
    return start, end, entity.label_


def _name(data: bytes, start: int, end: int) -> Span | None:
    """The span of what is a person for the model, without what trails it, if it looks like a name at all."""
    text = data[start:end]
    while cut := _TRAILING.search(text):
        text = text[: cut.span()[0]]
    looks = len(text) > 2 and _NAME.search(text) and _CAPITAL.search(text) and not _NO_NAME.search(text)
    return Span(start, start + len(text), "person") if looks else None


def _has_title(data: bytes, start: int) -> bool:
    return _TITLE.search(data[max(0, start - 12) : start]) is not None


def _is_given(data: bytes, start: int, end: int) -> bool:
    """Whether a value under a key such as `first_name` is a name, and not a type or a text about it."""
    words = [word for word in data[start:end].split() if word.decode("utf-8", "replace") not in _PARTICLES]
    named = 0 < len(words) <= 5 and all(_GIVEN.search(word) for word in words)
    return named and data[start:end].decode("utf-8", "replace").lower() not in _TYPES
