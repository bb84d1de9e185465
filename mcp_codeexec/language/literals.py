"""Tokens in literals: the values that they stand for are put in their place, written as that kind of literal needs it.

A string, a quoted key or a part of a template says something; in an identifier, a regular expression, a comment or a type a token means
nothing, and stays. So it does in a template with a tag, where the value would have to be escaped: its tag could read the escape.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from tree_sitter import Node

from mcp_codeexec.language.edits import Edits, Output
from mcp_codeexec.language.grammar import captures, parse, readable
from mcp_codeexec.language.nesting import Nesting

TOKEN = re.compile(rb"\[[A-Z0-9_]+_[a-z0-9]+\]")
_SAYING = "[(string_fragment) (comment)] @said"
_LITERALS = """
(string) @string
(template_string) @template
(call_expression (template_string) @tagged)
(string_fragment) @part
(escape_sequence) @escape
"""
_ENDS = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_WRITTEN = {
    "'": str.maketrans({**_ENDS, "'": "\\'"}),
    '"': str.maketrans({**_ENDS, '"': '\\"'}),
    "`": str.maketrans({**_ENDS, "`": "\\`", "$": "\\$", "{": "\\{"}),  # a `$` may stand before the value, a `{` after it
}
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Found(NamedTuple):
    """A token that has a value, at bytes `start` to `end`; `open` where a digit in its place would belong to the `\\0` before it."""

    start: int
    end: int
    value: str
    open: bool


def put_values(root: Node, values: Mapping[str, str], edits: Edits) -> None:
    """Replace tokens that have a value, in the literals of a text without mistakes. Linear in its length."""
    marked = captures(_LITERALS, root)
    open_ends = {node.end_byte for node in marked.get("escape", ()) if (node.text or b"")[1:2].isdigit()}
    found = [
        _Found(start, end, values[token], start in open_ends)
        for part in marked.get("part", ())
        for start, end, token in _tokens(part)
        if token in values
    ]
    if not found:
        return
    literals = {(node.start_byte, node.end_byte): node for kind in ("string", "template") for node in marked.get(kind, ())}
    tagged = {node.start_byte for node in marked.get("tagged", ())}
    nesting = Nesting(literals)
    by_literal: dict[tuple[int, int], list[_Found]] = {}
    for each in found:
        by_literal.setdefault(nesting.around(each.start) or (-1, -1), []).append(each)
    for place, inside in by_literal.items():
        literal = literals.get(place)
        if literal is None:
            continue
        quote = "`" if literal.type == "template_string" else _quote(literal, inside, edits)
        for each in inside:
            written = _written(each, quote)
            if place[0] not in tagged or written == each.value:
                edits.replace(each.start, each.end, written)


def with_tokens(text: str, said: Callable[[str], str], meant: Callable[[str], str]) -> str:
    """A text with other words for its tokens: `said` for one in a literal or a comment, `meant` for one that is code itself."""
    data = text.encode(errors="replace")
    tree = parse(data)
    follows = readable(tree)
    saying = (
        {start for node in captures(_SAYING, tree.root_node).get("said", ()) for start, _, _ in _tokens(node)} if follows else ()
    )
    edits = Edits()
    for match in TOKEN.finditer(data):
        word = meant if follows and match.start() not in saying else said
        edits.replace(*match.span(), word(match[0].decode()))
    return Output(data, edits).text.decode()


def _tokens(node: Node) -> Iterable[tuple[int, int, str]]:
    at = node.start_byte
    return ((at + match.start(), at + match.end(), match[0].decode()) for match in TOKEN.finditer(node.text or b""))


def _quote(string: Node, inside: Iterable[_Found], edits: Edits) -> str:
    """The quote of a string. It becomes the other one where the values have its own: `o'neil` can then be written, and seen, as it is."""
    text, values = string.text or b"''", "".join(found.value for found in inside)
    own = chr(text[0])
    other = '"' if own == "'" else "'"
    if own not in values or other in values or other.encode() in text:
        return own
    edits.replace(string.start_byte, string.start_byte + 1, other)
    edits.replace(string.end_byte - 1, string.end_byte, other)
    return other


def _written(found: _Found, quote: str) -> str:
    text = _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", found.value.translate(_WRITTEN[quote]))
    return f"\\x{ord(text[0]):02x}{text[1:]}" if found.open and text[:1].isdigit() else text
