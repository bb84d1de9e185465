"""The rewriting of one cell's statements: declarations become assignments, functions move to the top."""

from collections.abc import Mapping

from tree_sitter import Node

from mcp_codeexec.language.edits import Edits
from mcp_codeexec.language.grammar import bound_names, captures, end_of, exported_value, text_of
from mcp_codeexec.language.nesting import Nesting
from mcp_codeexec.language.scopes import function_ranges
from mcp_codeexec.language.survey import Marked
from mcp_codeexec.language.value import give, last_statement, made_namespace
from mcp_codeexec.model import Kind

_INNER = ("var", "word", "left", "inner_function", "case_function", "only_function", "labelled_function")
_IMPORTED = "(named_imports) @list (identifier) @name"
_LISTS = frozenset({"program", "export_statement", "statement_block", "switch_case", "switch_default"})
_BODIES = frozenset(
    """if_statement else_clause for_statement for_in_statement while_statement do_statement labeled_statement
    with_statement""".split()
)
_FUNCTIONS = ("function_declaration", "generator_function_declaration")
_CLASSES = ("class_declaration", "abstract_class_declaration")
_FIXED = frozenset({"undefined", "NaN", "Infinity"})  # no script may declare these


class Cell:
    """One cell in the making: its top-level names, and the edits that make it the body of an async function.

    `merged` are names of enums and namespaces, which the transpiler prints as `var`s that go on with an earlier value.
    """

    def __init__(self, root: Node, marked: Marked, merged: Mapping[str, Kind]) -> None:
        self.names: dict[str, Kind] = {}
        self.edits = Edits()
        statements = [node for node in root.named_children if node.type != "comment"]
        value = last_statement(statements, merged)
        declarations = [node.child_by_field_name("declaration") or node for node in statements]
        afresh = set(merged).difference(_name(node) for node in declarations if node.type in (*_FUNCTIONS, *_CLASSES))
        start = self._prologue(statements)
        for name in sorted(afresh):
            self.edits.insert(start, f"{name} = void 0;")
        for node in declarations:
            if node.type in _FUNCTIONS:
                self._hoist(node, start)
        for node in statements:
            if node.type == "export_statement":
                self._export(node, is_value=node == value)
            elif node.type == "import_statement" and list(captures(_IMPORTED, node)) == ["list"]:  # `{ type A }`, erased
                self.edits.replace(node.start_byte, node.end_byte, ";")
        for node in declarations:
            if node.type == "lexical_declaration":
                self._assign(node)
            elif node.type in _CLASSES:
                self._class(node)
        self._inner_declarations(root, marked, start)
        self.names.update((name, merged[name]) for name in afresh)
        if value is not None and (namespace := made_namespace(value, merged)):
            self.edits.insert(end_of(value), f"\nreturn {namespace};")
        elif value is not None:
            give(value, self.edits)

    def _prologue(self, statements: list[Node]) -> int:
        """A hashbang goes; directives stay first. Where the rest begins."""
        end = 0
        for index, node in enumerate(statements):
            if node.type == "hash_bang_line":
                self.edits.replace(node.start_byte, node.end_byte, "")
            elif not (_is_directive(node) and index < len(statements) - 1):
                break
            end = node.end_byte
        if end:
            self.edits.insert(end, ";")
        return end

    def _hoist(self, node: Node, to: int, word: str = "") -> None:
        """`function f() {}` to `f = function () {};` at the start of its block: it may be used before its place."""
        own = node.child_by_field_name("name")
        if own is not None:
            self.edits.replace(own.start_byte, own.end_byte, "")
            self.edits.move(node.start_byte, node.end_byte, to, f"{word}{text_of(own)} = ", ";", ";")
            if not word:
                self._declare(own, "function")

    def _declare(self, name: Node, kind: Kind) -> None:
        if text_of(name) not in _FIXED:
            self.names[text_of(name)] = kind

    def _assign(self, node: Node, place: str = "listed") -> None:
        """`const {a} = e, f = 1` to `;({a} = e), f = 1;`: a declaration ended what was before it, and ends, without semicolons too.

        `place` is where it stands: `listed` among other statements, `alone` as the body of one, or in the `head` of a loop.
        """
        if any(part.is_error for declarator in node.named_children for part in declarator.children):
            return  # `const x == 1` must stay the mistake that it is
        word = node.children[0]
        self.edits.replace(word.start_byte, word.end_byte, ";" if place == "listed" else "")
        for declarator in node.named_children:
            if declarator.type != "variable_declarator":
                continue
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if name is None:
                continue
            for bound in bound_names(name):
                self._declare(bound, "const" if word.type == "const" else "let" if word.type == "let" else "var")
            if value is None and word.type != "var":
                self.edits.insert(name.end_byte, " = void 0")
            elif name.type == "object_pattern":
                self.edits.insert(declarator.start_byte, "(")
                self.edits.insert(declarator.end_byte, ")")
        if place != "head" and node.children[-1].type != ";":
            self.edits.insert(end_of(node), ";")

    def _class(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            self._declare(name, "class")
            self.edits.insert(node.start_byte, f"{text_of(name)} = ")
            self.edits.insert(end_of(node), ";")

    def _export(self, node: Node, *, is_value: bool) -> None:
        declaration, value = node.child_by_field_name("declaration"), exported_value(node)
        if declaration is not None:
            self.edits.replace(node.start_byte, declaration.start_byte, "")
        elif value is not None:
            self.edits.replace(node.start_byte, value.start_byte, "return (" if is_value else ";(")
            self.edits.insert(value.end_byte, ");")
        else:
            self.edits.replace(node.start_byte, node.end_byte, ";")

    def _inner_declarations(self, root: Node, marked: Marked, start: int) -> None:
        """`var`, and in a sloppy script a block's functions, bind at the top from anywhere but inside a function."""
        found = {kind: marked[kind] for kind in _INNER if kind in marked}
        if not found:
            return
        functions = Nesting(function_ranges(root))
        for kind, nodes in found.items():
            for node in nodes:
                if functions.around(node.start_byte) is not None:
                    continue
                match kind:
                    case "left":
                        for bound in bound_names(node):
                            self._declare(bound, "var")
                    case "word":
                        self.edits.replace(node.start_byte, node.end_byte, "")
                    case "inner_function":
                        self._inner_function(node)
                    case "case_function":
                        self._case_function(node)
                    case "only_function":
                        self._only_function(node)
                    case "labelled_function":
                        self._labelled_function(node, start)
                    case _ if stands := _stands(node):
                        self._assign(node, stands)
                    case _:
                        pass

    def _case_function(self, node: Node) -> None:
        """To before its `switch`, where statements can stand; left alone where the top level has a variable of its name."""
        switch = _switch_around(node.parent)
        listed = switch is not None and switch.parent is not None and switch.parent.type in _LISTS
        plain = node.children[0].type == "function"  # an async one stays in its block
        if switch is not None and listed and plain and not self._is_lexical(node):
            self._hoist(node, switch.start_byte)

    def _only_function(self, node: Node) -> None:
        """`if (c) function f() {}` is a block of its own, with nothing else in it: the function is made there, or for nobody."""
        own = node.child_by_field_name("name")
        if own is None or node.children[0].type != "function":
            return
        if self._is_lexical(node):
            self.edits.replace(node.start_byte, node.end_byte, ";")
            return
        self._declare(own, "function")
        self.edits.replace(own.start_byte, own.end_byte, "")
        self.edits.insert(node.start_byte, f"{text_of(own)} = ")
        self.edits.insert(end_of(node), ";")

    def _labelled_function(self, node: Node, start: int) -> None:
        """Labels of the top level change nothing; in a block, the function is the block's own."""
        around = node.parent
        while around is not None and around.type == "labeled_statement":
            around = around.parent
        if around is not None and around.type == "program" and node.children[0].type == "function":  # V8 has no other there
            self._hoist(node, start)

    def _inner_function(self, node: Node) -> None:
        """To the start of its block; its own there where the top level has a variable of its name."""
        block = node.parent
        if block is not None and node.children[0].type == "function":
            self._hoist(node, block.start_byte + 1, "let " if self._is_lexical(node) else "")

    def _is_lexical(self, function: Node) -> bool:
        """Whether the top level has a variable of a function's name that is none of a `var`'s kind."""
        return self.names.get(_name(function)) in ("let", "const", "class")


def _switch_around(case: Node | None) -> Node | None:
    body = case.parent if case is not None else None
    return body.parent if body is not None else None


def _stands(declaration: Node) -> str:
    """Where a `var` stands; empty in what tree-sitter cannot read."""
    around = declaration.parent
    if around is None:
        return ""
    if around.type in _LISTS:
        return "listed"
    if around.type not in _BODIES:
        return ""
    return "head" if around.child_by_field_name("initializer") == declaration else "alone"


def _name(node: Node) -> str:
    name = node.child_by_field_name("name")
    return text_of(name) if name is not None else ""


def _is_directive(node: Node) -> bool:
    return node.type == "expression_statement" and len(node.named_children) == 1 and node.named_children[0].type == "string"
