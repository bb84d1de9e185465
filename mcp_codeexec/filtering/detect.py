"""Text to the spans that must not be read: kingfisher's catalogue of secrets, our own rules, the operator's values, personal data,
and names where a model for them is set.

Kingfisher reports offsets in UTF-8 bytes, of the secret alone; for one found in base64 they are those of the encoded region, which
is then hidden as a whole. Some of its rules want a quote, a space or a line's end after the secret, so the text is scanned a
second time with other closing punctuation blanked out, byte for byte.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from kingfisher_sdk import DetectionPolicy, Scanner

from mcp_codeexec.catalogue import catalogue
from mcp_codeexec.filter_options import NAME_KINDS, PERSONAL_KINDS, FilterOptions, NameKind, PersonalKind
from mcp_codeexec.filtering.decoded import back, readings
from mcp_codeexec.filtering.known import CONFIGURED, KnownValues
from mcp_codeexec.filtering.names import NameFinder
from mcp_codeexec.filtering.personal import personal
from mcp_codeexec.filtering.pieces import split_secrets
from mcp_codeexec.filtering.rules import own_secrets
from mcp_codeexec.filtering.spans import EMAIL, Span, settle
from mcp_codeexec.filtering.vendors import vendor_keys

TIMEOUT_S: Final = 10.0
_CLOSING = b",)]}>|&!?*#<"
_BLANKED = bytes.maketrans(_CLOSING, b" " * len(_CLOSING))
_ENDS = tuple(stop + after for stop in (b".", b":") for after in (b" ", b"\n", b'"'))  # inside a secret they are part of it
_KINDS = {
    "aws-access-token": "aws_key",
    "aws-secret-access-key": "aws_secret_key",
    "github-pat": "github_token",
    "github-fine-grained-pat": "github_token",
    "gitlab-pat": "gitlab_token",
    "npmjsaccesstoken": "npm_token",
    "digitaloceanapikey": "digitalocean_token",
    "sendgrid": "sendgrid_token",
    "generic-credential-uri": "password",
}  # where the rule's own name is long or run together


class Detector:
    """Loaded rules, for the life of the process. Thread-safe; building one reads or compiles kingfisher's catalogue."""

    def __init__(self, cache_dir: Path | None = None, options: FilterOptions | None = None) -> None:
        options = options or FilterOptions()
        self._kinds: list[PersonalKind] = [kind for kind in PERSONAL_KINDS if kind in options.personal_data]
        names: list[NameKind] = [kind for kind in NAME_KINDS if kind in options.personal_data]
        self._names = NameFinder(options.name_model, names) if options.name_model and names else None
        self._allowed = frozenset(text.casefold() for text in options.allow)
        self._known = KnownValues(options.secret_values)
        rules = catalogue(cache_dir)
        policy = DetectionPolicy(inline_ignores=False, markup_context=False, cli_match_semantics=False)
        self._scanner = Scanner(rules, dedup=False, redact=False, policy=policy)
        self._plain = Scanner(rules, base64=False, dedup=False, redact=False, policy=policy)

    @property
    def waits(self) -> bool:
        """Whether also a short text may take long: the model of names reads one at a time."""
        return self._names is not None

    def find(self, data: bytes, known: Iterable[Span] = ()) -> list[Span]:
        """What to hide in UTF-8 `data`, `known` spans included: in order, disjoint, on character borders."""
        found = [*self._catalogue(data), *known, *self._own(data)]
        for reading, steps in readings(data):
            found += [back(span, steps) for span in (*self._scan(self._plain, reading), *self._own(reading))]
        spans = settle(found, data)
        return [span for span in spans if not self._is_allowed(span, data)] if self._allowed else spans

    def _own(self, data: bytes) -> Iterator[Span]:
        """What we find without the catalogue."""
        yield from own_secrets(data)
        yield from vendor_keys(data)
        yield from split_secrets(data)
        yield from self._known.find(data)
        yield from personal(data, self._kinds)
        if self._names is not None:
            yield from self._names.find(data)

    def _is_allowed(self, span: Span, data: bytes) -> bool:
        if span.kind == CONFIGURED:
            return False
        text = data[span.start : span.end].decode("utf-8", "replace").casefold()
        return text in self._allowed or (span.kind == EMAIL and text[text.rfind("@") :] in self._allowed)

    def _catalogue(self, data: bytes) -> list[Span]:
        findings = self._scan(self._scanner, data)
        blanked = data.translate(_BLANKED)
        for end in _ENDS:
            blanked = blanked.replace(end, b" " + end[1:])
        if blanked != data:
            findings += self._scan(self._plain, blanked)
        return findings

    def _scan(self, scanner: Scanner, data: bytes) -> list[Span]:
        return [
            Span(finding.location["start_offset"], finding.location["end_offset"], _kind(finding.rule_id))
            for finding in scanner.scan(data, timeout=TIMEOUT_S)
        ]


def _kind(rule_id: str) -> str:
    """A short word for a rule: `betterleaks.github-app-token` is a `github_app_token`, `….hunter-api-key.1` a `hunter_api_key`."""
    name = rule_id.rpartition("/")[2].removeprefix("betterleaks.")
    stem, _, number = name.rpartition(".")
    name = stem if number.isdigit() else name
    return _KINDS.get(name) or "".join(letter if letter.isalnum() else "_" for letter in name.lower())
