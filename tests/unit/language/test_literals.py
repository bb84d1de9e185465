"""Tokens in literals: where a value is put, how it is written, and what stays as it is."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_codeexec import Engine
from mcp_codeexec.language.literals import with_tokens
from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.model import Erased

T = "[EMAIL_k3f9q2]"
VALUE = "ann.lee@example.com"


def body(text: str, value: str = VALUE) -> str:
    return prepare(Erased(text), text, {}, {T: value}).body


PUT = [
    f"f('{T}')",
    f'f("{T}")',
    f"f(`{T}`)",
    f"f(`a ${{`b {T}`}} {T}`)",
    f"f({{'{T}': 1}})",
    f"o['{T}'] = 1; f()",
    f"class A {{ '{T}'() {{}} }} f()",
    f"({{'{T}': x}} = o); f()",
    f'f(\'{{"to": "{T}", "cc": ["{T}"]}}\')',
    f"f(String.raw`{T}`)",
    f"function g() {{ return '{T}' }} f()",
    f"'{T}'; f()",
]
KEPT = [
    f"f({T})",
    f"f(/{T}/)",
    f"f(/{T}/g.test('a'))",
    f"f() // '{T}'",
    f"/* `{T}` */ f()",
    f"f('\\{T}')",
    "f('[EMAIL_' + 'k3f9q2]')",
    "f('[EMAIL_zzzzzz]', '[PHONE_k3f9q2]', '[REDACTED:password]')",
    f"f('{T}'",  # does not parse
]


@pytest.mark.parametrize("text", PUT)
def test_strings_templates_and_quoted_keys_get_the_value(text: str) -> None:
    assert T not in body(text)
    assert body(text).replace(VALUE, T) == prepare(Erased(text), text, {}).body


@pytest.mark.parametrize("text", KEPT)
def test_anything_else_keeps_its_token(text: str) -> None:
    assert body(text) == prepare(Erased(text), text, {}).body


def test_a_tag_reads_only_what_needs_no_escape() -> None:
    assert body(f"g`{T}`", "a") == "return (g`a`)"
    assert T in body(f"g`{T}`", "a\\b")
    assert T not in body(f"f(`{T}`)", "a\\b")


def test_a_name_with_a_quote_is_written_as_it_is_where_the_other_quote_can_be_used() -> None:
    assert 'f("mail o\'neil@example.com")' in body(f"f('mail {T}')", "o'neil@example.com")
    assert "f('a \"b\" o\\'neil@example.com')" in body(f"f('a \"b\" {T}')", "o'neil@example.com")


def test_no_repr_shows_a_value() -> None:
    text = f"f('{T}')"
    assert VALUE not in repr(prepare(Erased(text), text, {}, {T: VALUE}))


def test_places_are_those_of_the_submitted_text() -> None:
    text = f"f('{T}', `{T}`); g()"
    made = prepare(Erased(text), text, {}, {T: "a\nb\u2028c `much longer` than its token was"})
    place = made.locate(1, made.body.index("g()") + 1)
    assert place is not None
    assert (place.line, place.column) == (1, text.index("g()") + 1)


FORMS = ["'{}'", '"{}"', "`{}`", "'a\\0{}'", "`\\0{}`", "`${}{{b`", "'it\\'s \"{}\"'", "`${{'{}'}}`", "Object.keys({{'{}': 1}})[0]"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.sampled_from("ab0 7'\"`\\${}\n\r\t\u2028\u2029\0é😀\ud800/*<!"), min_size=1, max_size=12))
async def test_every_value_arrives_in_every_form_as_it_is(language_engine: Engine, value: str) -> None:
    """Evaluated by V8: the same text as that of a JSON string, whatever the value."""
    pairs = ", ".join(f"[{form.format(T)}, {form.format('~~')}]" for form in FORMS)
    text = f"[{pairs}].map(([made, raw]) => made === raw.replaceAll('~~', () => {json.dumps(value)}))"
    outcome = await language_engine.execute(prepare(Erased(text), text, {}, {T: value}).body)
    assert outcome.value == [True] * len(FORMS)


def test_tokens_of_a_text_are_renamed_by_what_they_are_in() -> None:
    text = f"const a: '{T}' = '{T}'; /* {T} */ const b = `${{{T}}} {T}`, c = /{T}/; x = {T}"
    expected = "const a: 'said' = 'said'; /* said */ const b = `${meant} said`, c = /meant/; x = meant"
    assert with_tokens(text, lambda _: "said", lambda _: "meant") == expected


def test_thousands_of_tokens_get_their_values() -> None:
    text = f"f(`{T}${{'{T}'}}" + f"\\n{T}" * 2_000 + "`, " + f"'{T}', " * 2_000 + "1)"
    assert T not in body(text)
    assert body(text).count(VALUE) == 4_002
