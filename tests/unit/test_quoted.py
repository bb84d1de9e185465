"""What V8 quotes of a text that is no JSON."""

import pytest

from mcp_codeexec.engine.quoted import whole_words

SAID = [
    ("""Unexpected token 'a', "ann.lee@ex"... is not valid JSON""", """Unexpected token 'a', ""... is not valid JSON"""),
    (
        """Unexpected token 'l', ..."d x ann.lee@exam"... is not valid JSON""",
        """Unexpected token 'l', ..." x "... is not valid JSON""",
    ),
    ("""Unexpected token 'x', ..."lee@a.com x" is not valid JSON""", """Unexpected token 'x', ..." x" is not valid JSON"""),
    ("""SyntaxError: Unexpected token '<', "<!DOCTYPE "... is not valid JSON\n    at f""", ""),
    ("""Unexpected token 'h', "hello" is not valid JSON""", ""),
    ("""Expected property name or '}' in JSON at position 1 (line 1 column 2)""", ""),
    ("ann.lee@ex... , is not valid JSON", ""),
]


@pytest.mark.parametrize(("said", "shown"), SAID)
def test_where_a_quote_is_cut_it_has_no_half_words(said: str, shown: str) -> None:
    assert whole_words(said) == (shown or said)
