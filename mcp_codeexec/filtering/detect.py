"""Text to the spans that must not be read: kingfisher's catalogue of secrets, our own rules, e-mail addresses.

Kingfisher reports offsets in UTF-8 bytes, of the secret alone; for one found in base64 they are those of the encoded region, which
is then hidden as a whole. Some of its rules want a quote, a space or a line's end after the secret, so the text is scanned a
second time with other closing punctuation blanked out, byte for byte.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kingfisher_sdk import DetectionPolicy, Rules, Scanner

from mcp_codeexec.filtering.rules import emails, own_secrets
from mcp_codeexec.filtering.spans import Span, settle

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

    def __init__(self, cache_dir: Path | None = None) -> None:
        rules = Rules(confidence="low", cache_dir=cache_dir)
        policy = DetectionPolicy(inline_ignores=False, markup_context=False, cli_match_semantics=False)
        self._scanner = Scanner(rules, dedup=False, redact=False, policy=policy)
        self._plain = Scanner(rules, base64=False, dedup=False, redact=False, policy=policy)

    def find(self, data: bytes, known: Iterable[Span] = ()) -> list[Span]:
        """What to hide in UTF-8 `data`, `known` spans included: in order, disjoint, on character borders."""
        return settle([*self._catalogue(data), *known, *own_secrets(data), *emails(data)], data)

    def _catalogue(self, data: bytes) -> list[Span]:
        findings = self._scanner.scan(data, timeout=TIMEOUT_S)
        blanked = data.translate(_BLANKED)
        for end in _ENDS:
            blanked = blanked.replace(end, b" " + end[1:])
        if blanked != data:
            findings += self._plain.scan(blanked, timeout=TIMEOUT_S)
        return [
            Span(finding.location["start_offset"], finding.location["end_offset"], _kind(finding.rule_id)) for finding in findings
        ]


def _kind(rule_id: str) -> str:
    """A short word for a rule: `betterleaks.github-app-token` is a `github_app_token`, `….hunter-api-key.1` a `hunter_api_key`."""
    name = rule_id.rpartition("/")[2].removeprefix("betterleaks.")
    stem, _, number = name.rpartition(".")
    name = stem if number.isdigit() else name
    return _KINDS.get(name) or "".join(letter if letter.isalnum() else "_" for letter in name.lower())
