"""Reading variables: the same of a suspended session as of a live one, page after page, and never by running code of the session's."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.answers import VariableAnswer
from mcp_codeexec.errors import VariableNotFound
from mcp_codeexec.settings import Settings

MAKES = r"""
let ran = 0; const hit = () => { ran++; return 'hit' };
const shared = {n: 1}, uses = [shared, {again: shared}], list = [[1, 2], {deep: [10, 20, 30]}, 'text'], holes = [1, , undefined];
const object = {'odd key': 'x', "it's": 1, list: [1, 2]}, m = new Map([['k', {v: [7]}], [5, 'five'], [{key: 1}, 'by object']]);
const s = new Set(['a', {b: 2}]), floats = new Float64Array([1.5, NaN]), bigs = BigInt64Array.of(1n, -2n), none = undefined, nan = NaN;
function add(a, b) { return a + b } add.memo = {1: 2};
const later = async () => 1, inside = {add, later, *each() {}, get asked() { return hit() }};
class Point { static origin = [0, 0]; constructor(x) { this.x = x } get length() { return hit() } toString() { return hit() } }
class Pixel extends Point { color = 'red'; [Symbol.toPrimitive]() { return hit() } get [Symbol.toStringTag]() { return hit() } }
const point = new Point(3), points = [point, new Pixel(4)];
class Odd { [hit()]() { return 1 } } ran = 0; const odd = new Odd();
const hostile = [{get a() { return hit() }, toJSON: hit, toString: hit, valueOf: hit, [Symbol.toPrimitive]: hit},
  Object.create({get constructor() { return hit() }, get [Symbol.toStringTag]() { return hit() }}, {own: {value: 1, enumerable: true}}),
  Object.assign(new Error('boom'), {toString: hit}), Object.defineProperty(new Map([[1, 2]]), 'size', {get: hit})];
