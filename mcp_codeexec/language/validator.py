"""CodeValidator: whether a submitted text may go on, and if not, everything that is wrong with it at once.

For the model's sake, not a wall: early, precise, kind. A text that tree-sitter cannot parse is not refused for that: its syntax is the
transpiler's business.
"""

import re
from collections.abc import Collection, Iterator

from tree_sitter import Node, Tree

from mcp_codeexec.language import rules
from mcp_codeexec.language.forbidden import module_named, types, unescaped, uses
from mcp_codeexec.language.grammar import parse, readable, text_of
from mcp_codeexec.language.objects import read
from mcp_codeexec.language.positions import Lines
from mcp_codeexec.language.rules import RULES
from mcp_codeexec.language.survey import Marked
from mcp_codeexec.model import CodeMetrics, Position, Verdict, Violation

_KB = 1_024
_ACCESSOR = re.compile(r"(?:(?:static|public|private|protected|override|readonly|declare|abstract)\s+)*accessor[ \t]+[\w$#\[\"']")
_JUDGED = ("import", "export_from", "import_call", "meta", "decorator", "field", "string", "template", "subscript")
_COMPUTED = ("string", "binary_expression", "template_string")
_BRACKETS = re.compile(rb"[()\[\]{}]")
_MOST = 50  # violations told; more would only repeat themselves


