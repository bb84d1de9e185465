"""The rewriting of one cell's statements: declarations become assignments, functions move to the top."""

from collections.abc import Collection

from tree_sitter import Node

from mcp_codeexec.language.edits import Edits
from mcp_codeexec.language.grammar import bound_names, captures, text_of
from mcp_codeexec.language.nesting import Nesting
from mcp_codeexec.language.scopes import function_ranges
from mcp_codeexec.language.value import give, last_statement
from mcp_codeexec.model import Kind

_VARS = """
(program (variable_declaration) @listed)
(export_statement (variable_declaration) @listed)
(statement_block (variable_declaration) @listed)
(switch_case (variable_declaration) @listed)
(switch_default (variable_declaration) @listed)
(for_statement initializer: (variable_declaration) @head)
(if_statement consequence: (variable_declaration) @alone)
(else_clause (variable_declaration) @alone)
(for_statement body: (variable_declaration) @alone)
(for_in_statement body: (variable_declaration) @alone)
(while_statement body: (variable_declaration) @alone)
(do_statement body: (variable_declaration) @alone)
(labeled_statement body: (variable_declaration) @alone)
(with_statement body: (variable_declaration) @alone)
(for_in_statement kind: "var" @word left: (_) @left)
"""


class Cell:
    """One cell in the making. `names` are its top-level names; `functions` move to the top.

    `merged` are names of enums and namespaces, which the transpiler prints as `var`s of its own making.
    """

    def __init__(self, root: Node, merged: Collection[str] = ()) -> None:
        self.names: dict[str, Kind] = {}
        self.edits = Edits()
        self.functions: list[tuple[str, Node]] = []
        self.prologue_end = 0
        statements = [node for node in root.named_children if node.type != "comment"]
        self._value_node = last_statement(statements, merged)
        self._prologue(statements)
        for node in statements:
            self._top(node)
        self._hoisted_vars(root)
        if self._value_node is not None:
            give(self._value_node, self.edits)

    def _prologue(self, statements: list[Node]) -> None:
        """A hashbang goes; directives stay first."""
        for index, node in enumerate(statements):
            if node.type == "hash_bang_line":
                self.edits.replace(node.start_byte, node.end_byte, "")
            elif not (_is_directive(node) and index < len(statements) - 1):
                return
            self.prologue_end = node.end_byte

    def _top(self, node: Node) -> None:
        match node.type:
            case "lexical_declaration":
                self._assign(node)
            case "function_declaration" | "generator_function_declaration":
                self._hoist(node)
            case "class_declaration" | "abstract_class_declaration":
                self._class(node)
            case "export_statement":
                self._export(node)
            case _:
                pass

    def _assign(self, node: Node, place: str = "listed") -> None:
        """`const {a} = e, f = 1` to `;({a} = e), f = 1;`: a declaration ended what was before it, and ends, without semicolons too.

        `place` is where it stands: `listed` among other statements, `alone` as the body of one, or in the `head` of a loop.
        """
        word = node.children[0]
        self.edits.replace(word.start_byte, word.end_byte, ";" if place == "listed" else "")
        for declarator in node.named_children:
            if declarator.type != "variable_declarator":
                continue
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if name is None:
                continue
            for bound in bound_names(name):
                self.names[text_of(bound)] = "const" if word.type == "const" else "let" if word.type == "let" else "var"
            if value is None and word.type != "var":
                self.edits.insert(name.end_byte, " = void 0")
            elif name.type == "object_pattern":
                self.edits.insert(declarator.start_byte, "(")
                self.edits.insert(declarator.end_byte, ")")
        if place != "head" and node.children[-1].type != ";":
            self.edits.insert(node.end_byte, ";")

    def _hoist(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        if name is None:
            return
        self.names[text_of(name)] = "function"
        self.functions.append((text_of(name), node))
        self.edits.replace(node.start_byte, node.end_byte, ";")

    def _class(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        if name is None:
            return
        self.names[text_of(name)] = "class"
        self.edits.insert(node.start_byte, f"{text_of(name)} = ")
        self.edits.insert(node.end_byte, ";")

    def _export(self, node: Node) -> None:
        declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
        if declaration is not None:
            self.edits.replace(node.start_byte, declaration.start_byte, "")
            self._top(declaration)
        elif value is not None:
            self.edits.replace(node.start_byte, value.start_byte, ";(" if node != self._value_node else "return (")
            self.edits.insert(value.end_byte, ");")
        else:
            self.edits.replace(node.start_byte, node.end_byte, ";")

    def _hoisted_vars(self, root: Node) -> None:
        """`var` binds at the top from anywhere but inside a function."""
        found = captures(_VARS, root)
        if not found:
            return
        functions = Nesting(function_ranges(root))
        left, words = found.pop("left", []), found.pop("word", [])
        for place, nodes in found.items():
            for node in nodes:
                if functions.around(node.start_byte) is None:
                    self._assign(node, place)
        for node in left:
            if functions.around(node.start_byte) is None:
                self.names.update((text_of(bound), "var") for bound in bound_names(node))
        for word in words:
            if functions.around(word.start_byte) is None:
                self.edits.replace(word.start_byte, word.end_byte, "")


def _is_directive(node: Node) -> bool:
    return node.type == "expression_statement" and len(node.named_children) == 1 and node.named_children[0].type == "string"
