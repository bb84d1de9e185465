"""The rewriting of one cell's statements: declarations become assignments, functions move to the top, the last value is returned."""

from collections.abc import Collection, Iterable

from tree_sitter import Node

from mcp_codeexec.language.edits import Edits
from mcp_codeexec.language.grammar import FUNCTIONS, bound_names, captures, text_of
from mcp_codeexec.model import Kind

_VARS = "[(variable_declaration) @declaration (for_in_statement) @loop]"
_LISTS = frozenset({"program", "statement_block", "switch_case", "switch_default", "export_statement"})
_FUNCTION_DECLARATIONS = ("function_declaration", "generator_function_declaration")
_INNER = FUNCTIONS | {"class_static_block"}


class Cell:
    """One cell in the making. `names` are its top-level names; `functions` move to the top; `tail` goes to the end.

    `merged` are names of enums and namespaces, which the transpiler prints as `var`s of its own making.
    """

    def __init__(self, root: Node, merged: Collection[str] = ()) -> None:
        self.names: dict[str, Kind] = {}
        self.edits = Edits()
        self.functions: list[tuple[str, Node]] = []
        self.prologue_end = 0
        self.tail = ""
        self._merged = merged
        statements = [node for node in root.named_children if node.type != "comment"]
        self._value_node = self._last(statements)
        self._prologue(statements)
        for node in statements:
            self._top(node)
        self._hoisted_vars(root)
        if self._value_node is not None:
            self._give(self._value_node, top=True)

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

    def _assign(self, node: Node) -> None:
        """`const {a} = e, f = 1` to `({a} = e), f = 1`. The semicolons around it are where the declaration ended and began anyway."""
        word = node.children[0]
        head = node.parent is not None and node.parent.type == "for_statement"
        listed = node.parent is not None and node.parent.type in _LISTS
        self.edits.replace(word.start_byte, word.end_byte, ";" if listed and not head else "")
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
        if not head and node.children[-1].type != ";":
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
        for node in found.get("declaration", []):
            if not _inside_function(node):
                self._assign(node)
        for loop in found.get("loop", []):
            left = loop.child_by_field_name("left")
            word = left.prev_sibling if left is not None else None
            if left is None or word is None or word.type != "var" or _inside_function(loop):
                continue
            self.edits.replace(word.start_byte, word.end_byte, "")
            for bound in bound_names(left):
                self.names[text_of(bound)] = "var"

    def _last(self, statements: Iterable[Node]) -> Node | None:
        """The statement that gives the value."""
        for node in reversed(list(statements)):
            if node.type in ("comment", "empty_statement"):
                continue
            if node.type == "export_statement" and not (
                node.child_by_field_name("declaration") or node.child_by_field_name("value")
            ):
                continue
            if node.type == "variable_declaration" and self._is_leftover(node):
                continue
            return node
        return None

    def _is_leftover(self, node: Node) -> bool:
        """The `var X;` that the transpiler puts last for a namespace."""
        without = not any(declarator.child_by_field_name("value") for declarator in node.named_children)
        return without and all(name in self._merged for name in _names_of(node))

    def _give(self, node: Node, *, top: bool = False) -> None:
        """Make a last statement return what it is worth, where that changes nothing else."""
        match node.type:
            case "expression_statement":
                inner = node.named_children[0] if node.named_children else None
                if inner is not None and inner.start_byte == node.start_byte:
                    self.edits.insert(inner.start_byte, "return (")
                    self.edits.insert(inner.end_byte, ")")
            case "lexical_declaration" | "variable_declaration" if node.parent is not None and node.parent.type in _LISTS:
                names = list(dict.fromkeys(_names_of(node)))
                single = len(names) == 1 and not any(_is_pattern(d) for d in node.named_children)
                self.edits.insert(node.end_byte, f"; return {names[0] if single else '{ ' + ', '.join(names) + ' }'};")
            case "function_declaration" | "generator_function_declaration" | "class_declaration" | "abstract_class_declaration":
                name = node.child_by_field_name("name")
                if name is not None and top and node.type in _FUNCTION_DECLARATIONS:
                    self.tail = f"\nreturn {text_of(name)};"
                elif name is not None:
                    self.edits.insert(node.end_byte, f" return {text_of(name)};")
            case "export_statement":
                declaration = node.child_by_field_name("declaration")
                if declaration is not None:
                    self._give(declaration, top=True)
            case "statement_block":
                self._give_list(node.named_children)
            case "if_statement":
                for field in ("consequence", "alternative"):
                    branch = node.child_by_field_name(field)
                    if branch is not None:
                        self._give_list(branch.named_children[-1:] if branch.type == "else_clause" else [branch])
            case "try_statement":
                for part in (node.child_by_field_name("body"), node.child_by_field_name("handler")):
                    block = part.child_by_field_name("body") if part is not None and part.type == "catch_clause" else part
                    if block is not None:
                        self._give(block)
            case "switch_statement":
                self._give_cases(node)
            case "labeled_statement":
                body = node.child_by_field_name("body")
                if body is not None and body.type == "statement_block":
                    self._give(body)
            case _:
                pass

    def _give_list(self, nodes: Iterable[Node]) -> None:
        last = self._last(nodes)
        if last is not None:
            self._give(last)

    def _give_cases(self, node: Node) -> None:
        """Only a case that ends for sure: by a plain break, or as the last one."""
        body = node.child_by_field_name("body")
        cases = [child for child in body.named_children if child.type != "comment"] if body is not None else []
        for case in cases:
            statements = case.children_by_field_name("body")
            if len(statements) == 1 and statements[0].type == "statement_block":
                statements = [child for child in statements[0].named_children if child.type != "comment"]
            if statements and statements[-1].type == "break_statement" and not statements[-1].named_children:
                self._give_list(statements[:-1])
            elif case == cases[-1]:
                self._give_list(statements)


def _is_directive(node: Node) -> bool:
    return node.type == "expression_statement" and len(node.named_children) == 1 and node.named_children[0].type == "string"


def _is_pattern(declarator: Node) -> bool:
    name = declarator.child_by_field_name("name")
    return name is not None and name.type in ("object_pattern", "array_pattern")


def _names_of(declaration: Node) -> Iterable[str]:
    for declarator in declaration.named_children:
        name = declarator.child_by_field_name("name")
        if declarator.type == "variable_declarator" and name is not None:
            yield from map(text_of, bound_names(name))


def _inside_function(node: Node) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.type in _INNER:
            return True
        parent = parent.parent
    return False
