"""Keys that vendors give out in a form of their own, and for which the catalogue has no rule, or wants more beside them."""

from collections.abc import Iterator

from mcp_codeexec.filtering.linear import linear
from mcp_codeexec.filtering.spans import Span

_KINDS = ("aws_key", "artifactory_token", "mailchimp_key", "pypi_upload_token", "square_oauth_secret", "telegram_token")
_FORMS = linear(  # in the order of their kinds; one pattern, because each takes as long as all
    r"\b(?:((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})\b|(AKCp[A-Za-z0-9]{68,70})\b|([0-9a-f]{32}-us[0-9]{1,2})\b"
    r"|(pypi-AgENdGVzdC5weXBpLm9yZw[A-Za-z0-9_-]{50,})|(sq0csp-[A-Za-z0-9_-]{43})"
    r"|(?:bot)?([0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$))"
)
# Two patterns for one form: in one, it takes three times as long as all others.
_DISCORD_END = linear(r"\.[A-Za-z0-9_-]{6}\.([A-Za-z0-9_-]{27,38})(?:[^A-Za-z0-9_.-]|$)")
_DISCORD_START = linear(r"\b[MNO][A-Za-z0-9_-]{23,27}$")
_LONGEST_START = 29


def vendor_keys(data: bytes) -> Iterator[Span]:
    """Keys by their form alone, in no order."""
    for match in _DISCORD_END.finditer(data):
        dot, before = match.span()[0], max(0, match.span()[0] - _LONGEST_START)
        if (start := _DISCORD_START.search(data[before:dot])) is not None:
            yield Span(before + start.span()[0], match.span(1)[1], "discord_token")
    for match in _FORMS.finditer(data):
        group = match.lastindex or 1
        yield Span(*match.span(group), _KINDS[group - 1])
