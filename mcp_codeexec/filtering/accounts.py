"""Numbers of accounts that can be checked: payment cards (issuer's range and Luhn), IBANs (length of the country and mod 97)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from mcp_codeexec.filtering.linear import linear
from mcp_codeexec.filtering.spans import Span

_GROUPED = linear(
    r"\b(?:(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|35[0-9]{2}|6[0245][0-9]{2})"
    r"(?: [0-9]{4} [0-9]{4} [0-9]{4}(?: [0-9]{3})?|-[0-9]{4}-[0-9]{4}-[0-9]{4})"
    r"|3[47][0-9]{2}(?: [0-9]{6} [0-9]{5}|-[0-9]{6}-[0-9]{5})|3[0689][0-9]{2}(?: [0-9]{6} [0-9]{4}|-[0-9]{6}-[0-9]{4}))\b"
)
_BARE = linear(r"\b(?:4|5[1-5]|2[2-7]|3[0-9]|6[0245])[0-9]{11,17}\b")
_ISSUED = linear(
    r"^(?:4[0-9]{15}(?:[0-9]{3})?|(?:5[1-5]|35|62|65)[0-9]{14}|62[0-9]{15,17}|(?:6011|64[4-9][0-9])[0-9]{12}"
    r"|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11})$"
)
_CARD_NAMED = linear(r"(?i)(?:card|visa|master|amex|maestro|diners|discover|\bpan|\bcc|credit|debit|payment)[^\n]*$")
_GROUP_FOLLOWS = linear(r"^ [0-9]{4}\b")
_NEAR = 40  # bytes in which a word before a number says that it is a card's
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")  # twice a digit, its own digits added
_IBAN = linear(r"\b[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)\b")
_AS_DIGITS = {ord(letter): str(int(letter, 36)) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_OF_BBAN = re.compile(r"([0-9]+)!?[a-z]")
_IDS, _COLUMNS = 5, 2  # where less than one number in so many passes, they are ids: one in fifty or in ten passes by chance


def cards(data: bytes) -> Iterator[Span]:
    """Payment cards. Where only the check digit speaks for it (a bare number, four columns of a row of numbers), a word before it must
    say so, or enough such numbers of the text could be one."""
    columns: list[tuple[int, int]] = []
    for match in _GROUPED.finditer(data):
        start, end = match.span()
        if data[start - 1 : start] in (b".", b"-") or data[end : end + 1] == b"-":
            continue
        if data[max(0, start - 2) : start - 1].isdigit() or _GROUP_FOLLOWS.search(data[end : end + 6]):
            columns.append((start, end))
        elif is_card(data[start:end]):
            yield Span(start, end, "card")
    bare = [match.span() for match in _BARE.finditer(data)]
    bare = [(start, end) for start, end in bare if not _in_a_number(data, start, end)]
    for doubtful, one_in in ((bare, _IDS), (columns, _COLUMNS)):
        passed = [(start, end) for start, end in doubtful if is_card(data[start:end])]
        enough = len(passed) * one_in >= len(doubtful)
        for start, end in passed:
            if enough or _CARD_NAMED.search(data[max(0, start - _NEAR) : start]):
                yield Span(start, end, "card")


def is_card(text: bytes) -> bool:
    """Whether an issuer has such numbers, and the check digit is right."""
    digits = text.replace(b" ", b"").replace(b"-", b"")
    if _ISSUED.search(digits) is None:
        return False
    return (sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - 48 * len(digits)) % 10 == 0


def _in_a_number(data: bytes, start: int, end: int) -> bool:
    """Whether it is part of a float, or is negative."""
    return data[start - 1 : start] in (b".", b"-", b"+") or (data[end : end + 1] == b"." and data[end + 1 : end + 2].isdigit())


def ibans(data: bytes) -> Iterator[Span]:
    """International bank account numbers, printed in groups of four or in one."""
    for match in _IBAN.finditer(data):
        start, end = match.span()
        length = _iban_length(data[start : start + 2].decode())
        text = data[start:end]
        while len(text.replace(b" ", b"")) > length > 0 and b" " in text:  # the next word is not its
            text = text[: text.rindex(b" ")]
        number = text.replace(b" ", b"").decode()
        if len(number) == length and int((number[4:] + number[:4]).translate(_AS_DIGITS)) % 97 == 1:
            yield Span(start, start + len(text), "iban")


@lru_cache(256)
def _iban_length(country: str) -> int:
    from stdnum import numdb  # noqa: PLC0415 - for the first candidate

    about = numdb.get("iban").info(country)[0][1]
    return 4 + sum(map(int, _OF_BBAN.findall(about["bban"]))) if "bban" in about else 0
