"""What the transpiler is sent: the text as it is meant, where that is not how the compiler reads it.

`const enum` is a promise to the compiler, which keeps it by erasing the enum: a session's next run would miss it. So would it miss an
alias of a namespace's member that this run does not use. And a last object without parentheses would be a block.
"""

from collections.abc import Collection, Iterator
from itertools import accumulate

from tree_sitter import Node

from mcp_codeexec.language.grammar import captures, readable, text_of
from mcp_codeexec.language.objects import read

_ALIASES = "(program (import_alias) @alias)"
_EXPORTS = """
body: (statement_block (export_statement declaration: [
  (lexical_declaration) (variable_declaration) (function_declaration) (generator_function_declaration)
  (class_declaration) (abstract_class_declaration) (enum_declaration)
]))
"""
_NAMESPACES = f"""
(program [
  (internal_module name: (_) @name {_EXPORTS})
  (expression_statement (internal_module name: (_) @name {_EXPORTS}))
  (export_statement (internal_module name: (_) @name {_EXPORTS}))
])
"""


def as_meant(text: str, names: Collection[str] = ()) -> str:
    """The text with every `const enum` as an `enum`, and an alias of a value as a `const`, each place where it was; and with a last
    object in its parentheses. `names` are the session's."""
    reading = read(text.encode(errors="replace"))
    if not (b"enum" in reading.data or b"import" in reading.data) or not readable(reading.tree):
        return text if reading.opened < 0 else reading.data.decode()
    made = bytearray(reading.data)
    for node in reading.marked.get("typed", ()):
        word = node.children[0] if node.type == "enum_declaration" else None
        if word is not None and word.type == "const":
            made[word.start_byte : word.end_byte] = b" " * (word.end_byte - word.start_byte)
    for alias in _aliases(reading.tree.root_node, names):
        made[alias.start_byte : alias.start_byte + len(b"import")] = b"const "
    return made.decode()


def _aliases(root: Node, names: Collection[str]) -> Iterator[Node]:
    """Each `import x = N.v` whose `N` is sure to be there as the program runs: a namespace of types alone is not."""
    aliases = captures(_ALIASES, root).get("alias", ())
    there = set(names)
    for name in captures(_NAMESPACES, root).get("name", ()) if aliases else ():
        there.update(accumulate(text_of(name).split("."), "{}.{}".format))  # `namespace A.B` makes `A` too
    for alias in aliases:
        meant = alias.named_children[-1]
        base = meant.child_by_field_name("object") if meant.type == "nested_identifier" else meant
        if base is not None and text_of(base) in there:
            yield alias
