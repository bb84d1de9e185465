"""The one grammar: tree-sitter's TypeScript, for submitted text and for the JavaScript made of it, and small helpers over its nodes."""

from collections.abc import Iterator
from functools import cache

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

LANGUAGE = Language(tree_sitter_typescript.language_typescript())

FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
_PATTERN_PARTS = frozenset(
    {"object_pattern", "array_pattern", "pair_pattern", "rest_pattern", "assignment_pattern", "object_assignment_pattern"}
)


def parse(text: bytes) -> Tree:
    """A syntax tree, whatever the text; linear in its length. Safe in any thread: a parser is not shared."""
    return Parser(LANGUAGE).parse(text)


@cache
def _query(source: str) -> Query:
    return Query(LANGUAGE, source)


def captures(source: str, node: Node) -> dict[str, list[Node]]:
    """Nodes below `node` that a query names, found in C rather than node by node in Python."""
    return QueryCursor(_query(source)).captures(node)


def text_of(node: Node) -> str:
    """The node's text."""
    return (node.text or b"").decode(errors="replace")


def bound_names(pattern: Node) -> Iterator[Node]:
    """The identifiers that a declaration's or an assignment's pattern binds; members (`a.b`) and defaults are left out."""
    stack = [pattern]
    while stack:
        node = stack.pop()
        kind = node.type
        if kind in ("identifier", "shorthand_property_identifier_pattern", "type_identifier"):
            yield node
        elif kind == "pair_pattern":
            value = node.child_by_field_name("value")
            if value is not None:
                stack.append(value)
        elif kind in ("assignment_pattern", "object_assignment_pattern"):
            left = node.child_by_field_name("left")
            if left is not None:
                stack.append(left)
        elif kind in _PATTERN_PARTS:
            stack.extend(reversed(node.named_children))
        elif kind in ("required_parameter", "optional_parameter"):
            inner = node.child_by_field_name("pattern")
            if inner is not None:
                stack.append(inner)
        elif kind in ("non_null_expression", "parenthesized_expression"):
            stack.extend(node.named_children[:1])
