"""Addresses of people and of their machines: e-mail, IPv4, IPv6, MAC."""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from mcp_codeexec.filtering.linear import linear
from mcp_codeexec.filtering.spans import EMAIL, Span

_EMAIL = linear(
    r"([A-Za-z0-9._%+'\x{c0}-\x{24f}\x{370}-\x{52f}-]+@[A-Za-z0-9\x{c0}-\x{24f}\x{370}-\x{52f}-]+"
    r"(?:\.[A-Za-z0-9\x{c0}-\x{24f}\x{370}-\x{52f}-]+)*\.[A-Za-z\x{c0}-\x{24f}\x{370}-\x{52f}]+)"
)
_OPENING = b"'.%+"
_VERSION = linear(r"^v?[0-9]+\.[0-9]")
_FILES = (b"png", b"jpg", b"jpeg", b"gif", b"webp", b"svg", b"avif", b"ico", b"js", b"ts", b"css")  # icon@2x.png

_OCTET = r"(?:[1-9]?[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
_IPV4 = linear(rf"\b{_OCTET}(?:\.{_OCTET}){{3}}\b")
_IPV6 = linear(r"\b[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{3,40}")  # 2000::/3: all that a person's machine has
_BEFORE_NO_IP = linear(r"(?i)(?:[A-Za-z0-9_.+-]|[^/]/|[=<>~!^]=|\b(?:version|ver|release|build|revision|oid|v)\W{0,5})$")
_GOES_ON = linear(r"^(?:[./][0-9]|[-+_])")  # a version, a net
_MAC = linear(
    r"\b[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})\b|\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b"
)
_MORE_OF_IT = linear(r"(?:[0-9A-Fa-f]{2}[:.-] | [:.-][0-9A-Fa-f]{2})")
_BEFORE = 24  # bytes in which a word before an address says that it is none
_NOBODY = (b"000000", b"ffffff", b"01005e", b"3333")  # unset, broadcast, multicast


def emails(data: bytes) -> Iterator[Span]:
    """E-mail addresses; not `git@host`, `package@1.2.0-beta.rc` or `icon@2x.png`."""
    if b"@" not in data:
        return
    for match in _EMAIL.finditer(data):
        start, end = match.span()
        text = data[start:end].lstrip(_OPENING)  # a quote before it is the text's, not the name's
        start = end - len(text)
        local, _, domain = text.rpartition(b"@")
        if (
            local not in (b"", b"git")
            and len(domain) <= 253
            and not (domain[0] in b"0123456789v" and _VERSION.search(domain))
            and domain.rpartition(b".")[2].lower() not in _FILES
        ):
            yield Span(max(start, end - len(domain) - 1 - 64), end, EMAIL)  # no mailbox has a name of over 64 bytes


def ips(data: bytes) -> Iterator[Span]:
    """Public IP addresses of hosts; not private ones, nets, versions or object ids."""
    for match in _IPV4.finditer(data):
        start, end = match.span()
        longer = _GOES_ON.search(data[end : end + 2]) is not None
        if not longer and _is_public(data[start:end]) and not _BEFORE_NO_IP.search(data[max(0, start - _BEFORE) : start]):
            yield Span(start, end, "ip")
    for match in _IPV6.finditer(data):
        start, end = match.span()
        text = data[start:end].rstrip(b":")
        if _is_public(text) and data[start - 1 : start] not in (b":", b"/", b"-") and data[end : end + 1] != b"/":
            yield Span(start, start + len(text), "ip")


@lru_cache(8_192)  # logs name the same few over and over
def _is_public(text: bytes) -> bool:
    try:
        if b":" in text:
            return IPv6Address(text.decode()).is_global
        octets = text.split(b".")
        is_host = octets[3] not in (b"0", b"255") and max(map(len, octets)) > 1  # `120.0.0.0` and `1.2.3.4` are versions
        address = IPv4Address(text.decode())
        return is_host and address.is_global and not address.is_multicast
    except AddressValueError:
        return False


def macs(data: bytes) -> Iterator[Span]:
    """MAC addresses of one device; not fingerprints, which are longer, nor broadcasts."""
    for match in _MAC.finditer(data):
        start, end = match.span()
        digits = data[start:end].translate(None, b":-.").lower()
        longer = _MORE_OF_IT.search(data[max(0, start - 3) : start] + b" " + data[end : end + 3])
        if not longer and not digits.isdigit() and not digits.isalpha() and not digits.startswith(_NOBODY):
            yield Span(start, end, "mac")
