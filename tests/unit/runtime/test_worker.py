"""A session's runs in a real worker: what they leave, what they throw, and what the host reads and writes between them."""

import json

import pytest

from mcp_codeexec.model import Segment
from tests.unit.runtime.sessions import Session


async def test_the_previous_value_of_an_ok_run_is_at_hand(session: Session) -> None:
    assert await session.json("40") == "40"
    await session.run("throw 1")
    assert await session.json("_ + 2") == "42"
    await session.run("_ = 'mine'", "_")
    assert await session.json("7") == "7"
    assert await session.json("_") == '"mine"'


async def test_names_that_nobody_declared_are_told(session: Session) -> None:
    raw = await session.run("undeclared = 5; return undeclared")
    assert raw.made == ("undeclared",)
    assert [(v.name, v.preview) for v in raw.variables] == [("undeclared", "5")]
    assert session.worker.names == {"undeclared": "global"}
    assert (await session.run("undeclared = 6")).made == ()
    assert await session.json("undeclared") == "6"


async def test_a_body_that_does_not_parse_changes_nothing_and_says_where(session: Session) -> None:
    raw = await session.run("a = 1;\n  b = = 2;", "a", "b")
    assert raw.error is not None
    assert (raw.status, raw.error.name, raw.error.line, raw.error.column) == ("error", "SyntaxError", 2, 7)
    assert session.worker.names == {}
    assert await session.json("typeof a") == '"undefined"'
    raw = await session.run("a = 1; return a", "a")
    assert raw.status == "ok"


THROWN = [
    ("throw new TypeError('m')", "TypeError", "m"),
    ("throw new (class Mine extends Error {})('m')", "Mine", "m"),
    ("throw Object.assign(new Error('m'), {name: 'Named'})", "Named", "m"),
    ("throw new Error('m', {cause: new RangeError('c')})", "Error", "m\ncaused by RangeError: c"),
    ("throw new AggregateError([new Error('x'), 2], 'm')", "AggregateError", "m\n  [0] Error: x\n  [1] 2"),
    ("throw 'text'", "Thrown", "text"),
    ("throw Object.create(DOMException.prototype)", "Thrown", "[object DOMException]"),
    ("throw Object.create(Error.prototype)", "Thrown", "[Error]"),
    ("throw undefined", "Thrown", "undefined"),
    ("throw {a: 1}", "Thrown", "{ a: 1 }"),
    ("throw new DOMException('m', 'AbortError')", "AbortError", "m"),
    ("structuredClone(() => 1)", "DataCloneError", "() => 1 could not be cloned."),
    ("await Promise.reject(new Error('m'))", "Error", "m"),
    ("await new Promise(() => { throw new Error('m') })", "Error", "m"),
    ("const f = () => f(); f()", "RangeError", "Maximum call stack size exceeded"),
    ("throw new Error('a\\ud800')", "Error", "a\ufffd"),
]


@pytest.mark.parametrize(("body", "name", "message"), THROWN)
async def test_what_is_thrown_is_told(session: Session, body: str, name: str, message: str) -> None:
    raw = await session.run(body)
    assert raw.error is not None
    assert (raw.status, raw.error.name, raw.error.message) == ("error", name, message)


async def test_a_stack_has_the_sessions_frames_and_no_path(session: Session) -> None:
    await session.run("g = () => {\n  throw new Error('deep');\n};", "g")
    raw = await session.run("\n  const f = () => g();\nawait [1].map(f)")
    assert raw.error is not None
    assert (
        raw.error.stack.split("\n")
        == [
            "Error: deep",
            "    at g (run1:2:9)",
            "    at f (run2:2:19)",
            "    at run2:3:11",
        ]
        or raw.error.stack.count("run2:3") == 1
    )
    printed = await session.run("try { g() } catch (error) { console.log(error) }")
    for text in (raw.error.stack, printed.console.head):
        assert not any(word in text for word in ("file:", "node:", "ext:", "session_worker", "/"))


async def test_a_table_tells_the_names_that_are_there(session: Session) -> None:
    await session.run("a = 1; b = [1, 2]; c = 'xyz'; d = {k: 1}; e = (x) => x; f = new Map([[1, 1]]); g = 5", *"abcdef")
    rows = await session.worker.table([*"abcdefg", "nothing", "Object"])
    assert [(r.name, r.type, r.size, r.preview) for r in rows] == [
        ("a", "number", 0, "1"),
        ("b", "Array(2)", 2, "[1,2]"),
        ("c", "string", 3, '"xyz"'),
        ("d", "Object", 1, '{"k":1}'),
        ("e", "function", 0, "function"),
        ("f", "Map(1)", 1, "Map(1) {  }"),
        ("g", "number", 0, "5"),
    ]


