"""What a cell means once it is prepared: its value, what it leaves to the next, where its errors are."""

import pytest

from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.model import Erased, Kind, Position, Program
from tests.unit.language.conftest import Run


def plain(text: str, names: dict[str, Kind] | None = None) -> Program:
    return prepare(Erased(text), text, names or {})


VALUES: list[tuple[str, object]] = [
    ("", None),
    ("// nothing", None),
    (";;;", None),
    ("1; // the last", 1),
    ("1; /* the last */ ;", 1),
    ("1, 2", 2),
    ("'use strict'", "use strict"),
    ("'use strict'; 'a'", "a"),
    ("#!/usr/bin/env x\n'use strict'\n5", 5),
    ("const a = 1", 1),
    ("const a = 1, b = 2", {"a": 1, "b": 2}),
    ("const [a] = [1]", {"a": 1}),
    ("let {a, ...rest} = {a: 1, b: 2}", {"a": 1, "rest": {"b": 2}}),
    ("let {} = {}", {}),
    ("const a = 1\nconst b = [a]\n;[...b, 2]", [1, 2]),
    ("let a = 1\n+1", 2),
    ("if (true) 5; else 6", 5),
    ("if (false) { 5 } else if (true) { let x = 6; x } else 7", 6),
    ("if (true) { const x = 3 }", 3),
    ("if (true) var x = 3", None),
    ("if (true) function f() {} else function f() {}", None),
    ("if (0) 1; else /* why */ 2 // so", 2),
    ("{ { 7 } }", 7),
    ("try { JSON.parse('{') } catch { 'caught' } finally { 'finally' }", "caught"),
    ("try { 1 } finally { 2 }", 1),
    ("switch (2) { case 1: 'a'; break; case 2: 'b'; break; default: 'c' }", "b"),
    ("switch (1) { case 1: 'a'; case 2: 'b' }", "b"),
    ("switch (1) { case 1: { 'a'; break } default: 'c' }", "a"),
    ("switch (9) { default: { 'c' } }", "c"),
    ("out: { if (true) break out; 5 }", None),
    ("out: { 5 }", 5),
    ("for (const x of [1]) x", None),
    ("while (false) 1", None),
    ("do 1; while (false)", None),
    ("for (const x of [1, 2]) if (x === 2) return x", 2),
    ("try { return 1 } finally { 2 }", 1),
    ("return", None),
    ("return; 5", None),
    ("(() => { return 4 })()", 4),
    ("await Promise.resolve(3)", 3),
    ("Promise.resolve(3)", 3),
    ("const p = Promise.resolve(3)", 3),
    ("for await (const x of [Promise.resolve(1)]) return x", 1),
    ("export const a = 1", 1),
    ("export default 1 + 1", 2),
    ("export default 1\nconst a = 5", 5),
    ("const a = 1; export { a }", 1),
    ("const a = 1; export { a as default }; export {}", 1),
    ("export function f() { return 1 }\nf()", 1),
    ("export default function f() { return 1 }\nf()", 1),
    ("export class A { static v = 1 }\nA.v", 1),
    ("const t = `a${`b${1 + 1}`}`; t", "ab2"),
    ("const r = /[/]\\/(?<a>x)/g; r.source", "[/]\\/(?<a>x)"),
    ("const o = { get v() { return 1 }, ['w']: 2, async *m() {} }; o.v + o.w", 3),
    ("a: for (const x of [1, 2]) { for (;;) { if (x > 1) break a; continue a } }\n8", 8),
    ("const o = {}; o?.a?.[0]?.(1) ?? 'none'", "none"),
    ("function F() { return new.target === F }\n[F(), typeof new F()]", [False, "object"]),
    ("class A { #x = 1; static has(o) { return #x in o } }\nA.has(new A())", True),
    ("class A { static { var inner = 5; this.v = inner } }\n[A.v, typeof inner]", [5, "undefined"]),
    ("let log = ''; { using u = { [Symbol.dispose]() { log += 'gone' } }; log += 'in ' }\nlog", "in gone"),
    ("const f = () => 1, g = class {}, { h = () => 2 } = {}; [f.name, g.name, h.name]", ["f", "g", "h"]),
    ("var yield = 1; let async = 2, of = 3; [yield, async, of]", [1, 2, 3]),
    ("let NaN = 1, ok = 2; ok", 2),
    ("typeof this", "object"),
    ("{a: 1}", {"a": 1}),
    ("{a: 1, b: [2]}", {"a": 1, "b": [2]}),
    ('{"a": 1}', {"a": 1}),
    ("const a = 1, b = 2\n{ a, b }", {"a": 1, "b": 2}),
    ("const a: number = 1, b = 2;\n{ a, /* and */ b } // so", {"a": 1, "b": 2}),
    ("const a = 1; { a, b: a + 1 };", {"a": 1, "b": 2}),
    ("const a = 1, b = 2; { a; b }", 2),
    ("const a = 1, b = 2; { a, b; }", 2),
    ("const a = 1, b = 2; if (a) { a, b }", 2),
    ("const a = 1, b = 2; { a, b }; 3", 3),
    ("const a = 1; { a }", 1),
]


