"""Numbers that states and networks give out, in the forms in which others look for them; nobody's, always the same, and made here."""

import random
import string
from collections.abc import Callable

import phonenumbers
from stdnum.ca import sin
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.tr import tckimlik

_NO_NINO = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def _digits(source: random.Random, length: int, first: str = "123456789") -> str:
    return source.choice(first) + "".join(source.choices(string.digits, k=length - 1))


def _checked(stem: Callable[[], str], is_valid: Callable[[str], bool], length: int = 1) -> str:
    """A number with a stem and check digits or letters that are right."""
    alphabet = string.digits + string.ascii_uppercase if length == 1 else string.digits
    while True:
        text = stem()
        for at in range(len(alphabet) ** length):
            end = alphabet[at] if length == 1 else f"{at:0{length}d}"
            if is_valid(text + end):
                return text + end


def _in_groups(text: str, *groups: int) -> str:
    ends = [sum(groups[: at + 1]) for at in range(len(groups))]
    return " ".join(text[end - size : end] for end, size in zip(ends, groups, strict=True))


def _born(source: random.Random) -> str:
    return f"{source.randrange(40, 99):02d}{source.randrange(1, 13):02d}{source.randrange(1, 29):02d}"


def _ssn(source: random.Random) -> str:
    area = source.choice([*range(1, 666), *range(667, 900)])
    return f"{area:03d}-{source.randrange(1, 100):02d}-{source.randrange(1, 10_000):04d}"


def _itin(source: random.Random) -> str:
    group = source.choice([*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)])
    return f"9{source.randrange(100):02d}-{group}-{source.randrange(10_000):04d}"


def _nino(source: random.Random) -> str:
    letters = source.choice([a + b for a in "ABCEGHJKLMPRSTWXYZ" for b in "ABCEGHJKLMNPRSTWXYZ" if a + b not in _NO_NINO])
    return f"{letters} {_in_groups(_digits(source, 6), 2, 2, 2)} {source.choice('ABCD')}"


def _national_phone(source: random.Random) -> str:
    region = source.choice(("US", "GB", "DE", "IN", "BR"))
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)


def _mac(source: random.Random) -> str:
    return ".".join(f"{source.randrange(65_536):04x}" for _ in range(3))


FORMS: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "US SSN": ("SSN", _ssn),
    "US ITIN": ("ITIN", _itin),
    "UK NHS": ("NHS number", lambda source: _in_groups(_checked(lambda: _digits(source, 9), nhs.is_valid), 3, 3, 4)),
    "UK NINO": ("National Insurance number", _nino),
    "ES DNI": ("DNI", lambda source: _checked(lambda: _digits(source, 8), dni.is_valid)),
    "ES NIE": ("NIE", lambda source: _checked(lambda: source.choice("XYZ") + _digits(source, 7), nie.is_valid)),
    "DE tax id": ("Steuer-ID", lambda source: _checked(lambda: _digits(source, 10), idnr.is_valid)),
    "PL PESEL": ("PESEL", lambda source: _checked(lambda: _born(source) + _digits(source, 4), pesel.is_valid)),
    "IN Aadhaar": (
        "Aadhaar",
        lambda source: _in_groups(_checked(lambda: _digits(source, 11, "23456789"), aadhaar.is_valid), 4, 4, 4),
    ),
    "CA SIN": ("SIN", lambda source: _in_groups(_checked(lambda: _digits(source, 8, "1234567"), sin.is_valid), 3, 3, 3)),
    "TR id": ("TCKN", lambda source: _checked(lambda: _digits(source, 9), tckimlik.is_valid, 2)),
    "SE personnummer": (
        "Personnummer",
        lambda source: _checked(lambda: f"{_born(source)}-{_digits(source, 3)}", personnummer.is_valid),
    ),
    "national phone": ("Phone", _national_phone),
    "MAC with dots": ("MAC", _mac),
}
"""By what it is: the name that stands before such a number where it is named, and what makes one."""
