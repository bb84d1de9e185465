"""What is left of spans when they meet."""

import pytest

from mcp_codeexec.filtering.spans import EMAIL, Span, settle

TEXT = b"0123456789 ann@example.com [EMAIL_k3f9q2]"
ANN = Span(11, 26, EMAIL)


@pytest.mark.parametrize(
    ("spans", "settled"),
    [
        ([], []),
        ([Span(3, 3, "a")], []),
        ([Span(5, 9, "b"), Span(1, 3, "a")], [Span(1, 3, "a"), Span(5, 9, "b")]),
        ([Span(1, 3, "a"), Span(3, 5, "b")], [Span(1, 3, "a"), Span(3, 5, "b")]),
        ([Span(1, 3, "a"), Span(2, 9, "b")], [Span(1, 9, "b")]),
        ([Span(1, 8, "a"), Span(2, 5, "b"), Span(7, 9, "c")], [Span(1, 9, "a")]),
        ([Span(1, 5, "first"), Span(1, 5, "second")], [Span(1, 5, "first")]),
        ([ANN], [ANN]),
        ([ANN, Span(0, 14, "a")], [Span(0, 14, "a")]),
        ([ANN, Span(0, 13, "a")], [Span(0, 26, "a")]),
        ([ANN, Span(12, 13, "a")], [Span(11, 26, "a")]),
        ([ANN, Span(15, 26, "a")], [Span(11, 26, "a")]),
        ([Span(28, 34, "inside a token")], []),
        ([Span(26, 41, "around a token")], [Span(26, 41, "around a token")]),
    ],
)
def test_spans_are_in_order_and_apart(spans: list[Span], settled: list[Span]) -> None:
    assert settle(spans, TEXT) == settled


@pytest.mark.parametrize("span", [Span(2, 3, "a"), Span(3, 5, "a"), Span(1, 4, "a")])
def test_no_character_is_cut_in_two(span: Span) -> None:
    assert settle([span], "x😀y".encode()) == [Span(1, 5, "a")]
