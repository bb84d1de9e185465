"""What a text assigns to at its top level's names: to tell what a run may have changed, and to make constants constant.

A top-level name lives on as an assignable one, so that any kind may follow any kind. What a `const` may not do is done here: a target
that names one is replaced by the name of a constant of the sandbox, and V8 itself throws, at that place.
"""

from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from mcp_codeexec.language.edits import Edits
from mcp_codeexec.language.grammar import bound_names, pattern_parts, text_of
from mcp_codeexec.language.scopes import Scopes
from mcp_codeexec.language.survey import Marked
from mcp_codeexec.model import Kind

CONSTANT = "__codeexec_const"  # declared by deno_host/evaluate.ts

_READING = frozenset(
    """at concat entries every filter find findIndex findLast findLastIndex flat flatMap forEach get has includes indexOf join keys
    lastIndexOf map reduce reduceRight slice some toLocaleString toReversed toSorted toSpliced toString values with charAt charCodeAt
    codePointAt endsWith localeCompare match matchAll normalize padEnd padStart repeat replace replaceAll search split startsWith
    substring toLowerCase toUpperCase trim trimEnd trimStart toFixed toPrecision toISOString toJSON getTime getFullYear getMonth getDate
    getDay getHours getMinutes getSeconds getUTCFullYear getUTCMonth getUTCDate format formatToParts test then catch
    finally""".split()
)
_LOGICAL = ("||", "&&", "??")
_WRAPPERS = frozenset({"member_expression", "subscript_expression", "non_null_expression", "parenthesized_expression"})


class Targets:
    """Every assignment of a text to one of the `known` top-level names that nothing shadows there."""

    def __init__(self, root: Node, marked: Marked, known: Mapping[str, Kind]) -> None:
        self._known = known
        self._targets = marked.get("target", [])
        self._augmented = marked.get("augmented", [])
        self._changed = [*marked.get("deleted", []), *_changing(marked.get("call", []))]
        self._shadowed = Scopes(root, known if self._targets or self._changed else (), top=False).binds

    def names(self) -> frozenset[str]:
        """Names that the text assigns to, or whose value it may change through a member."""
        nodes = [name for target in self._targets for name in (*bound_names(target), *_bases(target))]
        nodes += [base for changed in self._changed for base in _bases(changed)]
        return frozenset(
            name for node in nodes if (name := text_of(node)) in self._known and not self._shadowed(name, node.start_byte)
        )

    def guard_constants(self, edits: Edits) -> None:
        """Replace targets that name a constant."""
        constants = {name for name, kind in self._known.items() if kind == "const"}
        if not constants:
            return
        augmented = {node.start_byte: node for node in self._augmented}
        for target in self._targets:
            for node in bound_names(target):
                name = text_of(node)
                if name not in constants or self._shadowed(name, node.start_byte):
                    continue
                if target.start_byte in augmented:
                    _guard_augmented(augmented[target.start_byte], node, edits)
                elif node.type == "shorthand_property_identifier_pattern":
                    edits.replace(node.start_byte, node.end_byte, f"{name}: {CONSTANT}")
                else:
                    edits.replace(node.start_byte, node.end_byte, CONSTANT)


def _guard_augmented(node: Node, target: Node, edits: Edits) -> None:
    """`x ||= v` assigns only if it must: `x || (CONSTANT = v)`. `x += v` adds first: `CONSTANT = x + (v)`."""
    operator = node.child_by_field_name("operator")
    if operator is None:
        return
    binary = text_of(operator)[:-1]
    if binary in _LOGICAL:
        edits.replace(operator.start_byte, operator.end_byte, f"{binary} ({CONSTANT} =")
    else:
        edits.replace(target.start_byte, target.end_byte, CONSTANT)
        edits.replace(operator.start_byte, operator.end_byte, f"= {text_of(target)} {binary} (")
    edits.close(node.end_byte, ")")


def _bases(target: Node) -> Iterator[Node]:
    """The names that a target's members start from: `a` of `a.b[c].d`, also in a pattern."""
    for part in pattern_parts(target):
        inner: Node | None = part
        while inner is not None and inner.type in _WRAPPERS:
            inner = inner.child_by_field_name("object") or (inner.named_children[0] if inner.named_children else None)
        if inner is not None and inner is not part and inner.type == "identifier":
            yield inner


def _changing(calls: Iterable[Node]) -> Iterator[Node]:
    """What is called of the methods that may change what they are called on."""
    for call in calls:
        called = call.child_by_field_name("function")
        method = called.child_by_field_name("property") if called is not None and called.type == "member_expression" else None
        if called is not None and method is not None and text_of(method) not in _READING:
            yield called
