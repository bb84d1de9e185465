"""Samples of plain data: short, whole entries, the true place of what is missing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.engine.path import parse_path
from mcp_codeexec.filtering.sample import PATH, SHAPE, sample, shape

SHAPES: list[tuple[Any, str]] = [
    ([], "Array(0)"),
    ([1, 2.5], "Array(2) of number"),
    ([1, None, "a", True, [], {}], "Array(6) of number | null | string | boolean | Array | Object"),
    ([{"a": 1, "b": "x"}, {"a": None}], "Array(2) of {a: number | null, b?: string}"),
    ([{"odd key": 1}], 'Array(1) of {"odd key": number}'),
    ({"a": 1, "b": {}}, "Object(2)"),
    ({"x": {"n": 1}, "y": {"n": 2}}, "Object(2) of {n: number}"),
    ("text", "string"),
]


@pytest.mark.parametrize(("value", "said"), SHAPES)
def test_a_shape_says_what_there_is(value: Any, said: str) -> None:
    assert shape(value) == said


def test_a_shape_is_short() -> None:
    assert len(shape([{f"a{n}": n for n in range(900)}])) < SHAPE


def test_records_are_shown_a_line_each_and_whole() -> None:
    rows: list[Any] = [{"id": n, "tags": ["a", "b"]} for n in range(900)]
    lines = sample(rows, 500).text[1:-1].split(",\n ")
    (said,) = [line for line in lines if "…" in line]
    shown = [json.loads(line) for line in lines if line != said]
    assert said == f"… {900 - len(shown)} items left out …"
    assert shown == [*rows[: lines.index(said)], *rows[lines.index(said) - len(shown) :]]


def test_no_token_is_split_and_no_key_lost() -> None:
    text = sample({"[EMAIL_k3f9q2]" * 40: "[EMAIL_k3f9q2] " * 400, "b": 1}, 400).text
    assert not set("[_") & set(text.replace("[EMAIL_k3f9q2]", ""))
    assert '"b": 1' in text


def test_a_path_leads_only_through_what_can_be_asked_for() -> None:
    hidden = sample({"[REDACTED:token]": {"a": "x" * 900}}, 200).gap
    long = sample({"a": {"k" * 100: "x" * 900}}, 400).gap
    assert hidden is not None
    assert long is not None
    assert (hidden.path, long.path) == ("", "a")


def repeated(text: str, times: int) -> str:
    return text * times


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.builds(repeated, st.text(max_size=9), st.integers(0, 60)),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=30), inner, max_size=9),
    max_leaves=40,
)


@given(value=values, room=st.integers(60, 900))
def test_a_sample_fits_and_its_gap_is_there(value: Any, room: int) -> None:
    made = sample(value, room)
    assert len(made.text) <= room
    if made.gap is None:
        assert json.loads(made.text) == value
        return
    at = value
    for key in parse_path(made.gap.path):
        at = at[key]
    assert len(at) > 0
    assert 0 <= made.gap.kept <= made.gap.total
    assert len(made.gap.path) <= PATH


def test_nesting_costs_nothing() -> None:
    value: Any = "x" * 9_000
    for _ in range(60):
        value = [value, {"a": value}] if _ % 20 == 0 else [value]
    assert len(sample(value, 1_500).text) <= 1_500
