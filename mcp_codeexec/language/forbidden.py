"""Uses of forbidden names in a text that nothing binds: neither the session nor a declaration of the text itself."""

import re
from collections.abc import Collection, Iterator

from tree_sitter import Node

from mcp_codeexec.language.grammar import captures, text_of
from mcp_codeexec.language.nesting import Nesting
from mcp_codeexec.language.rules import RULES
from mcp_codeexec.language.scopes import Scopes

_NAMES = "[(identifier) (shorthand_property_identifier)] @name"
_ESCAPED = "\\u"
_WRITTEN_OUT = "({} (#any-of? @name {}))".format(_NAMES, " ".join(f'"{name}"' for name in RULES))  # sorted out in C
_ASKED = """
(unary_expression operator: "typeof" argument: (identifier) @asked)
(unary_expression operator: "typeof" argument: (parenthesized_expression (identifier) @asked))
(binary_expression operator: "instanceof" right: (identifier) @asked)
"""
_NO_USE = """
[
  (type_annotation) (type_arguments) (type_parameters) (type_alias_declaration) (interface_declaration) (ambient_declaration)
  (implements_clause) (extends_type_clause) (type_query) (asserts_annotation) (type_predicate_annotation) (nested_type_identifier)
  (function_type) (constructor_type) (object_type) (import_statement) (ERROR)
] @range
(as_expression (_) (_) @range)
(satisfies_expression (_) (_) @range)
"""
_ESCAPE = re.compile(r"\\u(?:\{([0-9a-fA-F]{1,8})\}|([0-9a-fA-F]{4}))")
_LONGEST_MEMBER = 60

Use = tuple[int, str, str]  # byte offset, forbidden name, the member asked of it


def unescaped(name: str) -> str:
    """An identifier as V8 reads it: `\\u0065val` is `eval`."""
    if "\\" not in name:
        return name
    return _ESCAPE.sub(lambda m: _character(int(m[1] or m[2], 16)), name)


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else ""


def uses(root: Node, text: str, names: Collection[str], most: int) -> Iterator[Use]:
    """The first `most` uses, in order. Asking only whether a name exists is no use, nor is a type, nor what tree-sitter cannot read."""
    if not (any(name in text for name in RULES) or _ESCAPED in text):
        return
    named = [
        (written, name, node)
        for node in captures(_NAMES if _ESCAPED in text else _WRITTEN_OUT, root).get("name", ())
        if (name := unescaped(written := text_of(node))) in RULES and name not in names
    ]
    if not named:
        return
    scopes = Scopes(root, {written for written, _, _ in named})
    asked = {node.start_byte for node in captures(_ASKED, root).get("asked", ())}
    no_use = types(root)
    for written, name, node in sorted(named, key=lambda found: found[2].start_byte):
        at = node.start_byte
        if at not in asked and not scopes.binds(written, at) and no_use.around(at) is None:
            yield at, name, _member(node)
            most -= 1
            if not most:
                return


def types(root: Node) -> Nesting:
    """Where names are no use of a value: types, and what tree-sitter cannot read."""
    return Nesting((node.start_byte, node.end_byte) for node in captures(_NO_USE, root).get("range", ()))


def _member(node: Node) -> str:
    """What is asked of a name: `exit` for `process.exit`, `fs` for `require("fs")`."""
    parent = node.parent
    if parent is None:
        return ""
    if parent.type == "call_expression" and parent.child_by_field_name("function") == node:
        return module_named(parent)
    if parent.type == "member_expression" and parent.child_by_field_name("object") == node:
        member = parent.child_by_field_name("property")
        return text_of(member)[:_LONGEST_MEMBER] if member is not None else ""
    return ""


def module_named(node: Node) -> str:
    """The module that an import, an export or a call names, without scheme, version and path; else empty."""
    arguments = node.child_by_field_name("arguments")
    if arguments is not None and arguments.named_children:
        source: Node | None = arguments.named_children[0]
    else:  # of `import x = require("y")`, one level further in
        named = next((part for part in node.named_children if part.type == "import_require_clause"), node)
        source = named.child_by_field_name("source")
    if source is None or source.type != "string":
        return ""
    name = text_of(source)[1:-1].removeprefix("node:").removeprefix("npm:")
    return name.split("/")[0].split("@")[0][:_LONGEST_MEMBER]