@pytest.mark.parametrize(("text", "value"), VALUES, ids=[text for text, _ in VALUES])
async def test_a_cell_is_worth_its_last_value(run: Run, text: str, value: object) -> None:
    outcome = await run(text)
    assert (outcome.status, outcome.value) == ("ok", value)


SEQUENCES: list[tuple[tuple[str, ...], object]] = [
    (("if (true) var x = 1; else var y = 2", "[x, typeof y]"), [1, "undefined"]),
    (("for (var i = 0, n = 3; i < n; i++);", "[i, n]"), [3, 3]),
    (("for (var [k, v] of [[1, 2]]);", "[k, v]"), [1, 2]),
    (("for (var key in {a: 1});", "key"), "a"),
    (("for (var {a} = {a: 1}; a < 3; a++);", "a"), 3),
    (("for (let i = 0; i < 2; i++); for (const j of [1]);", "[typeof i, typeof j]"), ["undefined", "undefined"]),
    (("for await (var x of [1, 2]);", "x"), 2),
    (("do var z = 1\nwhile (0)", "z"), 1),
    (("label: var v = 1", "v"), 1),
    (("switch (1) { case 1: var s = 'a' }", "s"), "a"),
    (("try { var t = 1 } finally { var u = 2 }", "[t, u]"), [1, 2]),
    (("(() => { var hidden = 1 })(); { let inner = 2 }", "[typeof hidden, typeof inner]"), ["undefined", "undefined"]),
    (("var x = 1", "var x; x"), 1),
    (("let x = 1", "let x; typeof x"), "undefined"),
    (("let x = 1", "let x = x + 1; x"), 2),
    (("let x = 1", "const x = (() => { throw 1 })()", "x"), 1),
    (("const x = 1", "var x = 2", "function x() { return 3 }", "class x {}", "let x = 4", "x"), 4),
    (("function f() { return 1 }", "const g = f", "function f() { return 2 }", "[f(), g()]"), [2, 1]),
    (("function even(n) { return n === 0 || odd(n - 1) }", "function odd(n) { return n !== 0 && even(n - 1) }", "even(4)"), True),
    (("const before = f(); function f() { return [f.name, f.length] }", "before"), ["f", 0]),
    (("async function a() {} function* g() {} async function* h() {}", "[a, g, h].map(f => f.name)"), ["a", "g", "h"]),
    (("function old() { return 'old' }", "if (true) { function old() { return 'new' } }", "old()"), "new"),
    (("{ f(); function f() { f.n = 1 } }", "f.n"), 1),
    (("let f = 5; { function f() {} }", "f"), 5),
    (("const f = 5; { function f() {} }", "f"), 5),
    (("class f { static v = 5 } { function f() {} }", "f.v"), 5),
    (("if (false) { function f() {} }", "typeof f"), "undefined"),
    (("{ async function f() {} }", "typeof f"), "undefined"),
    (("a: function f() { return 1 }", "f()"), 1),
    (("const v = f(); a: b: function f() { return 1 }", "v"), 1),
    (("{ a: function f() {} }", "typeof f"), "undefined"),
    (("(() => { a: function f() {} if (true) function f() {} })()", "typeof f"), "undefined"),
    (("if (true) function f() { return f.name }", "f()"), "f"),
    (("if (false) function f() {}", "typeof f"), "undefined"),
    (("if (false) function f() { return 1 } else function f() { return 2 }", "f()"), 2),
    (("function f() { return 1 }", "if (false) function f() {}", "f()"), 1),
    (("let f = 1; if (true) function f() {} else function g() {}", "[f, typeof g]"), [1, "undefined"]),
    (("enum A { X }", "enum A { Y }", "A"), {"Y": 0, "0": "Y"}),
    (("enum A { X = 1 } enum A { Y = 2 }", "A"), {"X": 1, "1": "X", "Y": 2, "2": "Y"}),
    (("enum A { X = 'x' } const after = A.X", "after"), "x"),
    (("namespace N { export const a = 1 }", "namespace N { export const b = 2 }", "N"), {"b": 2}),
    (("namespace N { export const a = 1 } namespace N { export const b = 2 }", "N"), {"a": 1, "b": 2}),
    (("function f() { return 1 } namespace f { export const a = 2 }", "[f(), f.a]"), [1, 2]),
    (("class C {} namespace C { export const a = 2 }", "C.a"), 2),
    (("export enum E { A = 4 }", "E.A"), 4),
    (("class A { m() { return 1 } }", "class B extends A { m() { return super.m() + 1 } }", "new B().m()"), 2),
    (("class A { static make() { return new A() } n = 1 }", "const make = A.make; class A {}", "make().n"), 1),
    (("let undefined = 1, x = 2", "[x, typeof undefined]"), [2, "undefined"]),
    (("const x = 5", "x ||= 3"), 5),
    (("const x = 5", "x ??= 3"), 5),
    (("const x = 0", "x &&= 3"), 0),
    (("const x = 5", "let y = x ||= 3; y"), 5),
    (("const x = 1", "((x) => { x = 2; return x })(0)"), 2),
    (("const x = 1", "(() => { let x = 2; x++; return x })()"), 3),
    (("const x = 1", "for (let x = 0; x < 2; x++); x"), 1),
    (("const x = 1", "try { throw 1 } catch (x) { x = 2 } x"), 1),
    (("const o = {x: 1}", "o.x = 2; o.x++; ({x: o.y} = o); o"), {"x": 3, "y": 3}),
    (("const x = 1", "let x = 2; x = 3; x"), 3),
    (("const x = 1", "(function x() { try { x = 2 } catch {} return typeof x })()"), "function"),
]