const counter = (() => { let n = 0; return () => ++n })(), pending = Promise.resolve(1), proxy = new Proxy({}, {get: hit, ownKeys: hit});
[1, {last: true}]
"""

VALUES: list[tuple[str, str, object]] = [
    ("uses", "", [{"n": 1}, {"again": {"n": 1}}]),
    ("list", "[1].deep[-1]", 30),
    ("list", "[-1][0]", "t"),
    ("holes", "", "[ 1, <1 empty item>, undefined ]"),
    ("object", "", {"odd key": "x", "it's": 1, "list": [1, 2]}),
    ("object", '["odd key"]', "x"),
    ("object", "['it\\'s']", 1),
    ("m", "", [["k", {"v": [7]}], [5, "five"], [{"key": 1}, "by object"]]),
    ("m", "k.v[0]", 7),
    ("m", "[5]", "five"),
    ("m", '["5"]', "five"),
    ("s", "", ["a", {"b": 2}]),
    ("s", "[-1].b", 2),
    ("floats", "", "Float64Array(2) [ 1.5, NaN ]"),
    ("bigs", "[-1]", "-2n"),
    ("none", "", "undefined"),
    ("nan", "", "NaN"),
    ("add", "", "function (a, b) { return a + b }\n[Function: add] { memo: { \"1\": 2 } }"),
    ("later", "", "async () => 1"),
    ("inside", "", "{ add: [Function: add], later: [Function: later], each: [Function: each], asked: [Getter/Setter] }"),
    ("Point", "origin", [0, 0]),
    ("point", "", "Point { x: 3 }"),
    ("points", "[0].x", 3),
    ("points", "", "[ Point { x: 3 }, Pixel { x: 4, color: \"red\" } ]"),
    ("odd", "", "Odd {}"),
    ("hostile", "[1]", "Object { own: 1 }"),
    ("hostile", "[2].message", "boom"),
    ("_", "[1].last", True),
]  # fmt: skip


def shown(answer: VariableAnswer) -> object:
    return answer.value if "value" in answer.model_fields_set else answer.value_text


@pytest.fixture
async def engines(tmp_path: Path) -> AsyncGenerator[tuple[Engine, Engine]]:
    """Two on one store: a session of the first is a suspended one to the second."""
    settings = Settings.load({"data_dir": tmp_path, "spare_workers": 1})
    async with Engine(settings) as live, Engine(settings) as other:
        yield live, other


async def processes(engine: Engine) -> object:
    pool = (await engine.status()).figures["pool"]
    assert isinstance(pool, dict)
    return pool["busy"]


async def test_a_suspended_session_tells_what_a_live_one_does_and_stays_suspended(engines: tuple[Engine, Engine]) -> None:
    live, other = engines
    made = await live.execute(MAKES)
    assert made.status == "ok", made
    session = made.session_id
    wrong: list[object] = []
    for name, path, expected in VALUES:
        here, there = await live.get_variable(session, name, path), await other.get_variable(session, name, path)
        if shown(here) != expected or here != there:
            wrong.append((name, path, expected, here, there))
    for number in range(4):
        assert shown(await other.get_variable(session, "hostile", f"[{number}]"))
    assert not wrong, "\n".join(map(str, wrong))
    assert await processes(other) == 0
    restored = await other.execute("[ran, point.x, uses[1].again === shared]", session)
    assert restored.value == [0, 3, True]
    assert {"Odd", "odd"} <= set(
        restored.lost
    )  # made again by its source, which the name of its method stops: looking took no source


async def test_what_a_suspended_session_has_lost_is_named_with_the_reason(engines: tuple[Engine, Engine]) -> None:
    live, other = engines
    session = (await live.execute(MAKES + "; pending")).session_id
    for name, why in (("counter", "a closure"), ("pending", "a Promise"), ("proxy", "a Proxy")):
        assert shown(await live.get_variable(session, name))
        with pytest.raises(VariableNotFound, match=rf"^{name} was lost with the session's process \({why}\)\.$") as caught:
            await other.get_variable(session, name)
        assert caught.value.hint == "Define it again, from the code in session_history."
    table = await other.get_variable(session)
    assert await processes(other) == 0
    rows = {row.name: (row.type, row.kept, row.run) for row in table.variables}
    assert rows["counter"] == ("function, lost: a closure", "live_only", 1)
    assert rows["point"] == ("Point", "by_source", 1)
    assert {row.name: row.type for row in (await live.get_variable(session)).variables}["counter"] == "function"
    with pytest.raises(VariableNotFound, match=r"'point5'\. Did you mean point") as caught:
        await other.get_variable(session, "point5")
    assert "counter" not in caught.value.hint
    await live.execute("1; Promise.resolve()", session)
    await live.execute("const again = 5; new Proxy({}, {})", session)
    with pytest.raises(VariableNotFound, match="the previous value is not kept"):
        await other.get_variable(session, "_")


PAGED = [
    ("text", "'0123456789'.repeat(2_000)", 4),
    ("array", "Array.from({length: 5_000}, (_, i) => i)", 4),
    ("object", "Object.fromEntries(Array.from({length: 1_500}, (_, i) => ['k' + i, 'v'.repeat(i % 9)]))", 4),
    ("map", "new Map(Array.from({length: 1_000}, (_, i) => ['k' + i, {i}]))", 4),
    ("set", "new Set(Array.from({length: 2_500}, (_, i) => -i))", 3),
    ("bytes", "new Uint8Array(3_000).fill(7)", 2),
    ("doubles", "new Float64Array(3_000).fill(0.5)", 3),
    ("mail", "Array.from({length: 400}, (_, i) => 'u' + i + '@example.com').join(' ')", 2),
    ("mails", "Array.from({length: 900}, (_, i) => 'u@a' + i + '.de')", 2),
    ("texts", "['a'.repeat(9_000), 'b', 'c'.repeat(9_000)]", 3),
    ("dates", "Array.from({length: 250}, (_, i) => new Date(i))", 3),
    ("mixed", "Array.from({length: 200}, (_, i) => i % 2 ? undefined : i)", 2),
]


async def test_next_is_the_exact_call_and_the_pages_are_the_whole(engines: tuple[Engine, Engine]) -> None:
    """By a live heap; what has little to read also of a suspended session."""
    live, other = engines
    session = (await live.execute("\n".join(f"const {name} = {code};" for name, code, _ in PAGED) + "0")).session_id
    for name, _, least in PAGED:
        pages = [await live.get_variable(session, name)]
        while pages[-1].next:
            pages.append(await eval(pages[-1].next, {"get_variable": live.get_variable}))
        assert len(pages) >= least, name
        assert [page.offset for page in pages[1:]] == [page.offset + page.count for page in pages[:-1]], name
        assert pages[-1].offset + pages[-1].count == pages[0].total, name
        assert all(len(str(page.structure())) < 13_000 for page in pages), name
        if name in ("mail", "array"):
            assert pages[1] == await eval(pages[0].next, {"get_variable": other.get_variable})
        if name in ("mail", "mails"):
            assert "@" not in str(pages)
    assert (await live.get_variable(session, "object", "", 1_498)).value == {"k1498": "v" * 4, "k1499": "v" * 5}
    assert (await live.get_variable(session, "texts", "", 2)).value_text.endswith(
        f'whole: get_variable("{session}", "texts", path="[2]")'
    )
    assert (await live.get_variable(session, "map", "", 998)).value == [["k998", {"i": 998}], ["k999", {"i": 999}]]
    few = await live.get_variable(session, "array", "", 10, 2)
    assert (few.value, few.next) == ([10, 11], f'get_variable("{session}", "array", offset=12, limit=2)')
    names = await live.get_variable(session, limit=5)
    assert [row.name for row in names.variables] == ["array", "bytes", "dates", "doubles", "mail"]
    assert names.next == f'get_variable("{session}", offset=5, limit=5)'


async def test_a_page_however_much_is_asked_for_fits_an_answer_and_costs_nothing(engines: tuple[Engine, Engine]) -> None:
    live, _ = engines
    session = (await live.execute("const text = 'x'.repeat(3_000_000), left = Promise.resolve(1); 0")).session_id
    page = await live.get_variable(session, "text", limit=2_000_000)
    assert (page.count, page.total) == (6_000, 3_000_000)
    assert (await live.execute("typeof left", session)).value == "object"


async def test_a_page_that_begins_within_a_token_says_where_it_begins(engines: tuple[Engine, Engine]) -> None:
    _, other = engines
    session = (await other.execute("const text = 'x'.repeat(90) + ' anna@example.com ' + 'y'.repeat(100); 0")).session_id
    page = await other.get_variable(session, "text", "", 95, 20)
    assert (page.offset, page.count) == (91, 24)
    assert page.value_text.startswith("[EMAIL_")
    assert page.next == f'get_variable("{session}", "text", offset=115, limit=20)'


async def test_a_secret_beyond_what_is_printed_is_not_shown_as_data(engines: tuple[Engine, Engine]) -> None:
    live, _ = engines
    key = "ghp_" + "a1B2c3D4e5" * 3 + "F6g7H8"
    code = f"const o = {{a: 'x'.repeat(300) + ' {key}'}}, deep = {{a: {{b: {{c: {{d: {{e: {{f: ' {key} '}}}}}}}}}}}}; 0"
    session = (await live.execute(code)).session_id
    for name in ("o", "deep"):
        page = await live.get_variable(session, name)
        assert "[REDACTED:" in str(page.value)
        assert "a1B2" not in str(page)
