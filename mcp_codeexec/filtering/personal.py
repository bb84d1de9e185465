"""Personal data of the kinds that are switched on, by the detector of each kind."""

from collections.abc import Callable, Iterable, Iterator

from mcp_codeexec.filter_options import PERSONAL_KINDS, PersonalKind
from mcp_codeexec.filtering.accounts import cards, ibans
from mcp_codeexec.filtering.addresses import emails, ips, macs
from mcp_codeexec.filtering.identity import birth_dates, national_ids
from mcp_codeexec.filtering.phones import phones
from mcp_codeexec.filtering.spans import Span

_DETECTORS: dict[PersonalKind, Callable[[bytes], Iterable[Span]]] = {
    "email": emails,
    "phone": phones,
    "card": cards,
    "iban": ibans,
    "national_id": national_ids,
    "ip": ips,
    "mac": macs,
    "birth_date": birth_dates,
}
_NUMBERS: frozenset[PersonalKind] = frozenset(("phone", "card", "iban", "national_id", "birth_date"))
_FEWEST_DIGITS = 4  # in any of them: `1/5/90`


def personal(data: bytes, kinds: Iterable[PersonalKind] = PERSONAL_KINDS) -> Iterator[Span]:
    """Personal data of `kinds` in UTF-8 `data`, in no order; spans may overlap."""
    numbers = len(data) - len(data.translate(None, b"0123456789")) >= _FEWEST_DIGITS
    for kind in kinds:
        if numbers or kind not in _NUMBERS:
            yield from _DETECTORS[kind](data)
