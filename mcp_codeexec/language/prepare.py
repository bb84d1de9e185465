"""Prepare: how a notebook cell, as JavaScript, becomes a `Program`: names declared apart, declarations as assignments, a value returned.

Everything else of the text stays as it is, character for character, and every place can be traced back through the edit list.
"""

from collections.abc import Mapping

from mcp_codeexec.language.edits import Edits, Output
from mcp_codeexec.language.grammar import captures, parse, readable, text_of
from mcp_codeexec.language.objects import Reading, read
from mcp_codeexec.language.positions import Lines, SourceMap
from mcp_codeexec.language.rewrite import Cell
from mcp_codeexec.language.targets import Targets
from mcp_codeexec.model import Erased, Kind, Position, Program, declaration

_MERGED = """
(program [(enum_declaration name: (_) @enum) (export_statement (enum_declaration name: (_) @enum))])
(program [
  (internal_module name: (identifier) @namespace) (expression_statement (internal_module name: (identifier) @namespace))
  (module name: (identifier) @namespace) (export_statement (internal_module name: (identifier) @namespace))
])
"""


def prepare(erased: Erased, source: str, names: Mapping[str, Kind]) -> Program:
    """The program for a text, `source`, whose types are erased, in a session that has `names`. Linear in its length."""
    data = erased.text.encode(errors="replace")
    reading = read(data)
    if not readable(reading.tree):  # V8 may still know what it is
        whole = Output(data, Edits())
        return Program("", erased.text, {}, frozenset(), _Places(whole, Reading(data, reading.tree), data, source, erased.mappings))
    root = reading.tree.root_node
    cell = Cell(root, reading.marked, _merged_kinds(source) if erased.mappings else {})
    targets = Targets(root, reading.marked, {**names, **cell.names})
    targets.guard_constants(cell.edits)
    output = Output(reading.data, cell.edits)
    return Program(
        declare=declaration(name for name in cell.names if name not in names),
        body=output.text.decode(errors="replace"),
        names=cell.names,
        assigned=targets.names() | frozenset(cell.names),
        locate=_Places(output, reading, data, source, erased.mappings),
    )


def _merged_kinds(source: str) -> dict[str, Kind]:
    """Enums and namespaces of the submitted text: the transpiler prints them so that they merge with a value of an earlier run."""
    kinds: dict[str, Kind] = {}
    for kind, nodes in captures(_MERGED, parse(source.encode(errors="replace")).root_node).items():
        for node in nodes:
            kinds[text_of(node)] = "enum" if kind == "enum" else "namespace"
    return kinds


class _Places:
    """`Program.locate`: kept for as long as an error may still name this run; the tables are made at the first question."""

    def __init__(self, output: Output, reading: Reading, script: bytes, source: str, mappings: str) -> None:
        self._output = output
        self._opened = reading.origin
        self._script = script
        self._source = source.encode(errors="replace")
        self._mappings = mappings

    def __call__(self, line: int, column: int) -> Position | None:
        offset = Lines(self._output.text).offset(line, column)
        origin = self._output.origin(offset)
        if origin is None:
            return None
        place: tuple[int, int] | None = Lines(self._script).place(self._opened(origin))
        if self._mappings:
            place = SourceMap(self._mappings).original(*place)
        if place is None:
            return None
        lines, sent = Lines(self._source), read(self._source)
        if sent.opened < 0 or self._script == self._source:
            return lines.position(*place)
        return lines.position_at(sent.origin(Lines(sent.data).offset(*place)))  # the transpiler was sent the parentheses too
