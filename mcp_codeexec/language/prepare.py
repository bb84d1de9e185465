"""Prepare: how a notebook cell, as JavaScript, becomes a `Program`: names declared apart, declarations as assignments, a value returned.

Everything else of the text stays as it is, character for character, and every place can be traced back through the edit list.
"""

from collections.abc import Mapping

from mcp_codeexec.language.edits import Output
from mcp_codeexec.language.grammar import captures, parse, readable, text_of
from mcp_codeexec.language.positions import Lines, SourceMap
from mcp_codeexec.language.rewrite import Cell
from mcp_codeexec.language.targets import Targets
from mcp_codeexec.model import Erased, Kind, Position, Program

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
    tree = parse(data)
    if not readable(tree):  # V8 may still know what it is
        whole = Output(data)
        whole.copy(0, len(data), [])
        return Program("", erased.text, {}, frozenset(), _Places(whole, data, source, erased.mappings))
    root = tree.root_node
    merged = _merged_kinds(source) if erased.mappings else {}
    cell = Cell(root, merged)
    afresh = [name for name in merged if cell.names.get(name) == "var"]  # not one that merges with a function or a class
    cell.names.update((name, merged[name]) for name in afresh)
    targets = Targets(root, {**names, **cell.names})
    targets.guard_constants(cell.edits)
    output = _assemble(cell, data, afresh)
    fresh = [name for name in cell.names if name not in names]
    return Program(
        declare=f"let {', '.join(fresh)};" if fresh else "",
        body=output.text.decode(errors="replace"),
        names=cell.names,
        assigned=targets.names() | frozenset(cell.names),
        locate=_Places(output, data, source, erased.mappings),
    )


def _merged_kinds(source: str) -> dict[str, Kind]:
    """Enums and namespaces of the submitted text: the transpiler prints them so that they merge with a value of an earlier run."""
    kinds: dict[str, Kind] = {}
    for kind, nodes in captures(_MERGED, parse(source.encode(errors="replace")).root_node).items():
        for node in nodes:
            kinds[text_of(node)] = "enum" if kind == "enum" else "namespace"
    return kinds


def _assemble(cell: Cell, data: bytes, afresh: list[str]) -> Output:
    """Directives, names that begin afresh, functions, then the rest in its order."""
    output, edits, start = Output(data), cell.edits, cell.prologue_end
    output.copy(0, start, edits.within(0, start))
    if start:
        output.write(b";", start)
    for name in afresh:
        output.write(f"{name} = void 0;".encode(), start)
    for name, node in cell.functions:
        own = node.child_by_field_name("name")
        if own is not None:
            output.write(f"{name} = ".encode(), node.start_byte)
            output.copy(node.start_byte, own.start_byte, edits.within(node.start_byte, own.start_byte))
            output.copy(own.end_byte, node.end_byte, edits.within(own.end_byte, node.end_byte))
            output.write(b";", node.end_byte)
    output.copy(start, len(data), edits.within(start, len(data) + 1))
    return output


class _Places:
    """`Program.locate`: kept for as long as an error may still name this run; the tables are made at the first question."""

    def __init__(self, output: Output, script: bytes, source: str, mappings: str) -> None:
        self._output = output
        self._script = script
        self._source = source
        self._mappings = mappings

    def __call__(self, line: int, column: int) -> Position | None:
        offset = Lines(self._output.text).offset(line, column)
        origin = self._output.origin(offset)
        if origin is None:
            return None
        place: tuple[int, int] | None = Lines(self._script).place(origin)
        if self._mappings:
            place = SourceMap(self._mappings).original(*place)
        return Lines(self._source.encode(errors="replace")).position(*place) if place is not None else None
