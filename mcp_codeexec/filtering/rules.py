"""Our own short list of rules, for what kingfisher's catalogue leaves out because it wants a known vendor or two secrets side by
side: `Authorization:` headers, `password = …`, credentials in a URL, a private key without its end.

A pattern finds a candidate, `is_plausible` decides. A refused candidate is searched again from its inside, so `MAX_BARE` bounds the
work on a text made of nothing but names.
"""

from collections.abc import Iterator
from typing import Literal

from mcp_codeexec.filtering.linear import Match, linear
from mcp_codeexec.filtering.spans import Span

MAX_BARE = 256  # bytes; a longer refused run without a space or quote is data, and is not searched again
LONGEST_KEY = 64  # bytes; no key that names a secret is longer

_NAME = (
    r"(?:(pass(?:word|wd|phrase|code)|pwd)|(secret(?:[_-]?key)?)"
    r"|((?:api|access|auth|private|encryption|signing|account)[_-]?key|(?:access|auth|refresh|bearer|api|session|secret|id)[_-]?token)"
    r"|(token))"
)
_GIVES = r"(?:[ \t]{0,3}:[ \t]{0,3}(?:string|str)[ \t]{0,3}=|[ \t]{0,3}(?:=>|:=|:|=))[ \t]{0,3}"
_QUOTED = r"""\"((?:[^\"\\\n]|\\[^\n])+)|'((?:[^'\\\n]|\\[^\n])+)|`((?:[^`\\\n]|\\[^\n])+)|\\+["']([^"'\\\n]+)"""
_BARE = r"""([^\s"'`,;()<>{}\[\]\\|]+)"""
_ASSIGNED = linear(rf"""(?i){_NAME}\\{{0,3}}["'`]?\]?{_GIVES}(?:{_QUOTED}|{_BARE})""")
_NEXT_FIELD = linear(r"&[\w.-]+=")  # in a query string
_NAMED = linear(rf"(?i){_NAME}$")

