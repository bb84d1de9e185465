"""Personal data that is nobody's, by the hundred and always the same, and what only looks like it. All of it is made here."""

import base64
import hashlib
import random
import uuid
from collections.abc import Callable

import phonenumbers
from stdnum import luhn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.iso7064 import mod_11_10, mod_97_10
from stdnum.it import codicefiscale

from mcp_codeexec.filter_options import PersonalKind

_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "CH", "AT", "SE", "PL", "IN", "JP", "BR", "AU", "ZA", "MX", "CN", "IL", "KR")
_IBANS = {"DE": 18, "FR": 23, "ES": 20, "NL": 14, "GB": 18, "CH": 17, "AT": 16, "PL": 24, "NO": 11, "BE": 12}
_LETTERED = {"NL": 4, "GB": 4}  # countries whose account numbers begin with letters
_WORDS = "ann bob carla dieter eve farid grace hugo ines jun kofi lena mia noor olga pavel quinn rosa sven tomas uma vera".split()
_FORMS = (
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
)


def email(source: random.Random) -> str:
    host = source.choice(["example.com", "mail.example.org", "sub.example.co.uk", "exämple.de"])
    return f"{source.choice(_WORDS)}.{source.choice(_WORDS)}{source.randrange(99)}@{host}"


def phone(source: random.Random) -> str:
    """A number of a country's plan: the library's example, with other last digits where it takes them."""
    region = source.choice(_REGIONS)
    kind = source.choice([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE])
    example = phonenumbers.example_number_for_type(region, kind)
    assert example is not None
    stem = (example.national_number or 0) // 10**3 * 10**3
    number = phonenumbers.PhoneNumber(example.country_code, stem + source.randrange(10**3))
    return phonenumbers.format_number(number if phonenumbers.is_valid_number(number) else example, source.choice(_FORMS))


def card(source: random.Random) -> str:
    start, length = source.choice([("4", 16), ("51", 16), ("2221", 16), ("34", 15), ("6011", 16), ("3528", 16), ("36", 14)])
    digits = start + "".join(source.choices("0123456789", k=length - len(start) - 1))
    digits += luhn.calc_check_digit(digits)
    if length == 16 and source.random() < 0.5:
        return source.choice(" -").join(digits[at : at + 4] for at in range(0, 16, 4))
    return digits


def iban(source: random.Random) -> str:
    country = source.choice(list(_IBANS))
    letters = "".join(source.choices("ABCDEFGH", k=_LETTERED.get(country, 0)))
    account = letters + "".join(source.choices("0123456789", k=_IBANS[country] - len(letters)))
    text = f"{country}{mod_97_10.calc_check_digits(account + country)}{account}"
    return text if source.random() < 0.5 else " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def national_id(source: random.Random) -> str:
    born = f"{source.randrange(40, 99):02d}", f"{source.randrange(1, 13):02d}", f"{source.randrange(1, 28):02d}"
    digits = "".join(source.choices("0123456789", k=9))
    which = source.randrange(5)
    if which == 0:
        stem = f"RSSMRA{born[0]}{source.choice('ABCDEHLMPRST')}{born[2]}H501"
        return stem + codicefiscale.calc_check_digit(stem)
    if which == 1:
        return cpf.format(digits + cpf._calc_check_digits(digits))  # pyright: ignore[reportPrivateUsage] the library has no public one
    if which == 2:
        number = int("".join(born) + digits[:3])
        check = f"{97 - number % 97:02d}"
        text = f"{born[0]}.{born[1]}.{born[2]}-{digits[:3]}.{check}"
        assert nn.is_valid(text)
        return text
    if which == 3:
        return f"DNI {digits[:8]}{dni.calc_check_digit(digits[:8])}"
    while True:
        stem = source.choice("123456789") + "".join(source.choices("0123456789", k=9))
        if idnr.is_valid(text := stem + mod_11_10.calc_check_digit(stem)):
            return f"IdNr: {text}"


def ip(source: random.Random) -> str:
    if source.random() < 0.3:
        return "2a02:" + ":".join(f"{source.randrange(1, 65536):x}" for _ in range(7))
    return f"{source.choice([5, 31, 62, 78, 85, 93, 109, 178, 212])}.{source.randrange(256)}.{source.randrange(256)}.{source.randrange(1, 255)}"


def mac(source: random.Random) -> str:
    groups = ["3c", *(f"{source.randrange(256):02x}" for _ in range(5))]
    return source.choice(":-").join(groups)


def birth_date(source: random.Random) -> str:
    year, month, day = source.randrange(1930, 2015), source.randrange(1, 13), source.randrange(1, 28)
    date = source.choice(
        [f"{year}-{month:02d}-{day:02d}", f"{day}.{month}.{year}", f"{month:02d}/{day:02d}/{year}", f"{day} March {year}"]
    )
    return f"{source.choice(['date of birth: ', 'DOB=', 'born ', 'born on ', 'birthday is ', 'Geburtsdatum: '])}{date}"


