"""A class as it is made again from its source: its text without what runs, or needs something else, while it is made."""

from tree_sitter import Node

from mcp_codeexec.language.edits import Edits, Output
from mcp_codeexec.language.grammar import captures, parse, readable

_CLASS = "[(class) (class_declaration)] @class"
_RUNS = """
(class_heritage) @heritage
(public_field_definition "static" value: (_) @static)
(class_static_block body: (_) @block)
"""
_ANY_PARENT = "extends (function(){})"  # which one it is, is said later: a class asks for it when it is used


def restorable(source: str) -> str | None:
    """The text that makes a class again, in parentheses; None where it cannot be read.

    Its parent, and what its static parts were worth, are set afterwards, as they were: evaluated again they could be different,
    or do something a second time. Computed names of members are evaluated.
    """
    data = f"({source})".encode(errors="replace")
    tree = parse(data)
    if not readable(tree):
        return None
    found = captures(_CLASS, tree.root_node).get("class", [])
    outermost = min(found, key=lambda node: node.start_byte, default=None)
    if outermost is None or outermost.start_byte != 1 or outermost.end_byte != len(data) - 1:
        return None
    edits = Edits()
    for kind, nodes in captures(_RUNS, outermost).items():
        for node in nodes:
            if _class_of(node) != outermost:
                continue
            if kind == "heritage":
                edits.replace(node.start_byte, node.end_byte, _ANY_PARENT)
            elif kind == "block":
                edits.replace(node.start_byte, node.end_byte, "{}")
            else:
                edits.replace(_sign_before(node).start_byte, node.end_byte, "")
    return Output(data, edits).text.decode(errors="replace")


def _class_of(node: Node) -> Node | None:
    around = node.parent
    while around is not None and around.type not in ("class", "class_declaration"):
        around = around.parent
    return around


def _sign_before(value: Node) -> Node:
    sign = value.prev_sibling
    while sign is not None and sign.type != "=":
        sign = sign.prev_sibling
    return sign or value
