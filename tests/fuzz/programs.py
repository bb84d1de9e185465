"""Texts to submit: any tokens in any order, and programs of the suite that were cut up."""

from hypothesis import strategies as st

from tests.snippets import failures, habits, idioms, notebook, typescript, values

PROGRAMS = [text for table in (failures, habits, idioms, notebook, typescript, values) for row in table.ROWS for text in row.texts]
TOKENS = """
    const let var function class enum namespace async await yield return if else for while do switch case default break continue try
    catch finally throw new delete typeof instanceof in of import export type interface declare abstract static get set using label
    eval process require globalThis x y a.b a?.b a[0] `t${x}` 'text' "text" /re/g 1 1n 0x1 null true ( ) [ ] { } ; , : ? => = == ===
    += ++ -- ... . ! ~ & | ^ << >> ** % / * + - < > // /* */ #p @d \\u0065 \n
""".split()

token_soup = st.tuples(st.lists(st.sampled_from(TOKENS), min_size=12, max_size=60), st.sampled_from([" ", "", "\n"])).map(
    lambda drawn: drawn[1].join(drawn[0])
)


@st.composite
def cut_up(draw: st.DrawFn) -> str:
    """A program with pieces taken out, doubled, and exchanged for pieces of another."""
    text = draw(st.sampled_from(PROGRAMS))
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        other = draw(st.sampled_from(PROGRAMS))
        start = draw(st.integers(0, len(other)))
        text = text[:at] + draw(st.sampled_from(["", text[at : at + length] * 2, other[start : start + 20]])) + text[at + length :]
    return text
