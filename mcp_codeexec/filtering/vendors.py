"""Keys that vendors give out in a form of their own, and for which the catalogue has no rule or wants a word beside them."""

from collections.abc import Iterator

from mcp_codeexec.filtering.linear import linear
from mcp_codeexec.filtering.spans import Span

_FORMS = (
    ("artifactory_token", b"AKCp", linear(r"\b(AKCp[A-Za-z0-9]{68,70})\b")),
    ("discord_token", b".", linear(r"\b([MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38})(?:[^A-Za-z0-9_.-]|$)")),
    ("mailchimp_key", b"-us", linear(r"\b([0-9a-f]{32}-us[0-9]{1,2})\b")),
    ("pypi_upload_token", b"pypi-AgEN", linear(r"\b(pypi-AgENdGVzdC5weXBpLm9yZw[A-Za-z0-9_-]{50,})")),
    ("square_oauth_secret", b"sq0csp-", linear(r"\b(sq0csp-[A-Za-z0-9_-]{43})")),
    ("telegram_token", b":AA", linear(r"(?:\b|bot)([0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)")),
)  # kind, bytes without which there is none, form


def vendor_keys(data: bytes) -> Iterator[Span]:
    """Keys by their form alone, in no order."""
    for kind, needed, form in _FORMS:
        if needed in data:
            yield from (Span(*match.span(1), kind) for match in form.finditer(data))
