"""TypeScript as text: validation and preparation, beside tree-sitter's own parse."""

from itertools import count
from pathlib import Path

from mcp_codeexec.language.grammar import parse
from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.language.validator import CodeValidator
from mcp_codeexec.model import Erased
from tests.benchmarks.clock import in_turns, spent
from tests.benchmarks.rows import Part, Row

PROGRAM = Path(__file__).with_name("program.js")
LINE = (
    "const total = rows.filter(r => r.ok && r.n > 3).map((r) => ({ ...r, sum: r.a + r.b * 2 })).reduce((s, r) => s + r.sum, 0);\n"
)
LARGE_ROUNDS, SMALL_ROUNDS = 9, 200


async def measure() -> Part:
    part, validator, beside = Part(), CodeValidator(), "tree-sitter's own parse"
    large, small = (LINE * 1_000)[:100_000], PROGRAM.read_text()
    fresh = (f"{large[:-8]}// {number:05}" for number in count())  # no text twice: the last ones are remembered
    other = (f"{small}// {number}" for number in count())

    async def validation(_: int) -> float:
        text = next(fresh)
        return spent(lambda: validator.check(text))

    async def both(_: int) -> float:
        text = next(other)
        return spent(lambda: (validator.check(text), prepare(Erased(text), text, {"rows": "let"})))

    async def floor(text: str) -> float:
        return spent(lambda: parse(text.encode()))

    here, parsed = await in_turns(LARGE_ROUNDS, validation, lambda _: floor(large))
    part.rows.append(Row("validation of 100 KB", here, parsed, beside, times=3))
    here, parsed = await in_turns(SMALL_ROUNDS, both, lambda _: floor(small))
    part.rows.append(Row("check and prepare of a 20-line program", here, parsed, beside, at_most=1))
    return part
