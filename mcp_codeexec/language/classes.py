"""A class as it is made again from its source: its text without what runs, or needs something else, while it is made."""

from tree_sitter import Node

from mcp_codeexec.language.edits import Edits, Output
from mcp_codeexec.language.grammar import captures, parse, readable
from mcp_codeexec.language.privates import MAKING, TELL

_CLASSES = ("class", "class_declaration")
_CLASS = "[(class) (class_declaration)] @class"
_PARTS = """
(class_heritage) @heritage
(public_field_definition value: (_) @field)
(class_static_block) @block
(method_definition name: (property_identifier) @method)
"""
_ANY_PARENT = "extends (function(){})"  # which one it is, is said later: a class asks for it when it is used


def restorable(source: str, *, guarded: bool = False) -> str | None:
    """The text that makes a class again, in parentheses; None where it cannot be read.

    Its parent, and what its static parts were worth, are set afterwards, as they were: evaluated again they could be different,
    or do something a second time. Computed names of members are evaluated. A `guarded` class can be used to make an object that
    only has its private fields: its constructor and its fields do nothing then.
    """
    data = f"({source})".encode(errors="replace")
    tree = parse(data)
    if not readable(tree):
        return None
    outermost = min(captures(_CLASS, tree.root_node).get("class", []), key=lambda node: node.start_byte, default=None)
    if outermost is None or outermost.start_byte != 1 or outermost.end_byte != len(data) - 1:
        return None
    edits = Edits()
    parts = captures(_PARTS, outermost)
    derived = False
    for kind, nodes in parts.items():
        for node in nodes:
            if _class_of(node) != outermost:
                continue
            match kind:
                case "heritage":
                    derived = True
                    edits.replace(node.start_byte, node.end_byte, _ANY_PARENT)
                case "block" if not (node.text or b"").startswith(f"static{{{TELL}(".encode()):
                    edits.replace(node.start_byte, node.end_byte, "static {}")
                case "field" if _is_static(node):
                    edits.replace(_sign_before(node).start_byte, node.end_byte, "")
                case "field" if guarded:
                    edits.insert(node.start_byte, f"{MAKING}()?void 0:(")
                    edits.insert(node.end_byte, ")")
                case _:
                    pass
    if guarded:
        _guard_constructor(outermost, parts.get("method", []), edits, derived=derived)
    return Output(data, edits).text.decode(errors="replace")


def _guard_constructor(of: Node, methods: list[Node], edits: Edits, *, derived: bool) -> None:
    for name in methods:
        method = name.parent
        if name.text != b"constructor" or method is None or _class_of(name) != of or method.children[0].type == "static":
            continue
        body = method.child_by_field_name("body")
        if body is not None:
            edits.insert(body.start_byte + 1, f"if({MAKING}()){'{super();return}' if derived else 'return'};")


def _is_static(value: Node) -> bool:
    field = value.parent
    return field is not None and any(child.type == "static" for child in field.children)


def _class_of(node: Node) -> Node | None:
    around = node.parent
    while around is not None and around.type not in _CLASSES:
        around = around.parent
    return around


def _sign_before(value: Node) -> Node:
    sign = value.prev_sibling
    while sign is not None and sign.type != "=":
        sign = sign.prev_sibling
    return sign or value