class CodeValidator:
    """Lives as long as the engine; holds limits only. Sizes in KB of UTF-8, depth in levels of the syntax tree."""

    def __init__(self, *, code_kb: int = 100, string_kb: int = 10, depth: int = 1_000) -> None:
        self._code_kb = code_kb
        self._string_kb = string_kb
        self._depth = depth

    def check(self, text: str, names: Collection[str] = ()) -> Verdict:
        """Judge a text for a session that has `names`. Linear in its length; about three times tree-sitter's own parse."""
        data = text.encode(errors="replace")
        lines = Lines(data)
        whole = self._whole(data)
        if whole is not None:
            return Verdict((Violation(whole[0], 1, 1, whole[1]),), (), CodeMetrics(len(data), lines.count, 0))
        reading = read(data)
        tree = reading.tree
        depth, deepest = self._deepest(tree, reading.data)
        found = [(deepest, rules.DEPTH, f"nested deeper than {self._depth} levels; build it in steps")] if deepest >= 0 else []
        warned: list[tuple[int, str, str]] = []
        marked: Marked = {}
        if deepest < 0 and readable(tree):
            marked = reading.marked
            if calls := marked.get("import_call"):
                typed = types(tree.root_node)  # as `import("x").Y` may be
                marked = {**marked, "import_call": [call for call in calls if typed.around(call.start_byte) is None]}
            found += self._syntax(marked, warned)
            named = uses(tree.root_node, text, names, _MOST)
            found += [(at, RULES[name].id, RULES[name].advice(member)) for at, name, member in named]
        told = [Violation(rule, *_place(lines, reading.origin(at)), message) for at, rule, message in sorted(found)[:_MOST]]
        warnings = [Violation(rule, *_place(lines, reading.origin(at)), message) for at, rule, message in sorted(warned)[:_MOST]]
        plain = not (found or tree.root_node.has_error or "typed" in marked)
        return Verdict(tuple(told), tuple(warnings), CodeMetrics(len(data), lines.count, depth), plain)

    def _whole(self, data: bytes) -> tuple[str, str] | None:
        """Why a text need not even be parsed."""
        if len(data) > self._code_kb * _KB:
            return rules.CODE_SIZE, f"the code has {len(data)} bytes, {self._code_kb * _KB} is the most; send it in several calls"
        return rules.FENCE if data.lstrip().startswith(b"```") else None

    def _deepest(self, tree: Tree, data: bytes) -> tuple[int, int]:
        """The depth of the tree, and the offset where it is too deep, -1 where it is not. Where it has errors, open brackets count too."""
        if tree.root_node.has_error:
            depth, deepest = self._open_brackets(data)
            if deepest >= 0:
                return depth, deepest
        cursor = tree.walk()
        depth = most = 1
        while True:
            if cursor.goto_first_child():
                depth += 1
                if depth > most:
                    most = depth
                    if most > self._depth:
                        node = cursor.node
                        return most, node.start_byte if node else 0
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return most, -1
                depth -= 1

    def _open_brackets(self, data: bytes) -> tuple[int, int]:
        depth = most = 0
        for match in _BRACKETS.finditer(data):
            depth = depth + 1 if match[0] in b"([{" else max(0, depth - 1)
            most = max(most, depth)
            if depth > self._depth:
                return most, match.start()
        return most, -1

    def _syntax(self, marked: Marked, warned: list[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
        limit = self._string_kb * _KB
        for kind in _JUDGED:
            for node in marked.get(kind, ()):
                if kind in ("string", "template"):
                    for start, size in _parts(node) if node.end_byte - node.start_byte > limit else ():
                        if size > limit:
                            advice = (
                                f"a string of {size} bytes, {limit} is the most; build it in pieces over several calls: s += '…'"
                            )
                            yield start, rules.STRING_SIZE, advice
                elif kind == "subscript":
                    index = node.child_by_field_name("index")
                    name = _folded(index) if index is not None and index.type in _COMPUTED else ""
                    if index is not None and name in RULES:
                        warned.append((index.start_byte, rules.COMPUTED, f"a computed name {name}: {RULES[name].repair}"))
                else:
                    refused = _refused(kind, node)
                    if refused is not None:
                        yield node.start_byte, *refused


def syntax_fault(text: str) -> Position | None:
    """The first place where tree-sitter cannot follow a text: for use only when nobody else can say where it does not parse."""
    data = text.encode(errors="replace")
    cursor = parse(data).walk()
    while True:
        node = cursor.node
        if node is None or not node.has_error:
            moved = cursor.goto_next_sibling()
        elif node.is_error or node.is_missing:
            return Lines(data).position_at(node.start_byte)
        else:
            moved = cursor.goto_first_child()
        if not moved:
            return None


def _place(lines: Lines, offset: int) -> tuple[int, int]:
    position = lines.position_at(offset)
    return position.line, position.column


def _refused(kind: str, node: Node) -> tuple[str, str] | None:
    if kind == "import_call":
        call = node.parent
        return (rules.IMPORT.id, rules.IMPORT.advice(module_named(call))) if call and call.type == "call_expression" else None
    if kind in ("import", "export_from") and not _is_of_types(node):
        return rules.IMPORT.id, rules.IMPORT.advice(module_named(node))
    if kind == "meta" and text_of(node).startswith("import"):
        return rules.IMPORT_META
    if kind == "decorator":
        return rules.DECORATOR
    if kind == "field" and _ACCESSOR.match(text_of(node)[:200]):
        return rules.ACCESSOR
    return None


def _parts(string: Node) -> Iterator[tuple[int, int]]:
    """Place and size of what a string or a template says between its substitutions; the first part's place is that of the quote."""
    place, start = string.start_byte, string.start_byte + 1
    for child in string.children:
        if child.type == "template_substitution":
            yield place, child.start_byte - start
            place = start = child.end_byte
    yield place, string.end_byte - 1 - start


def _has_word(node: Node, word: str) -> bool:
    """Whether a keyword stands directly in this node, not as a name."""
    return any(child.type == word and not child.is_named for child in node.children)


def _is_of_types(node: Node) -> bool:
    """Whether an import, or an export from a module, names types alone: `import type …`, `import { type A, type B as C }`."""
    if any(_has_word(part, "type") for part in (node, *node.children[1:2]) if part == node or part.is_error):  # `export type *`
        return True
    clauses = [part for part in node.named_children if part.type in ("import_clause", "export_clause")]
    if clauses and clauses[0].type == "import_clause":
        clauses = [part for part in clauses[0].named_children if part.type != "comment"]
    if [clause.type for clause in clauses] not in (["named_imports"], ["export_clause"]):
        return False
    specifiers = [part for part in clauses[0].named_children if part.type != "comment"]
    return bool(specifiers) and all(_has_word(specifier, "type") for specifier in specifiers)


def _folded(node: Node) -> str:
    """What a computed key says, as far as string literals and `+` tell; "" where it cannot be known."""
    parts: list[str] = []
    stack = [node]
    while stack:
        current = stack.pop()
        if current.type in ("string", "template_string"):
            if any(child.type == "template_substitution" for child in current.children):
                return ""
            parts.append(unescaped(text_of(current)[1:-1]))
        elif current.type in ("binary_expression", "parenthesized_expression"):
            stack.extend(reversed(current.named_children))
        else:
            return ""
    return "".join(parts)
