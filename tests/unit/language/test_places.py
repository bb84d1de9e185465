"""Ranges, edits and places: pure functions, held against the slow way of doing the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.language.edits import Edits, Output
from mcp_codeexec.language.grammar import parse
from mcp_codeexec.language.nesting import Nesting, Range
from mcp_codeexec.language.positions import Lines, SourceMap
from mcp_codeexec.language.scopes import Scopes
from mcp_codeexec.model import Position


@st.composite
def nested(draw: st.DrawFn, start: int = 0, end: int = 40) -> list[Range]:
    """Ranges as syntax nodes have them: apart, or one in the other."""
    if end - start < 2 or draw(st.booleans()):
        return []
    cut = draw(st.integers(start + 1, end - 1))
    both = draw(nested(start, cut)) + draw(nested(cut, end))
    return [(start, end), *both] if draw(st.booleans()) else both


@given(nested(), st.integers(-1, 41))
def test_the_innermost_range_is_the_shortest_around(ranges: list[Range], at: int) -> None:
    around = [r for r in ranges if r[0] <= at < r[1]]
    assert Nesting(ranges).around(at) == (min(around, key=lambda r: r[1] - r[0]) if around else None)


@given(st.text(alphabet="aé😀\n\r\u2028", max_size=30))
def test_every_offset_of_a_text_has_its_place_and_back(text: str) -> None:
    lines = Lines(text.encode())
    for index in range(len(text) + 1):
        if text[index - 1 : index + 1] == "\r\n":
            continue  # within a line end
        offset = len(text[:index].encode())
        assert lines.offset(*lines.place(offset)) == offset


@pytest.mark.parametrize(
    ("text", "offset", "position"),
    [
        ("ab", 1, Position(1, 2)),
        ("a\nb", 2, Position(2, 1)),
        ("a\r\nb", 3, Position(2, 1)),
        ("a\rb", 2, Position(2, 1)),
        ("😀b", 4, Position(1, 2)),
        ("a\u2028b", 4, Position(2, 1)),
        ("", 0, Position(1, 1)),
    ],
)
def test_columns_count_characters(text: str, offset: int, position: Position) -> None:
    assert Lines(text.encode()).position_at(offset) == position


def test_a_column_within_a_wide_character_is_that_characters() -> None:
    assert Lines("😀b".encode()).position(1, 2) == Position(1, 1)


@pytest.mark.parametrize(
    ("mappings", "place", "original"),
    [
        ("AAAA", (1, 1), (1, 1)),
        ("AAAA", (1, 9), (1, 1)),
        ("AAAA,IAAM", (1, 5), (1, 7)),
        (";AACA;AADE", (3, 1), (1, 3)),
        ("AAgCA", (1, 1), (33, 1)),
        ("AAAA", (2, 1), None),
        ("", (1, 1), None),
        ("EAAA", (1, 1), None),
        ("A", (1, 1), None),
        ("!!!!", (1, 1), (1, 1)),
    ],
)
def test_a_source_map_leads_back(mappings: str, place: tuple[int, int], original: tuple[int, int] | None) -> None:
    assert SourceMap(mappings).original(*place) == original


def test_edits_keep_their_order_and_moved_ranges_their_edits() -> None:
    edits = Edits()
    edits.replace(4, 7, "two")
    edits.insert(4, "<")
    edits.insert(4, "<")
    edits.insert(7, ">")
    edits.close(7, ")")
    edits.replace(9, 10, "H")
    edits.move(8, 13, 0, "[", "]", "_")
    output = Output(b"one 222 three", edits)
    assert output.text == b"[tHree]one <<two)> _"
    assert [output.origin(output.text.index(part)) for part in (b"t", b"ree", b"one", b"two")] == [8, 10, 0, 4]
    assert output.origin(1_000) is None


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("x; let x", True),
        ("{ let x } x", False),
        ("{ var x } x", True),
        ("() => { var x }; x", False),
        ("{ function x() {} } x", True),
        ("(function x() {}); x", False),
        ("function x() {} x", True),
        ("(class x {}); x", False),
        ("function f(x) {} x", False),
        ("function f() { x } var x", True),
        ("x => x", True),
        ("({x}, [x]) => { { x } }", True),
        ("try {} catch ({x}) { x }", True),
        ("try {} catch (x) {} x", False),
        ("for (let x of y) x", True),
        ("for (let x of y); x", False),
        ("for (var x of y); x", True),
        ("import { y as x } from 'z'; x", True),
        ("import { x as y } from 'z'; x", False),
        ("enum x {} x", True),
        ("class A { m(x) { x } }", True),
        ("class A { m(x) {} n() { x } }", False),
        ("class A { static { var x } } x", False),
    ],
)
def test_the_last_x_is_bound_or_not(text: str, bound: bool) -> None:
    assert Scopes(parse(text.encode()).root_node, {"x"}).binds("x", text.rindex("x")) == bound
