"""Phone numbers: `+` and a country's code anywhere, other forms where they are written as one or named as one.

RE2 finds candidates; whether one is a number that a country gives out is looked up in libphonenumber's own patterns, which RE2 runs too:
the library's parser takes 25 µs a number.
"""

from collections.abc import Iterator
from functools import lru_cache

from mcp_codeexec.filtering.linear import Pattern, linear
from mcp_codeexec.filtering.spans import Span

_DIGITS = r"(?:[ \x{a0}().\x{2011}-]{0,2}[0-9]){6,14}"
_PLUS = linear(rf"\+\(?[1-9]{_DIGITS}")
_AMERICAN = linear(r"\([2-9][0-9]{2}\) ?[2-9][0-9]{2}-[0-9]{4}\b|\b[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}\b")
_NAMED = linear(
    r"(?i)(?:phone|mobile|\btel|\bfax|\bcell|whatsapp)(?:[_ -]?(?:number|num|no|nr))?\\{0,3}[\"'`]?\.?[ \t]{0,3}"
    rf"(?:[:=]|=>|is)?[ \t]{{0,3}}\\{{0,3}}[\"'`]?(\(?[0-9]{_DIGITS})\b"
)
_FLOAT = linear(r"^\+[0-9]+\.[0-9]+(?: |$)")
_NO_DIGITS = bytes(sorted(set(range(256)) - set(b"0123456789")))
_NOT_BEFORE = b"+/).]_"  # sums, base64, paths
_COUNTRIES = ("1", "44", "49", "33", "39", "34", "31", "32", "41", "43", "46", "48", "61", "91", "81", "55", "52", "86", "7")
_KINDS_OF_LINE = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)


def phones(data: bytes) -> Iterator[Span]:
    """Phone numbers that some country's plan has."""
    if b"+" in data:
        for match in _PLUS.finditer(data):
            start, end = match.span()
            before = data[start - 1 : start] if start else b" "
            if not before.isalnum() and before not in _NOT_BEFORE and (length := _international(data[start:end])):
                yield Span(start, start + length, "phone")
    for match in _AMERICAN.finditer(data):
        start, end = match.span()
        if is_given_out("1", _only_digits(data[start:end])) and data[start - 1 : start] not in (b"-", b".", b"/"):
            yield Span(start, end, "phone")
    for match in _NAMED.finditer(data):
        start, end = match.span(1)
        if _national(_only_digits(data[start:end])):
            yield Span(start, end, "phone")


def is_given_out(code: str, number: str) -> bool:
    """Whether `number` is in the numbering plan of a country with this calling code."""
    pattern = _plan(code)
    return pattern is not None and pattern.search(number.encode()) is not None


def _international(text: bytes) -> int:
    """How many bytes of `text` are a number: what follows it after a space may be another one's."""
    if b"." in text and _FLOAT.search(text):
        return 0
    for _ in range(4):
        digits = _only_digits(text.replace(b"(0)", b""))
        if is_given_out(digits[:1], digits[1:]) or is_given_out(digits[:2], digits[2:]) or is_given_out(digits[:3], digits[3:]):
            return len(text)
        cut = max(text.rfind(mark) for mark in (b" ", b"-", b".", b"("))
        if cut < 8:
            return 0
        text = text[:cut].rstrip(b" -.(")
    return 0


def _national(digits: str) -> bool:
    bare = digits.removeprefix("00").lstrip("0")
    if digits.startswith("00"):
        return any(is_given_out(bare[:n], bare[n:]) for n in (1, 2, 3))
    return len(digits) >= 9 and any(is_given_out(code, bare) or is_given_out(code, digits) for code in _COUNTRIES)


def _only_digits(text: bytes) -> str:
    return text.translate(None, _NO_DIGITS).decode()


@lru_cache(256)
def _plan(code: str) -> Pattern | None:
    """The numbers of all countries with this calling code."""
    import phonenumbers  # noqa: PLC0415 - 20 ms, for the first candidate

    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code else None
    patterns: set[str] = set()
    for region in regions or ():
        found = (
            phonenumbers.PhoneMetadata.metadata_for_nongeo_region(int(code))
            if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY
            else phonenumbers.PhoneMetadata.metadata_for_region(region)
        )
        lines = (getattr(found, kind) for kind in _KINDS_OF_LINE)
        patterns.update(line.national_number_pattern for line in lines if line is not None and line.national_number_pattern)
    return linear(f"^(?:{'|'.join(sorted(patterns))})$") if patterns else None
