"""The one grammar: tree-sitter's TypeScript, for submitted text and for the JavaScript made of it, and small helpers over its nodes."""

import time
from collections.abc import Iterator
from functools import cache

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

_LANGUAGE = Language(tree_sitter_typescript.language_typescript())

_IDENTIFIERS = ("identifier", "shorthand_property_identifier_pattern", "type_identifier")
_PATTERNS = frozenset({"object_pattern", "array_pattern", "rest_pattern", "non_null_expression", "parenthesized_expression"})
_INNER_PART = {
    "pair_pattern": "value",
    "assignment_pattern": "left",
    "object_assignment_pattern": "left",
    "required_parameter": "pattern",
    "optional_parameter": "pattern",
}
_WIDEST_ERROR = 1_000
_UNREADABLE = b"(" * (2 * _WIDEST_ERROR)
_SHORT = 256  # bytes; so few cannot take long
# Ordinary code takes a step for 40 bytes; what tree-sitter cannot recover from, thousands for each.
_STEPS, _BYTES_A_STEP = 2_000, 10
_LIMIT_S = 0.5  # of the thread's own time; 100 KB of ordinary code take 0.03
_PIECE = 4_096


def parse(text: bytes) -> Tree:
    """A syntax tree, whatever the text. Safe in any thread: a parser is not shared. A text that takes far too long, as some take
    quadratic time, has the tree of one that is not `readable`."""
    data = text.replace(b"\r", b"\n")  # a line end for JavaScript; not for the grammar when it stands alone
    if len(data) <= _SHORT:
        return Parser(_LANGUAGE).parse(data)
    steps, end = _STEPS + len(data) // _BYTES_A_STEP, time.thread_time() + _LIMIT_S

    def overdue(_at: int, _has_error: bool) -> bool:
        nonlocal steps
        steps -= 1
        return steps < 0 or time.thread_time() > end

    try:
        return Parser(_LANGUAGE).parse(lambda at, _: data[at : at + _PIECE], progress_callback=overdue)
    except ValueError:
        return Parser(_LANGUAGE).parse(_UNREADABLE)


def readable(tree: Tree) -> bool:
    """Whether queries can go over a tree in linear time: what tree-sitter cannot parse, it keeps as one flat list of all it saw."""
    if not tree.root_node.has_error:
        return True
    cursor = tree.walk()
    while True:
        node = cursor.node
        if node is not None and node.type == "ERROR" and node.child_count > _WIDEST_ERROR:
            return False
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return True


@cache
def _query(source: str) -> Query:
    return Query(_LANGUAGE, source)


def captures(source: str, node: Node) -> dict[str, list[Node]]:
    """Nodes below `node` that a query names, found in C rather than node by node in Python."""
    return QueryCursor(_query(source)).captures(node)


def text_of(node: Node) -> str:
    """The node's text."""
    return (node.text or b"").decode(errors="replace")


def end_of(node: Node) -> int:
    """Where a statement ends: the node itself may reach over comments to the line end that closed it."""
    for child in reversed(node.children):
        if child.type != "comment":
            return child.end_byte
    return node.end_byte


def exported_value(statement: Node) -> Node | None:
    """The expression of `export default x` or `export = x`."""
    value = statement.child_by_field_name("value")
    assigned = value is None and len(statement.children) > 1 and statement.children[1].type == "="
    return next((part for part in statement.named_children if part.type != "comment"), None) if assigned else value


def bound_names(pattern: Node) -> Iterator[Node]:
    """The identifiers that a declaration's or an assignment's pattern binds; members (`a.b`) and defaults are left out."""
    return (part for part in pattern_parts(pattern) if part.type in _IDENTIFIERS)


def pattern_parts(pattern: Node) -> Iterator[Node]:
    """What a pattern assigns to, without its defaults: identifiers and members."""
    stack: list[Node | None] = [pattern]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        field = _INNER_PART.get(node.type)
        if field:
            stack.append(node.child_by_field_name(field))
        elif node.type in _PATTERNS:
            stack.extend(reversed(node.named_children))
        else:
            yield node