@pytest.mark.parametrize(("texts", "value"), SEQUENCES, ids=[" | ".join(texts) for texts, _ in SEQUENCES])
async def test_what_a_cell_leaves_to_the_next(run: Run, texts: tuple[str, ...], value: object) -> None:
    outcome = await run(*texts)
    assert (outcome.status, outcome.value) == ("ok", value)


CONSTANTS = [
    "x = 2",
    "x += 1",
    "x **= 2",
    "x++",
    "--x",
    "x &&= 2",
    "[x] = [2]",
    "({x} = {x: 2})",
    "({x = 2} = {})",
    "({y: x} = {y: 2})",
    "({y: [...x]} = {y: [2]})",
    "for (x of [2]);",
    "for (x in {a: 1});",
    "(x) = 2",
    "(() => x = 2)()",
    "let y = x &&= 2",
    "class A { static v = x = 2 }",
    "if (x) x = 2; else x = 3",
    "const f = (a = x = 2) => a; f()",
]


@pytest.mark.parametrize("text", CONSTANTS)
@pytest.mark.parametrize("apart", [True, False], ids=["of an earlier cell", "of this cell"])
async def test_a_constant_cannot_be_assigned(run: Run, text: str, apart: bool) -> None:
    outcome = await (run("const x = 1", text) if apart else run(f"const x = 1;\n{text}"))
    assert outcome.error is not None
    assert (outcome.error.name, outcome.error.message) == ("TypeError", "Assignment to constant variable.")
    assert outcome.error.line == (1 if apart else 2)