PAGES: list[tuple[str, list[str | int], int, int, str, str, int]] = [
    ("new (class Point { x = 1 })", [], 0, 50, "Point { x: 1 }", "chars", 14),
    ("'hello'", [], 1, 3, "ell", "chars", 5),
    ("[10, 20, 30]", [], 1, 5, "[20,30]", "items", 3),
    ("[10, 20, 30]", [-1], 0, 5, "30", "chars", 2),
    ("{a: {b: ['x']}}", ["a", "b", 0], 0, 5, "x", "chars", 1),
    ("new Map([['k', {v: 1}]])", ["k", "v"], 0, 5, "1", "chars", 1),
    ("new Set([1, 2, 3])", [], 2, 5, "[3]", "items", 3),
    ("new Uint8Array([7, 8, 9])", [], 1, 1, "[8]", "bytes", 3),
    ("new Float64Array([1.5, 2.5])", [1], 0, 1, "2", "chars", 3),
    ("{a: 1, b: 2, c: 3}", [], 1, 1, '{"b":2}', "items", 3),
    ("Object.assign(Object.create(null), {a: 1})", [], 0, 5, '{"a":1}', "items", 1),
    ("{get a() { return 1 }, b: 2}", [], 0, 1, "{ a: [Getter] }", "items", 2),
    ("Object.defineProperty({a: 1}, 'hidden', {value: 2})", [], 0, 5, "{ a: 1 }", "items", 1),
    ("[1, , 3]", [], 1, 2, "[ <1 empty item>, 3 ]", "items", 3),
    ("Array(4_000_000_000)", [], 3_999_999_999, 5, "[ <1 empty item> ]", "items", 4_000_000_000),
    ("new Map([[{k: 1}, 2], ['x', 3]])", [], 0, 1, '[[{"k":1},2]]', "items", 2),
    ("new Map([[null, 1], [7n, 2], ['7', 3]])", ["7"], 0, 5, "3", "chars", 1),
    ("new Map([[null, 1], [7n, 2]])", ["7"], 0, 5, "2", "chars", 1),
    ("new Set(['a', {b: 1}])", [-1, "b"], 0, 5, "1", "chars", 1),
    ("new Uint16Array([1, 2, 3])", [], 1, 5, "[2,3]", "items", 3),
    ("BigInt64Array.of(1n, 2n)", [], 1, 5, "[ 2n ]", "items", 2),
    ("new Uint8Array([1, 2]).buffer", [], 1, 5, "[2]", "bytes", 2),
    ("(a) => a", [], 0, 50, "(a) => a", "chars", 8),
    ("'abc'", [1], 0, 5, "b", "chars", 1),
]


async def test_a_value_is_read_in_pages_and_parts(session: Session) -> None:
    for expression, path, offset, limit, text, unit, total in PAGES:
        await session.run(f"v = {expression}", "v")
        page = await session.worker.describe("v", path, offset, limit, 1_000)
        assert page is not None, expression
        assert (page.value.text or page.value.json, page.value.unit, page.value.total) == (text, unit, total)
    for path in (["x"], [9], ["length", 0], ["__proto__"], ["constructor"]):
        assert await session.worker.describe("v", path, 0, 1, 100) is None
    assert await session.worker.describe("nothing", [], 0, 1, 100) is None
    assert await session.worker.describe("Object", [], 0, 1, 100) is None


async def test_what_is_only_looked_at_is_not_evaluated(session: Session) -> None:
    """Bytes that nobody's session wrote: a function, and a class, whose text would do something when it is evaluated."""
    text = b"(hits = 1, () => 1)"
    bare = b"\x01\x02"  # no prototype, no properties
    function = b"\x1e" + bytes([len(text), 0, len(text)]) + text + b"\x00" + bare
    cls = b"\x1f\x01" + bare + b"\x00" + bare  # no parent; no private fields
    evil = {2: "class { [hits = 2]() {} }"}
    segments = [
        Segment("damaged", "by_source", first=0, data=function[:-1], format="1 deno"),
        Segment("f", "by_source", first=1, data=function, format="1 deno"),
        Segment("c", "by_source", first=2, data=cls, classes=evil, format="1 deno"),
        Segment("later", "exact", first=5, data=b"\x00", format="99 deno"),
    ]
    assert await session.worker.look(segments) == {"f", "c"}
    for name, source in (("f", text.decode()), ("c", evil[2])):
        page = await session.worker.describe(name, [], 0, 100, 1_000)
        assert page is not None
        assert page.value.text == source
    assert await session.worker.describe("hits", [], 0, 5, 100) is None
    await session.worker.restore(segments, {}, {evil[2]: f"({evil[2]})"})
    hits = await session.worker.describe("hits", [], 0, 5, 100)
    assert hits is not None
    assert hits.value.json == "2"


async def test_the_host_can_give_a_session_data(session: Session) -> None:
    data = {"text": "ä\u2028'\"\\", "list": [1, None, {"__proto__": 2}], "n": 1e300}
    [row], segments = await session.worker.assign("given", json.dumps(data).encode())
    assert {s.name: s.kept for s in segments}["given"] == "exact"
    assert (row.name, row.type, row.size) == ("given", "Object", 3)
    assert json.loads(await session.json("given")) == data
    await session.worker.assign("given", b'"again"')
    assert await session.json("given") == '"again"'
    assert session.worker.names == {"given": "let"}


async def test_data_of_many_megabytes_arrives_in_the_memory_there_is(session: Session) -> None:
    await session.worker.assign("given", json.dumps("x" * 8_000_000).encode())
    assert await session.json("given.length") == "8000000"


async def test_usage_is_of_this_run(session: Session) -> None:
    busy = await session.run("const until = Date.now() + 60; while (Date.now() < until);")
    idle = await session.run("await new Promise(r => setTimeout(r, 60))")
    assert busy.usage.cpu_ms > idle.usage.cpu_ms
    assert min(busy.usage.wall_ms, idle.usage.wall_ms) >= 59
    assert 20 < idle.usage.peak_memory_mb < 100
