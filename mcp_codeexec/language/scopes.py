"""Which uses of a name are bound by a declaration of the text itself: scopes as nested byte ranges, for the few names that matter."""

from collections.abc import Collection, Iterable, Iterator

from tree_sitter import Node

from mcp_codeexec.language.grammar import bound_names, captures, text_of
from mcp_codeexec.language.nesting import Nesting, Range

_DECLARATIONS = """
(lexical_declaration (variable_declarator name: (_) @block))
(variable_declaration (variable_declarator name: (_) @function))
(for_in_statement kind: ["let" "const"] left: (_) @block)
(for_in_statement kind: "var" left: (_) @function)
(required_parameter) @function
(optional_parameter) @function
(arrow_function parameter: (identifier) @function)
(catch_clause parameter: (_) @block)
(function_declaration name: (identifier) @function)
(generator_function_declaration name: (identifier) @function)
(function_signature name: (identifier) @function)
(function_expression name: (identifier)) @own
(generator_function name: (identifier)) @own
(class name: (type_identifier)) @own
(class_declaration name: (type_identifier) @block)
(abstract_class_declaration name: (type_identifier) @block)
(enum_declaration name: (identifier) @block)
(internal_module name: (identifier) @block)
(module name: (identifier) @block)
(import_clause (identifier) @block)
(import_specifier name: (identifier) @block !alias)
(import_specifier alias: (identifier) @block)
(namespace_import (identifier) @block)
"""
_FUNCTION_SCOPES = """
[
  (function_declaration) (generator_function_declaration) (function_expression) (generator_function) (arrow_function)
  (method_definition) (class_static_block) (internal_module) (module)
  (function_type) (constructor_type) (method_signature) (abstract_method_signature) (call_signature) (construct_signature)
  (ambient_declaration)
] @function
"""
_BLOCK_SCOPES = """
[(statement_block) (for_statement) (for_in_statement) (switch_body) (catch_clause)] @block
"""


class Scopes:
    """The declarations of some names in a text: name to the ranges in which it is bound."""

    def __init__(self, root: Node, names: Collection[str], *, top: bool = True) -> None:
        """Find every declaration of `names` below `root`; without `top`, only those that shadow the text's top level."""
        found: dict[str, set[Range]] = {}
        declared = _declared(root, names) if names else []
        if declared:
            functions = list(function_ranges(root))
            blocks = [(node.start_byte, node.end_byte) for node in captures(_BLOCK_SCOPES, root).get("block", ())]
            whole = (0, root.end_byte + 1)
            scopes = {"function": Nesting([whole, *functions]), "block": Nesting([whole, *functions, *blocks])}
            for name, kind, node in declared:
                scope = scopes[kind].around(node.start_byte) if kind in scopes else (node.start_byte, node.end_byte)
                if scope is not None and (top or scope != whole):
                    found.setdefault(name, set()).add(scope)
        self._bound = {name: Nesting(ranges) for name, ranges in found.items()}

    def binds(self, name: str, at: int) -> bool:
        """Whether `name` is bound at a byte offset by a declaration that was found."""
        return name in self._bound and self._bound[name].around(at) is not None


def _declared(root: Node, names: Collection[str]) -> list[tuple[str, str, Node]]:
    """(name, kind of scope, node) of declarations; for a name that only its own node sees, that node."""
    return [
        (name, kind, node if kind == "own" else identifier)
        for kind, nodes in captures(_DECLARATIONS, root).items()
        for node in nodes
        for identifier in _identifiers(kind, node)
        if (name := text_of(identifier)) in names
    ]


def _identifiers(kind: str, node: Node) -> Iterable[Node]:
    if kind != "own":
        return bound_names(node)
    name = node.child_by_field_name("name")
    return (name,) if name is not None else ()


def functions(root: Node) -> Iterator[tuple[Range, Node]]:
    """Functions and what is like them, each with the range in which a `var` stays: from after its name, which belongs to what is around."""
    for node in captures(_FUNCTION_SCOPES, root).get("function", ()):
        name = node.child_by_field_name("name")
        yield (name.end_byte if name is not None else node.start_byte, node.end_byte), node


def function_ranges(root: Node) -> Iterator[Range]:
    """The ranges of `functions`."""
    return (found for found, _ in functions(root))