_HEADER = linear(
    r"""(?i)(?:authorization\\{0,3}["'`]?\s{0,3}[:=]\s{0,3}\\{0,3}["'`]?(?:(?:basic|bearer|token|apikey)\s{1,3})?"""
    r"""|\bbearer\s{1,3})([a-z0-9._~+/-]{8}[a-z0-9._~+/-]*=*)"""
)
_URL = linear(r"""(?i)[a-z][a-z0-9+.-]*://[^\s/:@"'`<>]*:([^\s/?"'`<>]+)@""")
_PEM_GAP = r"""(?:\s|\\[nr]|["',+])*"""
_PEM = linear(
    r"(-----BEGIN[ A-Z0-9_-]*PRIVATE KEY(?: BLOCK)?-----"
    rf"(?:{_PEM_GAP}(?:Proc-Type|DEK-Info|Version|Comment):[^\n\\\"]*)*"
    rf"(?:{_PEM_GAP}[A-Za-z0-9+/=]{{16}}[A-Za-z0-9+/=]*)+(?:{_PEM_GAP}[A-Za-z0-9+/]+=+)?)"
)
_DIGITS = b"0123456789"
_LETTERS = bytes(range(65, 91)) + bytes(range(97, 123)) + bytes(range(128, 256))
_SIGNS = b"!@#$%^*+~?"
_SPACES = b" \t\n\r\f\v"
# of a file, or as in `config.user.password2`
_PATH = linear(r"^(?:\.{0,2}(?:/[\w.-]+){2}(?:/[\w.-]+)*/?|[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+)$")
_UUID = linear(r"(?i)^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

_PAGING = (b"next", b"page", b"continuation", b"cursor", b"prev", b"previous", b"sync", b"resume", b"start", b"end", b"pad")
_NOT_PASSWORDS = frozenset(
    b"string number boolean required optional password passwd passphrase pass undefined redacted hidden masked secret "
    b"placeholder example invalid missing unknown incorrect credential credentials uint8array base64 sha256 sha512".split()
)  # what schemas, forms and messages say under such a name

_BARE_GROUP = 9
_CALLS = (b"(", b"[")  # `password = ask2(…)` is code

Name = Literal["password", "secret", "api_key", "token"]
"""What a name says its value is; also the kind of redaction."""
_SHORTEST: dict[Name, int] = {"password": 6, "secret": 6, "api_key": 12, "token": 16}  # bytes
_NAMES: tuple[Name, ...] = ("password", "secret", "api_key", "token")  # by group


def secret_name(key: bytes) -> Name | None:
    """What the key of an object says its value is; None if that is nothing to hide."""
    match = _NAMED.search(key) if len(key) <= LONGEST_KEY else None
    return _name(match, key) if match else None


def own_secrets(data: bytes) -> Iterator[Span]:
    """Secrets by our own rules, in no order."""
    yield from _assigned(data)
    for match in _HEADER.finditer(data):
        value = _part(data, match, 1)
        if _has(value, _DIGITS) or not (value.islower() or value.isupper() or value.istitle()):
            yield Span(*match.span(1), "authorization")
    for match in _URL.finditer(data) if b"://" in data and b"@" in data else ():
        value = _part(data, match, 1)
        if value.lower() not in _NOT_PASSWORDS and not _is_template(value):
            yield Span(*match.span(1), "password")
    yield from (Span(*match.span(1), "private_key") for match in _PEM.finditer(data))


def _assigned(data: bytes) -> Iterator[Span]:
    at = 0
    while (match := _ASSIGNED.search(data, at)) is not None:
        group = match.lastindex or 0
        start, at = match.span(group)
        bare = group == _BARE_GROUP
        value = _trimmed(data[start:at]) if bare else data[start:at]
        name = _name(match, data)
        if name and is_plausible(name, value, quoted=not bare) and not (bare and data[at : at + 1] in _CALLS):
            at = start + len(value)
            yield Span(start, at, name)
        elif not bare or at - start <= MAX_BARE:
            at = start


def _trimmed(bare: bytes) -> bytes:
    """An unquoted value without what follows it: punctuation, or the next field of a query string."""
    following = _NEXT_FIELD.search(bare) if b"&" in bare else None
    return (bare[: following.span()[0]] if following else bare).rstrip(b".:!?&")


def _name(match: Match, data: bytes) -> Name | None:
    """What kind of name the pattern found; None for the token of a page of results."""
    group = next(group for group in range(1, len(_NAMES) + 1) if match.span(group)[0] >= 0)
    name, start = _NAMES[group - 1], match.span(group)[0]
    paging = name == "token" and data[max(0, start - 16) : start].rstrip(b"_- ").lower().endswith(_PAGING)
    return None if paging else name


def is_plausible(name: Name, value: bytes, *, quoted: bool = True) -> bool:
    """Whether a value that stands under such a name is a secret, and not a type, a label, a call or a place to fill in."""
    if len(value) < _SHORTEST[name] or _has(value[:256], _SPACES):
        return False
    mixed = _has(value, _DIGITS) and _has(value, _LETTERS)
    telling = mixed or (name not in ("api_key", "token") and (quoted or _has(value, _SIGNS)))
    if not telling or value.lower() in _NOT_PASSWORDS or _is_template(value) or b"://" in value:
        return False
    return not _PATH.search(value) and not (name == "token" and _UUID.search(value))


def _has(value: bytes, some: bytes) -> bool:
    """Whether one of these bytes is in it; a fifth of the time that a search for a class takes."""
    return len(value.translate(None, some)) < len(value)


def _is_template(value: bytes) -> bool:
    """`${name}`, `{{name}}`, `<name>`, `%s`, `$NAME`, `****`: to be filled in, or hidden already."""
    closed = value[:1] + value[-1:] in (b"{}", b"<>", b"%%")
    variable = value.startswith((b"${", b"$(", b"%(", b"{{")) or (value[:1] == b"$" and value[1:].replace(b"_", b"").isupper())
    return closed or variable or len(value) < 3 or not value.strip(b"*.xX-_")


def _part(data: bytes, match: Match, group: int) -> bytes:
    start, end = match.span(group)
    return data[start:end]
