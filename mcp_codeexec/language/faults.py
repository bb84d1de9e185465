"""Why a text does not parse, for the mistakes that neither the transpiler nor V8 names. Only to be asked of a text that does not."""

import re

from mcp_codeexec.language.grammar import captures, parse, readable
from mcp_codeexec.language.nesting import Nesting
from mcp_codeexec.language.positions import Lines
from mcp_codeexec.language.scopes import functions

_QUOTED = re.compile(
    rb"""
      //[^\n]* | /\*.*?(?:\*/|\Z) | `(?:\\.|[^`\\])*(?:`|\Z)
    | [=(,:;!&|?{}\[+]\s{0,9}/(?![*/])(?:\\.|[^\\\n/]){1,200}/   # a regular expression, where one may stand
    | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | (?P<open>["'])
    """,
    re.DOTALL | re.VERBOSE,
)
_AWAITS = '[(await_expression) (for_in_statement "await")] @await'
_MAY_BE_ASYNC = frozenset(
    """function_declaration generator_function_declaration function_expression generator_function arrow_function
    method_definition""".split()
)


def advice(text: str) -> str:
    """One sentence on what is wrong; empty where nothing better is known than what was said already."""
    data = text.encode(errors="replace").replace(b"\r", b"\n")
    for found in _QUOTED.finditer(data):
        if found["open"]:
            where = _place(data, found.start())
            return f"The string that begins at {where} does not end in its line: write \\n in it, or use backticks around it."
    return _awaited_in_vain(data) if b"await" in data else ""


def _awaited_in_vain(data: bytes) -> str:
    tree = parse(data)
    around = dict(functions(tree.root_node)) if readable(tree) else {}
    nesting = Nesting(around)
    for node in captures(_AWAITS, tree.root_node).get("await", ()) if around else ():
        function = around.get(nesting.around(node.start_byte) or (-1, -1))
        if function is not None and function.type in _MAY_BE_ASYNC and not any(c.type == "async" for c in function.children):
            where = _place(data, node.start_byte)
            return f"The await at {where} stands in a function that is not async: make it async, or use a for loop instead."
    return ""


def _place(data: bytes, offset: int) -> str:
    position = Lines(data).position_at(offset)
    return f"line {position.line}, column {position.column}"
