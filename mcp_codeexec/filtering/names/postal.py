"""Postal addresses: a house number beside the name of a street, and a second sign that it is one.

The second sign is a place that the model of `names` knows, in it or soon after it, or a postal code; where the street has no word of
a street ("Street", "rue", "…straße"), a place with a postal code. Under a key such as `address` or `street` none is needed.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from mcp_codeexec.filtering.linear import Pattern, linear
from mcp_codeexec.filtering.spans import Span

_NUMBER = r"[0-9]{1,5}(?:[A-Za-z]|[/-][0-9]{1,4}[A-Za-z]?)?"
_LETTER = (
    r"[^\x00-&(-,/-@\[-`{-\x7f]"  # of a word, with ' - . and all beyond ASCII: \p{L} is a large automaton, and so often too large
)
_WORD = rf"(?:[A-Z]|[^\x00-\x7f]){_LETTER}*"
_NAME = rf"(?:{_WORD}|[0-9]{{1,3}}(?:st|nd|rd|th))(?: {_WORD}){{0,3}}"
_LINKS = r"(?:(?:de|du|des|del|della|delle|dei|di|da|do|dos|la|las|les|le|los|van|den|der) |[ld]['’]){0,3}"
_LAST_WORD = (
    r"(?:(?:Street|Road|Avenue|Lane|Drive|Boulevard|Way|Court|Place|Square|Terrace|Close|Crescent|Parkway|Highway|Gardens|Grove|Mews|Row"
    r"|Walk)\b|(?:St|Rd|Ave|Ln|Dr|Blvd|Ct|Pl|Sq|Pkwy|Hwy)\b\.?)(?: (?:NE|NW|SE|SW|[NSEW])\b)?"
)
_FIRST_WORD = (
    r"(?i:rue|avenue|boulevard|place|chemin|all(?:é|e)e|quai|impasse|calle|avenida|paseo|plaza|carrer|rua|pra(?:ç|c)a"
    r"|via|viale|piazza|corso)"
)
_ENDING = (
    r"(?:stra(?:ß|ss)e|str\.|weg|allee|platz|gasse|ring|damm|ufer|laan|straat|gracht|plein|kade|gatan|v(?:ä|a)gen|vej|gade|veien"
    r"|katu)"
)
_WORDED = linear(
    rf"\b{_NUMBER},? (?:(?:North|South|East|West|[NSEW]\.?) )?{_NAME} {_LAST_WORD}"
    rf"|\b{_NUMBER}(?: (?:bis|ter))?,? {_FIRST_WORD} {_LINKS}{_NAME}"
    rf"|\b{_FIRST_WORD} {_LINKS}{_NAME},? (?:n(?:º|°|\.)? ?)?{_NUMBER}\b"
)
_ENDED = linear(rf"(?:{_WORD} ){{0,2}}(?:[A-Z]|[^\x00-\x7f]){_LETTER}*[ -]?(?i:{_ENDING}) {_NUMBER}\b")
_NUMBER_FIRST = linear(rf"\b{_NUMBER} {_WORD}(?: {_WORD}){{0,3}}")
_NUMBER_LAST = linear(rf"{_WORD}(?: {_WORD}){{0,3}},? {_NUMBER}\b")
_STREETS = (_WORDED, _ENDED, _NUMBER_FIRST, _NUMBER_LAST)

_CODE = (
    r"(?:(?:[A-Z]{1,2}-)?[0-9]{5}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]|[0-9]{4} ?[A-Z]{2}"
    r"|[0-9]{2}-[0-9]{3}|[0-9]{3} [0-9]{2})\b"
)
_CODE_BEFORE = linear(rf"\b{_CODE},? $")
_CODE_AFTER = linear(rf"^,? ?(?:[A-Z](?:{_LETTER}| )*,? )?((?:{_CODE}|[0-9]{{4}}\b))")
_CODE_NEXT = linear(rf"^(?:, ?|\n| )(?:{_WORD}[ ,]+){{0,3}}{_CODE}")
_CODE_AND_TOWN = linear(rf"^(?:, ?|\n){_CODE} {_WORD}")
_GAP = linear(
    r"^(?:[ \t\n,.·|#/()-]|[0-9]+[A-Za-z]?\b|[A-Z\x{80}-\x{10ffff}][^\x00-&(-,/:-@\[-`{-\x7f]*"
    r"|(?:in|apt|apartment|suite|ste|unit|floor|flat|room|no|à|en|te)\b)*$"
)
_REACH = 60  # bytes from a street to its place
_NEAR = 12  # bytes before the key in which it says whose address it is
_OF_MACHINE = linear(r"(?i)(?:ip|mac|e-?mail|web|url|host|server|bind|listen|memory|wallet|contract|remote|local|peer)[_ -]?$")
_UNDER_KEY = linear(
    r"(?i:address|street|adresse|anschrift|stra(?:ß|ss)e|direcci(?:ó|o)n|indirizzo|endere(?:ç|c)o|adres)(?i:[_ -]?(?:line)?[_ -]?[12])?"
    r"\\{0,3}[\"'`]?[ \t]{0,3}(?::|=>|=)[ \t]{0,3}\\{0,3}[\"'`]([^\"'`\\\n]+)"
)


def postal_addresses(data: bytes, places: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Addresses in `data`, from street to place and postal code; `places` are byte ranges, in order."""
    for pattern in _STREETS:
        for match in pattern.finditer(data):
            start, end = match.span()
            if (end := _end(data, start, end, places, pattern)) is not None:
                yield Span(start, end, "address")
    for match in _UNDER_KEY.finditer(data):
        start, end = match.span(1)
        of_machine = _OF_MACHINE.search(data[max(0, match.span()[0] - _NEAR) : match.span()[0]])
        if not of_machine and any(pattern.search(data[start:end]) for pattern in _STREETS):
            yield Span(start, end, "address")


def _end(data: bytes, start: int, end: int, places: Sequence[tuple[int, int]], pattern: Pattern) -> int | None:
    """Where the address ends whose street is at `start` to `end`; None if there is no second sign."""
    place = _place(data, start, end, places)
    bare = pattern in (_NUMBER_FIRST, _NUMBER_LAST)
    if place is not None and (not bare or place[0] >= end):
        code = _CODE_AFTER.search(data[place[1] : place[1] + _REACH])
        whole = place[1] + code.span(1)[1] if code else max(end, place[1])
        coded = (code is not None and pattern is not _NUMBER_LAST) or _CODE_BEFORE.search(data[end : place[0]]) is not None
        return whole if coded or not bare else None
    if bare:
        return None
    after = data[end : end + _REACH]
    code = _CODE_AND_TOWN.search(after) or (_CODE_NEXT.search(after) if pattern is _WORDED else None)
    return end + code.span()[1] if code else None


def _place(data: bytes, start: int, end: int, places: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The place that follows a street within reach, with nothing between that an address has not; else one in the street itself."""
    inside = None
    for place in places[(index := bisect_left(places, start + 1, key=lambda place: place[1])) : index + 4]:
        if place[0] < end:
            inside = place
        elif place[0] - end <= _REACH and _GAP.search(data[end : place[0]]):
            return place
        else:
            break
    return inside
