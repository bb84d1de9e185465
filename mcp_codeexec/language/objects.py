"""An object literal as a cell's last statement, without parentheses. It is read anew as the object that was meant, in parentheses:
`{ a, b: 1 }` is no block, and `{ a, b }` would be one that nobody writes."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from tree_sitter import Node, Tree

from mcp_codeexec.language.grammar import parse
from mcp_codeexec.language.survey import Marked, survey

_OPEN, _CLOSE = b";(", b")"


@dataclass(frozen=True)
class Reading:
    """A text as it is parsed. `opened` is where parentheses were put around its last statement, -1 where they were not."""

    data: bytes
    tree: Tree
    opened: int = -1

    @cached_property
    def marked(self) -> Marked:
        """What validator and prepare look for; only to be asked where the tree is `readable`."""
        return survey(self.tree.root_node)

    def origin(self, offset: int) -> int:
        """The offset in the text as it was sent."""
        return sent_offset(offset, self.opened)


def sent_offset(offset: int, opened: int) -> int:
    """`Reading.origin`, for who keeps no more of a reading than where it is `opened`: its tree is large."""
    return offset if opened < 0 or offset <= opened else max(opened, offset - len(_OPEN))


@lru_cache(maxsize=4)
def read(data: bytes) -> Reading:
    """Parse a text, with its last statement as an object literal where it can only be one.

    The last ones are remembered: a text that is plain JavaScript is read by the validator and then by prepare.
    """
    tree = parse(data)
    statements = [node for node in tree.root_node.named_children if node.type not in ("comment", "empty_statement")]
    first = next((node for node in statements if node.has_error), None) if tree.root_node.has_error else None
    if first is None and statements and (statements[-1].type == "expression_statement" or _lists_names(statements[-1])):
        first = statements[-1]
    if first is None or data[first.start_byte : first.start_byte + 1] != b"{":
        return Reading(data, tree)
    start, end = first.start_byte, _end(statements[-1])
    meant = b"".join((data[:start], _OPEN, data[start:end], _CLOSE, data[end:]))
    again = parse(meant)
    return Reading(data, tree) if again.root_node.has_error else Reading(meant, again, start)


def _end(statement: Node) -> int:
    """Where a statement ends without its semicolon, and the comments before that."""
    ends = (child.end_byte for child in reversed(statement.children) if child.type not in ("comment", ";"))
    return next(ends, statement.end_byte)


def _lists_names(block: Node) -> bool:
    """Whether a block says `{ a, b }` and nothing else."""
    inner = [node for node in block.named_children if node.type != "comment"] if block.type == "statement_block" else []
    if len(inner) != 1 or inner[0].type != "expression_statement" or inner[0].children[-1].type == ";":
        return False
    listed = inner[0].named_children[0]
    return listed.type == "sequence_expression" and all(node.type in ("identifier", "comment") for node in _flat(listed))


def _flat(sequence: Node) -> list[Node]:
    found: list[Node] = []
    pending = [sequence]
    while pending:
        for node in pending.pop().named_children:
            (pending if node.type == "sequence_expression" else found).append(node)
    return found
