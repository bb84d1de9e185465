"""Any text, and programs that were cut up: the validator and prepare say something, and neither crash nor hang."""

import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.language.grammar import parse
from mcp_codeexec.language.meant import as_meant
from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.language.validator import CodeValidator, syntax_fault
from mcp_codeexec.model import Erased
from tests.fuzz.profile import examples
from tests.fuzz.programs import PROGRAMS, cut_up, token_soup

VALIDATOR = CodeValidator()
PARSES, FREE_S = 40, 0.05  # how many parses of the same text it may cost, where it costs 25 at most; and what is not looked at
LENGTH = 4_000


def survives(text: str) -> None:
    verdict = VALIDATOR.check(text, {"x": "let"})
    assert all(violation.line >= 1 and violation.column >= 1 and violation.message for violation in verdict.violations)
    assert as_meant(as_meant(text)) == as_meant(text)
    syntax_fault(text)
    program = prepare(Erased(text), text, {"x": "const"})
    for line, column in ((1, 1), (2, 1), (1, 10_000)):
        program.locate(line, column)
    assert prepare(Erased(text), text, {"x": "const"}).body == program.body


@examples(200, 5_000)
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    survives(text)


@examples(200, 5_000)
@given(token_soup)
def test_any_tokens(text: str) -> None:
    survives(text)


@examples(200, 5_000)
@given(cut_up())
def test_any_program_that_was_cut_up(text: str) -> None:
    survives(text)


def cost_s(work: Callable[[], object]) -> float:
    """Seconds of this thread, whatever else the machine does; of two tries the better, for the collector's pauses."""

    def once() -> float:
        start = time.thread_time()
        work()
        return time.thread_time() - start

    return min(once(), once())


@examples(50, 1_000)
@given(st.sampled_from(PROGRAMS) | cut_up() | token_soup.map(lambda text: text[:20]), st.sampled_from(["\n", ";", " ", ""]))
def test_a_text_of_one_thing_over_and_over_costs_a_few_parses(once: str, between: str) -> None:
    unit = once + between
    text = (unit * (LENGTH // max(1, len(unit)) + 1))[:LENGTH]
    parsed = cost_s(lambda: parse(text.encode()))
    assert cost_s(lambda: survives(text)) < FREE_S + PARSES * parsed, (parsed, unit)
