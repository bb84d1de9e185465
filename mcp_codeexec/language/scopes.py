"""Which uses of a name are bound by a declaration of the text itself: scopes as nested byte ranges, for the few names that matter."""

from bisect import bisect_right
from collections.abc import Collection, Iterable

from tree_sitter import Node

from mcp_codeexec.language.grammar import FUNCTIONS, bound_names, captures, text_of

_DECLARATIONS = """
(variable_declarator name: (_) @variable)
(for_in_statement left: (_) @for_in)
(required_parameter) @parameter
(optional_parameter) @parameter
(arrow_function parameter: (identifier) @parameter)
(catch_clause parameter: (_) @caught)
(function_declaration name: (identifier) @function)
(generator_function_declaration name: (identifier) @function)
(function_signature name: (identifier) @function)
(function_expression name: (identifier) @own)
(generator_function name: (identifier) @own)
(class name: (type_identifier) @own)
(class_declaration name: (type_identifier) @block)
(abstract_class_declaration name: (type_identifier) @block)
(enum_declaration name: (identifier) @block)
(internal_module name: (identifier) @block)
(module name: (identifier) @block)
(import_clause (identifier) @block)
(import_specifier) @imported
(namespace_import (identifier) @block)
"""
_BLOCKS = FUNCTIONS | {
    "program",
    "statement_block",
    "for_statement",
    "for_in_statement",
    "switch_body",
    "class_static_block",
    "catch_clause",
}
_VAR_SCOPES = FUNCTIONS | {"program", "class_static_block", "internal_module", "module"}

Range = tuple[int, int]


class Scopes:
    """The declarations of some names in a text: name to the ranges in which it is bound."""

    def __init__(self, root: Node, names: Collection[str], *, top: bool = True) -> None:
        """Find every declaration of `names` below `root`; without `top`, only those that shadow the text's top level."""
        found: dict[str, list[Range]] = {}
        if names:
            for kind, nodes in captures(_DECLARATIONS, root).items():
                for node in nodes:
                    for identifier in _identifiers(kind, node):
                        name = text_of(identifier)
                        if name in names:
                            scope = _scope(kind, node)
                            if scope is not None and (top or scope.type != "program"):
                                found.setdefault(name, []).append((scope.start_byte, scope.end_byte))
        self._bound = {name: _merged(ranges) for name, ranges in found.items()}

    def binds(self, name: str, at: int) -> bool:
        """Whether `name` is bound at a byte offset by a declaration that was found."""
        ranges = self._bound.get(name)
        if not ranges:
            return False
        index = bisect_right(ranges, (at, 1 << 62)) - 1
        return index >= 0 and at < ranges[index][1]


def _identifiers(kind: str, node: Node) -> Iterable[Node]:
    if kind == "for_in":
        return bound_names(node) if _declares(node) else ()
    if kind == "imported":
        alias = node.child_by_field_name("alias") or node.child_by_field_name("name")
        return (alias,) if alias is not None else ()
    return bound_names(node)


def _declares(left: Node) -> bool:
    """Whether a for-in head has a declaring word before its left side."""
    before = left.prev_sibling
    return before is not None and before.type in ("var", "let", "const")


def _scope(kind: str, node: Node) -> Node | None:
    """The node in whose range a declaration of this kind binds."""
    if kind in ("parameter", "own"):
        return _up(node.parent, FUNCTIONS | {"class"})
    if kind == "function":  # also seen outside its block, as sloppy scripts have it
        return _up(node.parent and node.parent.parent, _VAR_SCOPES)
    if kind == "caught":
        return node.parent
    if kind == "variable":
        declaration = node.parent and node.parent.parent
        hoisted = declaration is not None and declaration.type == "variable_declaration"
        return _up(declaration, _VAR_SCOPES if hoisted else _BLOCKS)
    if kind == "for_in":
        word = node.prev_sibling
        return _up(node.parent, _VAR_SCOPES if word is not None and word.type == "var" else _BLOCKS)
    return _up(node.parent and node.parent.parent, _BLOCKS)


def _up(node: Node | None, kinds: Collection[str]) -> Node | None:
    while node is not None and node.type not in kinds:
        node = node.parent
    return node


def _merged(ranges: list[Range]) -> list[Range]:
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
