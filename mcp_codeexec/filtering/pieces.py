"""Secrets in pieces: a key whose form is known, with spaces, quotes, commas or line breaks between its parts, as two arguments of
`console.log` or the items of a list leave them."""

from collections.abc import Iterator
from functools import cache

from mcp_codeexec.filtering.linear import Pattern, linear
from mcp_codeexec.filtering.spans import Span

_GAP = r"[\s\"'`,;+|]"
_FORMS: tuple[tuple[str, tuple[str, ...], str, int], ...] = (
    ("aws_key", ("AKIA", "ASIA", "ABIA", "ACCA"), "[A-Z0-9]", 16),
    ("github_token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), "[A-Za-z0-9]", 36),
    ("github_token", ("github_pat_",), "[A-Za-z0-9_]", 82),
    ("gitlab_token", ("glpat-",), "[A-Za-z0-9_-]", 20),
    ("slack_token", ("xoxb-", "xoxp-", "xoxa-", "xoxs-"), "[A-Za-z0-9-]", 24),
    ("stripe_access_token", ("sk_live_", "rk_live_"), "[A-Za-z0-9]", 24),
    ("openai_api_key", ("sk-proj-", "sk-svcacct-"), "[A-Za-z0-9_-]", 40),
    ("anthropic_api_key", ("sk-ant-",), "[A-Za-z0-9_-]", 40),
    ("gcp_api_key", ("AIza",), "[A-Za-z0-9_-]", 35),
    ("npm_token", ("npm_",), "[A-Za-z0-9]", 36),
)  # kind, how it begins, of what characters it is, how many of them at least


def _spaced(prefix: str) -> str:
    return rf"{_GAP}{{0,4}}".join("\\" + letter if letter == "-" else letter for letter in prefix)


_ANY = linear("|".join(rf"\b{_spaced(prefix)}" for _, prefixes, _, _ in _FORMS for prefix in prefixes))
_HAS_GAP = linear(_GAP)
_DIGIT = linear("[0-9]")


@cache
def _split() -> tuple[tuple[str, Pattern], ...]:
    """The forms with gaps; they take 5 ms to compile, for the first text that has a prefix."""
    return tuple(
        (kind, linear(rf"\b(?:{'|'.join(map(_spaced, prefixes))})(?:{_GAP}{{0,4}}{letter}){{{count}}}{letter}*"))
        for kind, prefixes, letter, count in _FORMS
    )


def split_secrets(data: bytes) -> Iterator[Span]:
    """Keys that are written in pieces; whole ones are the catalogue's. With a digit in it, else it is words after a prefix."""
    if _ANY.search(data) is None:
        return
    for kind, pattern in _split():
        for match in pattern.finditer(data):
            start, end = match.span()
            text = data[start:end]
            if _HAS_GAP.search(text) and _DIGIT.search(text):
                yield Span(start, end, kind)
