"""Names of people and postal addresses, by the entity recogniser of a spaCy pipeline that the operator chose. Off without one.

What the model says is a person must also look like a name; what it says is a place is one sign of an address.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from typing import Protocol, cast

from mcp_codeexec.errors import SettingsError
from mcp_codeexec.filter_options import NAME_KINDS, NameKind
from mcp_codeexec.filtering.names.lines import lines_with_names, readable
from mcp_codeexec.filtering.names.persons import given_names, persons
from mcp_codeexec.filtering.names.postal import postal_addresses
from mcp_codeexec.filtering.spans import Span

MOST_READ = 250_000
"""Bytes of different lines that the model reads of one text; a text with more is not shown at all."""
_PERSON = frozenset({"PERSON", "PER", "persName"})  # as pipelines for different languages call them
_PLACE = frozenset({"GPE", "LOC", "FAC", "placeName", "geogName"})
_BATCH = 32  # lines for which the model is held: other texts get their turn in between
_STATISTICAL = "ner"
_VECTORS = frozenset({"tok2vec", "transformer", "curated_transformer"})  # what such a recogniser may build on


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
        entities = list(self._entities(data))
        if "person" in self._kinds:
            yield from given_names(data)
            yield from persons(data, [(start, end) for start, end, label in entities if label in _PERSON])
        if "address" in self._kinds:
            yield from postal_addresses(data, sorted((start, end) for start, end, label in entities if label in _PLACE))

    def _entities(self, data: bytes) -> Iterator[tuple[int, int, str]]:
        """People and places as the model sees them, in bytes of `data`. A line that stands there often is read once."""
        where: dict[bytes, list[int]] = {}
        for at, line in lines_with_names(data):
            where.setdefault(line, []).append(at)
        if sum(map(len, where)) > MOST_READ:
            raise ValueError("too much text for the model of names")
        lines = list(where)
        for first in range(0, len(lines), _BATCH):
            batch = lines[first : first + _BATCH]
            for line, found in zip(batch, self._read([readable(line) for line in batch]), strict=True):
                yield from ((at + start, at + end, label) for at in where[line] for start, end, label in found)

    def _read(self, texts: list[str]) -> list[list[tuple[int, int, str]]]:
        with self._lock, self._pipeline.memory_zone():  # which forgets the words of the texts when it is left
            docs = self._pipeline.pipe(texts)
            return [[_in_bytes(text, entity) for entity in doc.ents] for text, doc in zip(texts, docs, strict=True)]


def _loaded(model: str) -> _Pipeline:
    try:
        import spacy  # noqa: PLC0415 - a second and 100 MB, for those who want it

        pipeline = cast(_Pipeline, spacy.load(model))
    except Exception as exc:  # whatever is wrong with it, or with a package that it needs
        raise SettingsError(
            f"bad setting: name_model: the spaCy pipeline {model!r} cannot be loaded: {exc}",
            hint="Install it for this version of spaCy, or leave name_model out: then names and addresses are not looked for.",
        ) from exc
    finders = [name for name in pipeline.pipe_names if _PERSON.intersection(pipeline.pipe_labels.get(name, ()))]
    if not finders:
        raise SettingsError(
            f"bad setting: name_model: the spaCy pipeline {model!r} does not recognise people: no component has PERSON or PER",
            hint="Name one with an `ner` or an `entity_ruler`.",
        )
    factories = pipeline.pipe_factories
    if all(factories[name] == _STATISTICAL for name in finders):  # rules may look at what other components say, this does not
        pipeline.select_pipes(enable=[name for name in pipeline.pipe_names if name in finders or factories[name] in _VECTORS])
    return pipeline


def _in_bytes(text: str, entity: _Entity) -> tuple[int, int, str]:
    start, end = entity.start_char, entity.end_char
    if not text.isascii():
        first = len(text[:start].encode())
        start, end = first, first + len(text[start:end].encode())
    return start, end, entity.label_
