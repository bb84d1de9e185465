"""The budget: what is cut, what is said about it, and that it always holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.answers import Change, Cut, ErrorInfo, Outcome, UsageInfo
from mcp_codeexec.filtering import fit
from mcp_codeexec.filtering.budget import VARIABLES, weight
from mcp_codeexec.filtering.excerpt import excerpt
from mcp_codeexec.model import Status

SESSION = "ses_4Jw9kQ2mXr7TbN0pLc5VyA"
BUDGET = 8_000


def outcome(status: Status = "ok", **fields: Any) -> Outcome:
    return Outcome(session_id=SESSION, run=7, status=status, **fields)


def only_cut(fitted: Outcome) -> Cut:
    (cut,) = fitted.truncated
    return cut


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"value": None},
        {"value": [1, {"a": "b"}], "output": "hello\n", "usage": UsageInfo(wall_ms=1, cpu_ms=1, peak_memory_mb=50)},
        {"value": "x" * 7_000},
        {"truncated": [Cut(part="output", kept=1, total=9, get="session_history()")], "output": "x"},
    ],
)
def test_what_fits_is_returned_unchanged(fields: dict[str, Any]) -> None:
    whole = outcome(**fields)
    assert fit(whole, BUDGET) is whole


def test_a_long_string_keeps_head_and_tail_and_the_call_for_the_rest() -> None:
    text = "".join(f"{n:05d}\n" for n in range(10_000))
    fitted = fit(outcome(value=text), BUDGET)
    cut = only_cut(fitted)
    assert "value" not in fitted.structure()
    head, marker, tail = fitted.value_text.partition("… ")
    missing, _, tail = tail.partition(" characters left out …\n")
    assert marker
    assert text.startswith(head)
    assert text.endswith(tail)
    assert head.endswith("\n")
    assert len(tail) % 6 == 0
    assert 0.6 < len(head) / (len(head) + len(tail)) < 0.8
    assert cut == Cut(
        part="value",
        kept=len(head) + len(tail),
        total=60_000,
        get=f'get_variable("{SESSION}", "_", offset={len(head)})',
    )
    assert int(missing) == cut.total - cut.kept
    assert BUDGET * 0.9 < weight(fitted) <= BUDGET


def test_offsets_of_a_string_count_utf_16_units() -> None:
    fitted = fit(outcome(value="😀" * 20_000), BUDGET)
    assert only_cut(fitted).get == f'get_variable("{SESSION}", "_", offset={fitted.value_text.index(chr(10)) * 2})'


@pytest.mark.parametrize(
    ("value", "shown", "shape"),
    [
        ([{"n": n} for n in range(5_000)], '{{"n": {}}}', "Array(5000) of {n: number}"),
        ({f"k{n}": n for n in range(5_000)}, '"k{0}": {0}', "Object(5000)"),
    ],
    ids=["list", "object"],
)
def test_a_large_list_or_object_is_shape_count_and_samples(value: Any, shown: str, shape: str) -> None:
    fitted = fit(outcome(value=value), BUDGET)
    cut = only_cut(fitted)
    offset = int(cut.get.rpartition("=")[2][:-1])
    assert cut.get == f'get_variable("{SESSION}", "_", offset={offset})'
    assert (cut.total, fitted.value_type) == (5_000, shape)
    assert cut.kept == fitted.value_text.count(":")
    assert weight(fitted) < 2_500
    head = fitted.value_text.partition("…")[0]
    assert shown.format(offset - 1) in head
    assert shown.format(offset) not in head
    assert shown.format(4_999) in fitted.value_text


def test_what_is_large_inside_a_value_is_fetched_by_its_path() -> None:
    fitted = fit(outcome(value={"total": 3, "odd key": [{"rows": list(range(9_000))}]}), BUDGET)
    cut = only_cut(fitted)
    assert fitted.value_text.startswith('{"total": 3,\n "odd key": [{"rows": [0, 1, 2, ')
    assert fitted.value_type == '["odd key"][0].rows: Array(9000) of number'
    assert cut.get.startswith(f'get_variable("{SESSION}", "_", path="[\\"odd key\\"][0].rows", offset=')
    assert cut.total == 9_000


def test_base64_is_not_to_be_read() -> None:
    text = "data:application/x-thing;base64," + "Q29tcGlsZWQgYnl0ZXMgb2YgMQ" * 2_000
    fitted = fit(outcome(value=text), BUDGET)
    assert len(fitted.value_text) < 150
    assert fitted.value_text.startswith("data:application/x-thing;base64,Q29tc")
    assert only_cut(fitted).total == len(text)


@pytest.mark.parametrize(
    "fields",
    [{"value_text": "Map(9999) {" + "x" * 20_000, "value_type": "Map(9999)"}, {"value": "x" * 20_000, "redactions": {"secret": 1}}],
    ids=["as inspected", "with redactions"],
)
def test_the_rest_is_in_history_where_raw_offsets_are_not_known(fields: dict[str, Any]) -> None:
    fitted = fit(outcome(**fields), BUDGET)
    head = fitted.value_text.partition("\n…")[0]
    assert only_cut(fitted).get == f'session_history("{SESSION}", run=7, part="value", offset={len(head)})'


def test_output_is_cut_before_the_value() -> None:
    value = ["row"] * 500
    fitted = fit(outcome(value=value, output="line\n" * 10_000), BUDGET)
    head = fitted.output.partition("…")[0]
    assert fitted.value == value
    assert "value_text" not in fitted.structure()
    cut = only_cut(fitted)
    assert (cut.part, cut.total) == ("output", 50_000)
    assert cut.kept == len(fitted.output) - len(f"… {50_000 - cut.kept} characters left out …\n")
    assert cut.get == f'session_history("{SESSION}", run=7, part="output", offset={len(head)})'


def test_a_large_value_leaves_the_output_a_part() -> None:
    fitted = fit(outcome(value="v" * 50_000, output="o" * 50_000), BUDGET)
    assert 1_500 < len(fitted.output) < len(fitted.value_text)
    assert [cut.part for cut in fitted.truncated] == ["value", "output"]


def test_an_error_takes_a_quarter_at_most() -> None:
    error = ErrorInfo(name="RangeError", message="m" * 5_000, line=3, column=1, stack="s" * 9_000)
    fitted = fit(outcome(status="error", error=error, output="o" * 9_000), BUDGET)
    assert fitted.error is not None
    assert len(fitted.error.message) + len(fitted.error.stack) <= 2_000
    assert (fitted.error.name, fitted.error.line, fitted.error.column) == ("RangeError", 3, 1)
    assert "rule" not in fitted.error.model_fields_set
    cut = fitted.truncated[0]
    assert (cut.part, cut.total) == ("error", 14_000)
    head = fitted.error.message.partition("\n…")[0]
    assert cut.get == f'session_history("{SESSION}", run=7, part="error", offset={len(head)})'


def test_a_total_that_the_worker_reported_stands() -> None:
    whole = outcome(output="o" * 20_000, truncated=[Cut(part="output", kept=20_000, total=3_000_000, get="x")])
    assert only_cut(fit(whole, BUDGET)).total == 3_000_000


def test_long_lists_keep_their_first_entries() -> None:
    changes = [Change(name=f"v{n}", type="number", preview=str(n), kept="exact") for n in range(50)]
    fitted = fit(outcome(variables=changes), BUDGET)
    assert fitted.variables == changes[:VARIABLES]
    assert fitted.truncated == [Cut(part="variables", kept=20, total=50, get=f'get_variable("{SESSION}")')]
    faults = [ErrorInfo(name="Rejected", message="no " * 20, line=n, column=1, rule="no-eval") for n in range(1, 200)]
    fitted = fit(outcome(status="rejected", violations=faults), BUDGET)
    cut = only_cut(fitted)
    assert fitted.violations == faults[: cut.kept]
    assert (cut.part, cut.total) == ("violations", 199)


@pytest.mark.parametrize("room", range(1_000, 1_012))
def test_lines_stay_whole(room: int) -> None:
    cut = excerpt("12345\n" * 5_000, room)
    assert (cut.head % 6, cut.tail % 6) == (0, 0)
    assert room - 60 < len(cut.text) <= room


def test_a_long_hint_is_cut_to_its_share() -> None:
    fitted = fit(outcome(hint="h" * 9_000), BUDGET)
    assert fitted.hint == "h" * 499 + "…"


@pytest.mark.parametrize("token", ["[EMAIL_k3f9q2]", "[REDACTED:github_fine_grained_pat]"])
@pytest.mark.parametrize("before", range(40))
def test_no_cut_splits_a_token(token: str, before: int) -> None:
    text = "x" * before + (token + " ") * 400
    cut = excerpt(text, 1_000)
    assert len(cut.text) <= 1_000
    rest = cut.text.replace(token, "")
    assert not set("[]:_") & set(rest)


@given(text=st.text(max_size=400), room=st.integers(0, 450))
def test_an_excerpt_fits_and_counts_what_it_shows(text: str, room: int) -> None:
    cut = excerpt(text, room)
    assert len(cut.text) <= room
    assert cut.text.startswith(text[: cut.head])
    assert cut.text.endswith(text[len(text) - cut.tail :])
    assert (cut.kept == len(text)) == (cut.text == text)


def repeated(text: str, times: int) -> str:
    return text * times


texts = st.builds(repeated, st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.integers(0, 900))
names = st.text(max_size=20) | texts
errors = st.builds(ErrorInfo, name=names, message=texts, line=st.integers(1, 9), stack=texts, rule=names)
changes = st.builds(Change, name=names, type=names, preview=texts, kept=st.sampled_from(["exact", "by_source", "live_only"]))
parts = st.sampled_from(["value", "output", "error"])
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5),
    max_leaves=8,
)
cuts = st.builds(Cut, part=parts, kept=st.just(1), total=st.integers(10**6, 10**7), get=st.just("x" * 60))
fields: dict[str, st.SearchStrategy[Any]] = {
    "value": values,
    "value_text": texts,
    "value_type": names,
    "output": texts,
    "error": errors,
    "violations": st.lists(errors, max_size=4),
    "hint": names,
    "truncated": st.lists(cuts, max_size=3, unique_by=lambda cut: cut.part),
    "variables": st.lists(changes, max_size=30),
    "state": st.sampled_from(["restored", "rolled_back"]),
    "lost": st.lists(names, max_size=9),
    "redactions": st.just({"secret": 2, "email": 1}),
}
outcomes = st.fixed_dictionaries({}, optional=fields).map(lambda chosen: outcome(**chosen))


@given(whole=outcomes, budget=st.integers(1_000, 12_000))
def test_any_outcome_fits(whole: Outcome, budget: int) -> None:
    fitted = fit(whole, budget)
    assert weight(fitted) <= budget
    assert len(fitted.variables) <= VARIABLES
    assert fit(fitted, budget) is fitted
    assert fitted.model_fields_set <= whole.model_fields_set | {"value_text", "value_type", "truncated"}
    assert Outcome.model_validate(fitted.structure()) == fitted
    known = {cut.part: cut.total for cut in whole.truncated}
    totals = {
        "output": len(whole.output),
        "error": len(whole.error.message + whole.error.stack) if whole.error else 0,
        "variables": len(whole.variables),
        "violations": len(whole.violations),
        "lost": len(whole.lost),
    }
    for cut in fitted.truncated:
        assert cut.kept <= cut.total
        if cut.part in totals:
            assert cut.total == max(totals[cut.part], known.get(cut.part, 0))
    if fitted.output != whole.output:
        assert any(cut.part == "output" for cut in fitted.truncated)
