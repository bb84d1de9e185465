"""The value of a cell: which statement gives it, and the edits that make it `return` that value, where this changes nothing else."""

from collections.abc import Collection, Iterable

from tree_sitter import Node

from mcp_codeexec.language.edits import Edits
from mcp_codeexec.language.grammar import bound_names, end_of, exported_value, text_of


def last_statement(statements: Iterable[Node], merged: Collection[str] = ()) -> Node | None:
    """The statement that gives the value. `merged` are enums and namespaces, for which the transpiler leaves a `var X;` at the end."""
    for node in reversed(list(statements)):
        match node.type:
            case "comment" | "empty_statement" | "import_statement":
                pass
            case "export_statement" if not (node.child_by_field_name("declaration") or exported_value(node)):
                pass
            case _ if _is_leftover(node.child_by_field_name("declaration") or node, merged):
                pass
            case _:
                return node
    return None


def give(statement: Node, edits: Edits) -> None:
    """Make a last statement return what it is worth; loops are worth nothing."""
    pending = [statement]
    while pending:
        node = pending.pop()
        match node.type:
            case "expression_statement":
                inner = node.named_children[0] if node.named_children else None
                if inner is not None and inner.start_byte == node.start_byte and not _is_broken(inner):
                    edits.insert(inner.start_byte, "return (")
                    edits.insert(inner.end_byte, ")")
            case "lexical_declaration" | "variable_declaration":
                edits.insert(end_of(node), f"; return {_declared_value(node)};")
            case "function_declaration" | "generator_function_declaration" | "class_declaration" | "abstract_class_declaration":
                name = node.child_by_field_name("name")
                if name is not None:
                    edits.insert(end_of(node), f" return {text_of(name)};")
            case _:
                pending += _branches(node)


def _is_broken(expression: Node) -> bool:
    """Whether V8 reads something else here: `using x = y`, or a text that ends too early."""
    first = expression.named_children[0] if expression.type == "await_expression" and expression.named_children else expression
    if first.children and first.children[0].type == "using":
        return True
    last = expression
    while last.children:
        last = last.children[-1]
    return last.is_missing


def _branches(node: Node) -> Iterable[Node]:
    """The statements that would be the last one run in a compound statement."""
    match node.type:
        case "export_statement":
            inner = [node.child_by_field_name("declaration")]
        case "statement_block":
            inner = [last_statement(node.named_children)]
        case "if_statement":
            inner = [_single(node.child_by_field_name("consequence")), _single(node.child_by_field_name("alternative"))]
        case "try_statement":
            handler = node.child_by_field_name("handler")
            inner = [node.child_by_field_name("body"), handler and handler.child_by_field_name("body")]
        case "switch_statement":
            inner = list(_case_values(node))
        case "labeled_statement":
            body = node.child_by_field_name("body")
            inner = [body] if body is not None and body.type == "statement_block" else []
        case _:
            inner = []
    return [branch for branch in inner if branch is not None]


def _single(branch: Node | None) -> Node | None:
    """The statement of a branch, unless it is one that a `return` cannot follow."""
    if branch is not None and branch.type == "else_clause":
        branch = next((child for child in branch.named_children if child.type != "comment"), None)
    return None if branch is None or branch.type in ("variable_declaration", "function_declaration") else branch


def _case_values(switch: Node) -> Iterable[Node | None]:
    """Only of a case that ends for sure: by a plain break, or as the last one."""
    body = switch.child_by_field_name("body")
    cases = [child for child in body.named_children if child.type != "comment"] if body is not None else []
    for case in cases:
        statements = case.children_by_field_name("body")
        if len(statements) == 1 and statements[0].type == "statement_block":
            statements = [child for child in statements[0].named_children if child.type != "comment"]
        if statements and statements[-1].type == "break_statement" and not statements[-1].named_children:
            yield last_statement(statements[:-1])
        elif case == cases[-1]:
            yield last_statement(statements)


def _declared_value(declaration: Node) -> str:
    names = list(dict.fromkeys(_names_of(declaration)))
    patterned = any(name.type != "identifier" for name in _targets_of(declaration))
    return names[0] if len(names) == 1 and not patterned else "{ " + ", ".join(names) + " }"


def made_namespace(statement: Node, merged: Collection[str]) -> str:
    """The name in `(function(N) {…})(N || (N = {}))`, which is how the transpiler prints a namespace; else empty."""
    call = statement.named_children[0] if statement.type == "expression_statement" and statement.named_children else None
    arguments = call.child_by_field_name("arguments") if call is not None and call.type == "call_expression" else None
    either = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    left = either.child_by_field_name("left") if either is not None and either.type == "binary_expression" else None
    return text_of(left) if left is not None and text_of(left) in merged else ""


def _is_leftover(declaration: Node, merged: Collection[str]) -> bool:
    if declaration.type != "variable_declaration" or not merged:
        return False
    valued = any(declarator.child_by_field_name("value") for declarator in declaration.named_children)
    return not valued and all(name in merged for name in _names_of(declaration))


def _names_of(declaration: Node) -> Iterable[str]:
    return (text_of(bound) for target in _targets_of(declaration) for bound in bound_names(target))


def _targets_of(declaration: Node) -> Iterable[Node]:
    for declarator in declaration.named_children:
        name = declarator.child_by_field_name("name")
        if declarator.type == "variable_declarator" and name is not None:
            yield name
