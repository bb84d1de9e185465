"""What looks like the name of a person: which of a model's entities do, and what a key such as `first_name` says."""

from collections.abc import Iterable, Iterator

from mcp_codeexec.filtering.known import MOST, standing
from mcp_codeexec.filtering.linear import linear
from mcp_codeexec.filtering.spans import Span

_WORD = r"\p{L}[\p{L}\p{M}'’.-]*"
_NAME = linear(rf"^{_WORD}(?:,? {_WORD}){{0,5}}$")
_CAPITAL = linear(r"(?:^|[ '’-])(?:\p{Lu}\p{L}*\p{Ll}|\p{Lo}|\p{Lu}{2,} \p{Lu}{2,})")
_NO_NAME = linear(
    r"\p{L}{4}\p{Lu}\p{Ll}|(?:^| )\p{Ll}+\p{Lu}|\.\p{L}{2}|^\p{Lu}{3,} \p{Lu}\p{Ll}"
)  # parseName, iPhone, a.push, INFO Main
_TRAILING = linear(r"(?:['’]s|[ .,'’-]+| [^ ]*[0-9][^ ]*)$")
_TITLE = linear(
    r"(?i)(?:^|[^\p{L}])(?:mr|mrs|ms|miss|mx|dr|prof|sir|dame|hi|hello|dear|thanks|regards"
    r"|herr|frau|hallo|liebe|lieber|m|mme|bonjour|sr|sra|hola)\.?,?[ \n]$"
)

_VALUE = r"\\{0,3}[\"'`]?[ \t]{0,3}(?::|=>|=)[ \t]{0,3}\\{0,3}[\"'`]([^\"'`\\\n]+)"
_PART = r"(?:first|last|full|given|family|middle|maiden)[_ -]?name|surname|vorname|nachname|pr(?:é|e)nom|apellidos?|cognome"
_ROLE = (
    "account|assignee|attendee|author|buyer|candidate|cardholder|client|contact|customer|doctor|driver|employee|guest|holder|lead"
    "|manager|member|nurse|owner|passenger|patient|player|recipient|reporter|reviewer|sender|seller|speaker|student|teacher|tenant|user"
)
_UNDER_PART = linear(rf"(?i)(?:{_PART}){_VALUE}")
_UNDER_ROLE = linear(
    rf"(?i)(?:^|[^a-z])(?:(?:(?:{_ROLE}|display|person)[_ -]?)?name|{_ROLE}|(?:assigned|addressed)[_ -]?to|[a-z]+ed[_ -]?by){_VALUE}"
)
_GIVEN = linear(r"^(?:\p{Lu}[\p{L}\p{M}'’.-]*|\p{Lo}+)$")
_PARTICLES = frozenset(b"de da das do dos van von der den ter la le del della di du el al bin ibn af".split())
_ABOUT_IT = frozenset(b"string text required optional unknown none null undefined name varchar str".split())


def given_names(data: bytes) -> Iterator[Span]:
    """Names under a key that says so: `first_name: "Ann"`; not the type of such a field, or a text about it."""
    for match in _UNDER_PART.finditer(data):
        start, end = match.span(1)
        words = [word for word in data[start:end].split() if word not in _PARTICLES]
        if 0 < len(words) <= 5 and data[start:end].lower() not in _ABOUT_IT and all(map(_GIVEN.search, words)):
            yield Span(start, end, "person")


def values_of_people(data: bytes) -> Iterator[tuple[int, int]]:
    """What stands under a key that may be followed by a name: `customer: "Ann Smith"`."""
    return (match.span(1) for match in _UNDER_ROLE.finditer(data))


def persons(data: bytes, found: Iterable[tuple[int, int]]) -> Iterator[Span]:
    """Of what a model found: names of two or more words, wherever they stand; a single word where it is part of one of these, or after
    a title or a greeting."""
    named = [span for start, end in found if (span := _name(data, start, end)) is not None]
    whole = [span for span in named if b" " in data[span.start : span.end]]
    texts = dict.fromkeys(data[span.start : span.end] for span in whole)
    parts = {part for text in texts for part in text.split()}
    for span in named:
        text = data[span.start : span.end]
        if text in texts or text in parts or _TITLE.search(data[max(0, span.start - 12) : span.start]):
            yield span
    yield from standing(data, list(texts)[:MOST], "person")


def _name(data: bytes, start: int, end: int) -> Span | None:
    """The span of what is a person for a model, without what trails it, if it looks like a name at all."""
    text = data[start:end]
    while cut := _TRAILING.search(text):
        text = text[: cut.span()[0]]
    looks = len(text) > 2 and _NAME.search(text) and _CAPITAL.search(text) and not _NO_NAME.search(text)
    return Span(start, start + len(text), "person") if looks else None
