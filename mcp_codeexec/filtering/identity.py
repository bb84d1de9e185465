"""What identifies a person: national numbers with a check digit, and dates of birth that are named as such.

Where a form alone is telling enough (letters, a date and a check in one), it is found anywhere; where a tenth of all numbers of that
length would pass, only after its name.
"""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from mcp_codeexec.filtering.linear import Pattern, linear
from mcp_codeexec.filtering.spans import Span

_BY_FORM = ""  # for want of a check digit, or of a current module: an American ITIN, a British National Insurance number
_ITIN_GROUP = r"(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])"
_NINO_LETTERS = r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
_ANYWHERE = (
    ("it.codicefiscale", r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]"),
    ("mx.curp", r"[A-Z]{4}[0-9]{6}[HM][A-Z]{5}[0-9A-Z][0-9]"),
    ("fi.hetu", r"[0-3][0-9][01][0-9]{3}[-+A][0-9]{3}[0-9A-Y]"),
    ("be.nn", r"[0-9]{2}\.[01][0-9]\.[0-3][0-9]-[0-9]{3}[.-][0-9]{2}"),
    ("br.cpf", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"),
    ("ch.ssn", r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}"),
    ("cn.ric", r"[1-8][0-9]{5}(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]{4}[0-9X]"),
    ("fr.nir", r"[12] [0-9]{2} [01][0-9] [0-9AB]{2} [0-9]{3} [0-9]{3} [0-9]{2}"),
    ("us.ssn", r"[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}"),  # has no check digit, but a form of its own and ranges
    (_BY_FORM, rf"9[0-9]{{2}}-{_ITIN_GROUP}-[0-9]{{4}}"),
    (_BY_FORM, rf"{_NINO_LETTERS} [0-9]{{2}} [0-9]{{2}} [0-9]{{2}} [A-D]"),
)
_NAMED = (
    ("es.dni", "dni|nif", r"[0-9]{8}-?[A-Z]"),
    ("es.nie", "nie|nif", r"[XYZ]-?[0-9]{7}-?[A-Z]"),
    ("nl.bsn", "bsn|burgerservicenummer", r"[0-9]{9}"),
    ("de.idnr", "idnr|steuer-?id|steueridentifikationsnummer|tax[_ -]?id", r"[1-9][0-9](?: ?[0-9]{3}){3}"),
    ("gb.nhs", r"nhs(?:[_ -]?(?:number|no))?", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}"),
    ("us.ssn", r"ssn|social[_ -]?security(?:[_ -]?(?:number|no))?", r"[0-8][0-9]{8}"),
    (_BY_FORM, "itin", rf"9[0-9]{{2}}-?{_ITIN_GROUP}-?[0-9]{{4}}"),
    (
        _BY_FORM,
        r"nino|national[_ -]?insurance(?:[_ -]?(?:number|no))?",
        rf"(?-i:{_NINO_LETTERS} ?[0-9]{{2}} ?[0-9]{{2}} ?[0-9]{{2}} ?[A-D])",
    ),
    ("pl.pesel", "pesel", r"[0-9]{11}"),
    ("se.personnummer", "personnummer|personal[_ -]?number", r"(?:19|20)?[0-9]{6}[-+]?[0-9]{4}"),
    ("no.fodselsnummer", "f(?:ø|o|oe)dselsnummer|fnr", r"[0-9]{6} ?[0-9]{5}"),
    ("dk.cpr", "cpr", r"[0-3][0-9][01][0-9]{3}-?[0-9]{4}"),
    ("fr.nir", "nir|insee|s(?:é|e)curit(?:é|e) sociale", r"[12][0-9]{14}"),
    ("br.cpf", "cpf", r"[0-9]{11}"),
    ("in_.aadhaar", "aadhaar|aadhar|uid", r"[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}"),
    ("ca.sin", r"sin|social insurance(?: number)?", r"[1-9][0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}"),
    ("tr.tckimlik", "tckimlik|tc[_ -]?kimlik(?:[_ -]?no)?|tckn", r"[1-9][0-9]{10}"),
    ("ro.cnp", "cnp", r"[1-8][0-9]{12}"),
)
_ANY_NAME = r"national[_ -]?(?:id|identity)(?:[_ -]?(?:number|no))?|personal[_ -]?id|id[_ -]?card|citizen[_ -]?id"
_GIVES = r"\\{0,3}[\"'`]?[ \t]{0,3}(?:[:=#]|=>|is)?[ \t]{0,3}\\{0,3}[\"'`]?"

_FORM = linear("|".join(rf"\b({pattern})\b" for _, pattern in _ANYWHERE))
_AFTER_NAME = linear(
    rf"(?i)(?:\b|_)(?:{'|'.join(sorted({name for _, name, _ in _NAMED}))}|{_ANY_NAME}){_GIVES}([A-Z0-9][0-9A-Z .+-]{{7,20}})"
)

_GOES_ON = linear(r"^(?:[-+/.][0-9]|-[A-Za-z])")
_NUMBER_BEFORE = (b"-", b"+", b"/", b".")

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = (
    r"(?:(?:19|20)[0-9]{2}[-/.][01]?[0-9][-/.][0-3]?[0-9]|[0-3]?[0-9][-/.][0-3]?[0-9][-/.](?:(?:19|20)[0-9]{2}|[0-9]{2})"
    rf"|{_MONTH}\.? [0-3]?[0-9](?:st|nd|rd|th)?,? (?:19|20)[0-9]{{2}}"
    rf"|[0-3]?[0-9](?:st|nd|rd|th|er|\.|º)? (?:de )?\pL{{3,10}}\.?,?(?: de)? (?:19|20)[0-9]{{2}}"  # of any language
    r"|(?:19|20)[0-9]{2}[01][0-9][0-3][0-9])"
)
_BORN = linear(
    r"(?i)(?:date[_ -]?of[_ -]?birth|birth[_ -]?(?:date|day)|\bdob|\bd\.o\.b\.?|\bborn(?:[_ ]?on)?|geburtsdatum|geboren(?: am)?"
    r"|date[_ ]de[_ ]naissance|n(?:é|ée)[_ ]le|fecha[_ ]de[_ ]nacimiento|data[_ ]di[_ ]nascita|data[_ ]de[_ ]nascimento)"
    rf"{_GIVES}({_DATE})(?:\b|T[0-9]{{2}}:)"  # a Date in JSON has its time behind it
)


def national_ids(data: bytes) -> Iterator[Span]:
    """Numbers that a state gives a person."""
    for match in _FORM.finditer(data):
        start, end = match.span()
        in_a_number = _GOES_ON.search(data[end : end + 2]) or data[max(0, start - 1) : start] in _NUMBER_BEFORE
        module = _ANYWHERE[(match.lastindex or 1) - 1][0]
        if not in_a_number and is_valid(module, data[start:end].decode()):
            yield Span(start, end, "national_id")
    for match in _AFTER_NAME.finditer(data):
        start, end = match.span(1)
        text = data[start:end]
        for module, pattern in _forms_named():
            found = pattern.search(text)
            if found is not None and is_valid(module, text[: found.span()[1]].decode().upper()):
                yield Span(start, start + found.span()[1], "national_id")
                break


@cache
def _forms_named() -> tuple[tuple[str, Pattern], ...]:
    """What may follow such a name; compiled for the first text that has one."""
    return tuple((module, linear(rf"(?i)^{pattern}\b")) for module, _, pattern in _NAMED)


def is_valid(module: str, text: str) -> bool:
    """What python-stdnum's module of that name says; `_BY_FORM` has none."""
    return not module or _check(module)(text)


@cache
def _check(module: str) -> Callable[[str], bool]:
    check: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return check


def birth_dates(data: bytes) -> Iterator[Span]:
    """Dates after a word that says that somebody was born then."""
    for match in _BORN.finditer(data):
        yield Span(*match.span(1), "birth_date")
