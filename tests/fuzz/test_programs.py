"""Any text, and programs that were cut up: the validator and prepare say something, and neither crash nor hang."""

from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.language.enums import with_plain_enums
from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.language.validator import CodeValidator, syntax_fault
from mcp_codeexec.model import Erased
from tests.fuzz.profile import fuzzed
from tests.snippets import failures, habits, idioms, notebook, typescript, values

PROGRAMS = [text for table in (failures, habits, idioms, notebook, typescript, values) for row in table.ROWS for text in row.texts]
TOKENS = """
    const let var function class enum namespace async await yield return if else for while do switch case default break continue try
    catch finally throw new delete typeof instanceof in of import export type interface declare abstract static get set using label
    eval process require globalThis x y a.b a?.b a[0] `t${x}` 'text' "text" /re/g 1 1n 0x1 null true ( ) [ ] { } ; , : ? => = == ===
    += ++ -- ... . ! ~ & | ^ << >> ** % / * + - < > // /* */ #p @d \\u0065 \n
""".split()
VALIDATOR = CodeValidator()


def survives(text: str) -> None:
    verdict = VALIDATOR.check(text, {"x": "let"})
    assert all(violation.line >= 1 and violation.column >= 1 and violation.message for violation in verdict.violations)
    assert len(with_plain_enums(text)) >= 0
    syntax_fault(text)
    program = prepare(Erased(text), text, {"x": "const"})
    for line, column in ((1, 1), (2, 1), (1, 10_000)):
        program.locate(line, column)
    assert prepare(Erased(text), text, {"x": "const"}).body == program.body


@fuzzed
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    survives(text)


@fuzzed
@given(st.lists(st.sampled_from(TOKENS), max_size=60), st.sampled_from([" ", "", "\n"]))
def test_any_tokens(tokens: list[str], between: str) -> None:
    survives(between.join(tokens))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A program with pieces taken out, doubled, and exchanged for pieces of another."""
    text = draw(st.sampled_from(PROGRAMS))
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        other = draw(st.sampled_from(PROGRAMS))
        start = draw(st.integers(0, len(other)))
        text = text[:at] + draw(st.sampled_from(["", text[at : at + length] * 2, other[start : start + 20]])) + text[at + length :]
    return text


@fuzzed
@given(mutated())
def test_any_program_that_was_cut_up(text: str) -> None:
    survives(text)
