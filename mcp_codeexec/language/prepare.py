"""Prepare: how a notebook cell, as JavaScript, becomes a `Program`: names declared apart, declarations as assignments, a value returned.

Everything else of the text stays as it is, character for character, and every place can be traced back through the edit list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from mcp_codeexec.language.edits import Edits, Output
from mcp_codeexec.language.grammar import captures, parse, readable, text_of
from mcp_codeexec.language.literals import put_values
from mcp_codeexec.language.objects import read, sent_offset
from mcp_codeexec.language.positions import Lines, SourceMap
from mcp_codeexec.language.rewrite import Cell
from mcp_codeexec.language.targets import Targets
from mcp_codeexec.model import Erased, Kind, Position, Program, declaration

_NAME = "name: [(identifier) (nested_identifier)] @namespace"
_MERGED = f"""
(program [(enum_declaration name: (_) @enum) (export_statement (enum_declaration name: (_) @enum))])
(program [
  (internal_module {_NAME}) (expression_statement (internal_module {_NAME})) (export_statement (internal_module {_NAME}))
  (module {_NAME})
])
"""


def prepare(erased: Erased, source: str, names: Mapping[str, Kind], values: Mapping[str, str] | None = None) -> Program:
    """The program for a text, `source`, whose types are erased, in a session that has `names`. Linear in its length.

    `values` are those of tokens that the text may hold: its literals get them. A text with a mistake in it keeps its tokens, so that
    no message about the mistake can say a value.
    """
    data = erased.text.encode(errors="replace")
    reading = read(data)
    if not readable(reading.tree):  # V8 may still know what it is
        whole = Output(data, Edits())
        return Program("", erased.text, {}, frozenset(), _Places(whole, -1, data, source, erased.mappings))
    root = reading.tree.root_node
    cell = Cell(root, reading.marked, _merged_kinds(source) if erased.mappings else {})
    targets = Targets(root, reading.marked, {**names, **cell.names})
    targets.guard_constants(cell.edits)
    if values and not root.has_error:
        put_values(root, values, cell.edits)
    output = Output(reading.data, cell.edits)
    return Program(
        declare=declaration(name for name in cell.names if name not in names),
        body=output.text.decode(errors="replace"),
        names=cell.names,
        assigned=targets.names() | frozenset(cell.names),
        locate=_Places(output, reading.opened, data, source, erased.mappings),
    )


def _merged_kinds(source: str) -> dict[str, Kind]:
    """Enums and namespaces of the submitted text: the transpiler prints them so that they merge with a value of an earlier run."""
    kinds: dict[str, Kind] = {}
    for kind, nodes in captures(_MERGED, parse(source.encode(errors="replace")).root_node).items():
        for node in nodes:
            kinds[text_of(node).split(".")[0]] = "enum" if kind == "enum" else "namespace"  # `namespace A.B` makes an `A`
    return kinds


class _Places:
    """`Program.locate`: kept for as long as an error may still name this run; the tables only while they are asked."""

    def __init__(self, output: Output, opened: int, script: bytes, source: str, mappings: str) -> None:
        self.output = output
        self.opened = opened
        self.script = script
        self.source = source.encode(errors="replace")
        self.mappings = mappings

    def __call__(self, line: int, column: int) -> Position | None:
        tables = _tables(self)
        origin = self.output.origin(tables.made.offset(line, column))
        if origin is None:
            return None
        place: tuple[int, int] | None = tables.script.place(sent_offset(origin, self.opened))
        if tables.map is not None:
            place = tables.map.original(*place)
        if place is None:
            return None
        if tables.sent is None:
            return tables.source.position(*place)
        opened, sent = tables.sent
        return tables.source.position_at(sent_offset(sent.offset(*place), opened))


@dataclass(frozen=True, slots=True)
class _Tables:
    made: Lines
    script: Lines
    map: SourceMap | None
    source: Lines
    sent: tuple[int, Lines] | None  # where the transpiler was sent parentheses too


@lru_cache(maxsize=8)
def _tables(places: _Places) -> _Tables:
    """What printed output asks for again and again."""
    sent = read(places.source)
    return _Tables(
        Lines(places.output.text),
        Lines(places.script),
        SourceMap(places.mappings) if places.mappings else None,
        Lines(places.source),
        None if sent.opened < 0 or places.script == places.source else (sent.opened, Lines(sent.data)),
    )