PLACES: list[tuple[str, int, int]] = [
    ("null.x", 1, 6),
    ("const a = 1; null.x", 1, 19),
    ("const {a} = {a: 1};\n  null.x", 2, 8),
    ("f();\nfunction f() {\n  null.x\n}", 3, 8),
    ("let a\nlet b\nnull.x\nlet c", 3, 6),
    ("'é😀'; null.x", 1, 12),
    ("const é😀a = 1, b = null.x", 1, 0),
    ("{ g()\nfunction g() { null.x } }", 2, 21),
    ("#!/bin/x\nnull.x", 2, 6),
    ("export const a = null.x", 1, 23),
    ("export default null.x", 1, 21),
    ("const a = 1;\n{ a, b: null.x }", 2, 14),
    ("const a = 1; { a,\n  b: 1,\n  c() { return 1 },\n d: null.x }", 4, 10),
    ("const a = 1; { a, b: 1 + }", 1, 0),
    ("enum A { X }\nconst a: number = null!.x", 2, 25),
    ("interface A {}\nconst a: A = null!.x", 2, 20),
    ("class A {\n  m(): void { null!.x }\n}\nnew A().m()", 2, 21),
]


@pytest.mark.parametrize(("text", "line", "column"), PLACES)
async def test_an_error_is_at_its_place(run: Run, text: str, line: int, column: int) -> None:
    error = (await run(text)).error
    assert error is not None
    assert error.line == line
    assert not column or error.column == column


@pytest.mark.parametrize(
    "text", ["a b", "const = 1", "let a = 1; }", "f(", "`${", "class {", "return return", "await await", "let x = 1 2"]
)
async def test_what_does_not_parse_changes_nothing(run: Run, text: str) -> None:
    outcome = await run("let a = 1", text)
    assert outcome.error is not None
    assert outcome.error.name == "SyntaxError"
    assert outcome.hint == "Nothing ran, nothing changed."


async def test_nested_blocks_are_no_matter_of_recursion(run: Run) -> None:
    assert (await run("{" * 400 + "5" + "}" * 400)).value == 5
    assert (await run("if (0) 1\n" + "else if (0) 1\n" * 300 + "else 5")).value == 5


def test_only_new_names_are_declared() -> None:
    program = plain("const a = 1, b = 2; function f() {} class C {} var v", {"a": "let"})
    assert program.declare == "let f, b, C, v;"
    assert program.names == {"f": "function", "a": "const", "b": "const", "C": "class", "v": "var"}
    assert plain("1 + a", {"a": "let"}).declare == ""
    assert plain("let NaN = 1, ok = 2").declare == "let ok;"


ASSIGNED: list[tuple[str, set[str]]] = [
    ("a", set()),
    ("a.length + a[0]", set()),
    ("a.map(x => x).join(); a.toSorted(); a.get(1)", set()),
    ("a = 1", {"a"}),
    ("a.b = 1", {"a"}),
    ("a.b.c[0].d += 1", {"a"}),
    ("a[0]++", {"a"}),
    ("delete a.b", {"a"}),
    ("a.push(1)", {"a"}),
    ("a?.b?.push(1)", {"a"}),
    ("a.b.set('k', 1)", {"a"}),
    ("[a[0], a[1]] = [a[1], a[0]]", {"a"}),
    ("({x: a.y} = b)", {"a"}),
    ("({a} = b)", {"a"}),
    ("for (a of []);", {"a"}),
    ("for (a.i of []);", {"a"}),
    ("(() => { a = 1 })", {"a"}),
    ("(a => { a = 1 })", set()),
    ("{ let a; a = 1; a.push(1) }", set()),
    ("(() => { var a; a = 1 })", set()),
    ("a = b = 1", {"a", "b"}),
    ("c = 1", set()),
]


@pytest.mark.parametrize(("text", "assigned"), ASSIGNED)
def test_what_a_text_may_have_changed(text: str, assigned: set[str]) -> None:
    assert plain(text, {"a": "let", "b": "let"}).assigned == assigned


def test_what_is_unreadable_goes_on_as_it_is() -> None:
    text = "!" * 5_000
    program = plain(text)
    assert (program.declare, program.body) == ("", text)
    assert program.locate(1, 3) == Position(1, 3)


def test_a_place_beyond_the_body_has_an_end() -> None:
    program = plain("a")
    assert program.locate(1, 500) == Position(1, 2)
    assert program.locate(9, 1) == Position(1, 2)
