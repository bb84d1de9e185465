"""Numbers that states and networks give out, in the forms in which others look for them; nobody's, always the same, and made here."""

import random
from collections.abc import Callable

import phonenumbers
from stdnum import luhn, verhoeff
from stdnum.ca import sin
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.gb import nhs
from stdnum.iso7064 import mod_11_10
from stdnum.pl import pesel
from stdnum.tr import tckimlik


def _digits(source: random.Random, length: int, first: str = "123456789") -> str:
    return source.choice(first) + "".join(source.choices("0123456789", k=length - 1))


def _until(make: Callable[[], str], valid: Callable[[str], bool]) -> str:
    while not valid(text := make()):
        pass
    return text


def _ssn(source: random.Random) -> str:
    area = source.choice([*range(1, 666), *range(667, 900)])
    return f"{area:03d}-{source.randrange(1, 100):02d}-{source.randrange(1, 10_000):04d}"


def _itin(source: random.Random) -> str:
    return f"9{source.randrange(100):02d}-{source.choice([*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)])}-{source.randrange(10_000):04d}"


def _nhs(source: random.Random) -> str:
    digits = _until(lambda: _digits(source, 9), lambda text: nhs.calc_check_digit(text) != "X")
    digits += nhs.calc_check_digit(digits)
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def _nino(source: random.Random) -> str:
    digits = _digits(source, 6, "0123456789")
    letters = source.choice("ABCEGHJKLMPRSTWXYZ") + source.choice("ACEHJLMPRSTWXYZ")
    if letters in ("ZZ", "GB", "BG", "NK", "KN", "NT", "TN"):
        letters = "AB"
    return f"{letters} {digits[:2]} {digits[2:4]} {digits[4:]} {source.choice('ABCD')}"


def _dni(source: random.Random) -> str:
    digits = _digits(source, 8)
    return digits + dni.calc_check_digit(digits)


def _nie(source: random.Random) -> str:
    stem = source.choice("XYZ") + _digits(source, 7)
    return stem + nie.calc_check_digit(stem)


def _idnr(source: random.Random) -> str:
    stem = lambda: _digits(source, 10)  # noqa: E731
    return _until(lambda: (text := stem()) + mod_11_10.calc_check_digit(text), idnr.is_valid)


def _pesel(source: random.Random) -> str:
    stem = f"{source.randrange(40, 99):02d}{source.randrange(1, 13):02d}{source.randrange(1, 29):02d}{source.randrange(10_000):04d}"
    return stem + pesel.calc_check_digit(stem)


def _aadhaar(source: random.Random) -> str:
    stem = _digits(source, 11, "23456789")
    text = stem + verhoeff.calc_check_digit(stem)
    return f"{text[:4]} {text[4:8]} {text[8:]}"


def _sin(source: random.Random) -> str:
    stem = _digits(source, 8, "1234567")
    text = stem + luhn.calc_check_digit(stem)
    return sin.format(text).replace("-", " ")


def _tckimlik(source: random.Random) -> str:
    stem = _digits(source, 9)
    return stem + tckimlik.calc_check_digits(stem)


def _personnummer(source: random.Random) -> str:
    stem = f"{source.randrange(40, 99):02d}{source.randrange(1, 13):02d}{source.randrange(1, 29):02d}{source.randrange(1_000):03d}"
    return f"{stem[:6]}-{stem[6:]}{luhn.calc_check_digit(stem)}"


def _national_phone(source: random.Random) -> str:
    region = source.choice(("US", "GB", "DE", "IN", "BR"))
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)


def _cisco_mac(source: random.Random) -> str:
    return ".".join(f"{source.randrange(65_536):04x}" for _ in range(3))


FORMS: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "US SSN": ("SSN", _ssn),
    "US ITIN": ("ITIN", _itin),
    "UK NHS": ("NHS number", _nhs),
    "UK NINO": ("National Insurance number", _nino),
    "ES DNI": ("DNI", _dni),
    "ES NIE": ("NIE", _nie),
    "DE tax id": ("Steuer-ID", _idnr),
    "PL PESEL": ("PESEL", _pesel),
    "IN Aadhaar": ("Aadhaar", _aadhaar),
    "CA SIN": ("SIN", _sin),
    "TR id": ("TCKN", _tckimlik),
    "SE personnummer": ("Personnummer", _personnummer),
    "national phone": ("Phone", _national_phone),
    "MAC with dots": ("MAC", _cisco_mac),
}
"""By what it is: the name that stands before such a number where it is named, and what makes one."""