MAKERS: dict[PersonalKind, Callable[[random.Random], str]] = {
    "email": email,
    "phone": phone,
    "card": card,
    "iban": iban,
    "national_id": national_id,
    "ip": ip,
    "mac": mac,
    "birth_date": birth_date,
}


def _digits(source: random.Random, length: int) -> str:
    return source.choice("123456789") + "".join(source.choices("0123456789", k=length - 1))


def _date(source: random.Random) -> str:
    return f"20{source.randrange(20, 30)}-{source.randrange(1, 13):02d}-{source.randrange(1, 28):02d}"


# ruff: noqa: E501 - one row a line, they are data
LOOK_ALIKES: dict[str, Callable[[random.Random], str]] = {
    "float": lambda source: repr(source.uniform(-1e3, 1e3)),
    "large float": lambda source: repr(source.uniform(-1e15, 1e15)),
    "signed float": lambda source: f"{source.uniform(-90, 90):+.10f}",
    "coordinates": lambda source: f"{source.uniform(-90, 90):.6f},{source.uniform(-180, 180):.6f}",
    "milliseconds": lambda source: str(1_700_000_000_000 + source.randrange(10**11)),
    "seconds": lambda source: f"{source.choice(['', '+'])}{1_700_000_000 + source.randrange(10**8)}",
    "microseconds": lambda source: str(1_700_000_000_000_000 + source.randrange(10**14)),
    "file size": lambda source: f"{source.randrange(10**6, 10**12)} bytes",
    "id of 9 digits": lambda source: _digits(source, 9),
    "id of 10 digits": lambda source: _digits(source, 10),
    "id of 11 digits": lambda source: _digits(source, 11),
    "id of 18 digits": lambda source: "1" + _digits(source, 17),
    "ids of 16 digits": lambda source: " ".join(_digits(source, 16) for _ in range(30)),
    "order number": lambda source: f"{_digits(source, 4)}-{_digits(source, 7)}-{_digits(source, 7)}",
    "uuid": lambda source: str(uuid.UUID(int=source.getrandbits(128), version=4)),
    "sha256": lambda source: hashlib.sha256(source.randbytes(8)).hexdigest(),
    "SHA1, upper": lambda source: hashlib.sha1(source.randbytes(8)).hexdigest().upper(),
    "fingerprint": lambda source: ":".join(f"{b:02x}" for b in source.randbytes(20)),
    "base64": lambda source: base64.b64encode(source.randbytes(60)).decode(),
    "nanoid": lambda source: base64.urlsafe_b64encode(source.randbytes(15)).decode(),
    "version": lambda source: f"v{source.randrange(30)}.{source.randrange(200)}.{source.randrange(200)}.{source.randrange(1, 99)}",
    "pinned version": lambda source: f"tool=={source.randrange(30)}.{source.randrange(99)}.{source.randrange(99)}.{source.randrange(1, 99)}",
    "user agent": lambda source: f"Mozilla/5.0 Chrome/{source.randrange(90, 140)}.0.0.0 Safari/537.36 Edg/{source.randrange(90, 140)}.0.0.0",
    "private address": lambda source: f"10.{source.randrange(256)}.{source.randrange(256)}.{source.randrange(1, 255)}:8080",
    "network": lambda source: f"{source.randrange(1, 200)}.{source.randrange(256)}.{source.randrange(256)}.0/24",
    "time": lambda source: f"{source.randrange(24):02d}:{source.randrange(60):02d}:{source.randrange(60):02d}",
    "date": _date,
    "date and time": lambda source: f"{_date(source)}T{source.randrange(24):02d}:00:00.{source.randrange(1000):03d}Z",
    "release date": lambda source: f"released on {_date(source)}, updated {_date(source)}",
    "isbn": lambda source: f"978-{source.randrange(10)}-{_digits(source, 4)}-{_digits(source, 4)}-{source.randrange(10)}",
    "money": lambda source: f"${source.uniform(0, 1e7):,.2f}",
    "percent": lambda source: f"+{source.uniform(0, 100):.8f}%",
    "sum": lambda source: f"x+{_digits(source, 10)}",
    "package": lambda source: f"@scope/pkg@{source.randrange(30)}.{source.randrange(99)}.{source.randrange(99)}",
    "matrix": lambda source: " ".join(str(source.randrange(1_000, 9_999)) for _ in range(40)),
    "DNA": lambda source: "".join(source.choices("ACGT", k=120)),
    "hexdump": lambda source: f"{source.randrange(2**24):08x}: " + " ".join(f"{b:02x}" for b in source.randbytes(16)),
    "star": lambda source: f"HD{_digits(source, 6)} {source.uniform(0, 24):.9f} {source.uniform(-90, 90):+.9f} {source.uniform(1, 9):.4f}",
}  # fmt: skip
