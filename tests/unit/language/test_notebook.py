"""What a sequence of texts gives in one session: prepare's meaning, seen through a real engine."""

import pytest

from tests.unit.language.conftest import UNDEFINED, Notebook

CONSTANT = "TypeError: Assignment to constant variable."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", UNDEFINED),
        ("// only words", UNDEFINED),
        ("1 + 1 // why", 2),
        ("const a = 1", 1),
        ("const a = 1 // why", 1),
        ("let a = 1 // why\n// and why not\n", 1),
        ("var a = 1 /* why */", 1),
        ("export const a = 1 // why", 1),
        ("const {a} = {a: 1} // why", {"a": 1}),
        ("class A {} // why", "[class A]"),
        ("const a = 1, b = 2", {"a": 1, "b": 2}),
        ("const {a, b: [c], ...d} = {a: 1, b: [2], e: 3}", {"a": 1, "c": 2, "d": {"e": 3}}),
        ("let x", UNDEFINED),
        ("function f() {}\nf.name", "f"),
        ("enum E {A, B}", {"0": "A", "1": "B", "A": 0, "B": 1}),
        ("enum E {X}\nenum E {Y = 1}\nObject.keys(E)", ["0", "1", "X", "Y"]),
        ("namespace N { export const a = 1 }", {"a": 1}),
        ("export namespace N { export const a = 1 }\nN.a", 1),
        ("function f() { return 1 }\nnamespace f { export const v = 2 }\n[f(), f.v]", [1, 2]),
        ("export default 5 // why", 5),
        ("return 9", 9),
        ("for (const x of [1, 2, 3]) if (x === 2) return x", 2),
        ("for (const x of [1]) x", UNDEFINED),
        ("if (false) 1; else if (true) 5; else 2", 5),
        ("{ let z = 3; z * 2 }", 6),
        ("{" * 400 + "1" + "}" * 400, 1),
        ("try { 5 } finally { 7 }", 5),
        ("try { throw 1 } catch (e) { e + 1 }", 2),
        ("switch (2) { case 1: 'a'; break; case 2: 'b'; break; default: 'c' }", "b"),
        ("#!/usr/bin/env deno\n4", 4),
        ("'use strict'\nconst a = 1\na", 1),
        ("const r = f()\nfunction f() { return 4 }\nr", 4),
        ("for (var i = 0; i < 3; i++);\ni", 3),
        ("for (var [a, b] of [[1, 2]]);\na + b", 3),
        ("for await (var z of [1, 2]);\nz", 2),
        ("if (true) var {a} = {a: 1}\na", 1),
        ("const f = () => { var inner = 1; return inner }\nf() + typeof inner", "1undefined"),
        ("class K { static { var inner = 1 } }\ntypeof inner", "undefined"),
        ("let s = 'x'\nconst [c] = s\nc", "x"),
        ("const a = 1\rconst b = 2\ra + b", 3),
        ("const a = 1 // why\rconst b = 2\rb", 2),
        ("`a${`b${1}`}`", "ab1"),
    ],
)
async def test_a_program_gives_its_last_value(notebook: Notebook, text: str, value: object) -> None:
    assert await notebook(text) == [value]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (
            ["const x = 1", "let x = 2", "var x = 3", "class x {}\nx.name", "function x() {}\nx.name", "x = 4"],
            [1, 2, 3, "x", "x", 4],
        ),
        (["let x = 1", "let x", "x"], [1, UNDEFINED, UNDEFINED]),
        (["var x = 1", "var x\nx"], [1, 1]),
        (["enum E {X}\n0", "enum E {Y}\nObject.keys(E)"], [0, ["0", "Y"]]),
        (["namespace N { export const a = 1 }\n0", "namespace N { export const b = 2 }"], [0, {"b": 2}]),
        (["function f() { return 1 }\n0", "f = () => 2\nf()"], [0, 2]),
        (["const a = 1", "{ let a = 2; a = 3; a }"], [1, 3]),
        (["const a = 1", "(a => { a = 2; return a })(0)", "a"], [1, 2, 1]),
    ],
)
async def test_names_persist_and_may_be_declared_again(notebook: Notebook, texts: list[str], values: list[object]) -> None:
    assert await notebook(*texts) == values


@pytest.mark.parametrize(
    "text",
    [
        "c = 2",
        "c++",
        "c += 1",
        "[c] = [2]",
        ";({c} = {c: 2})",
        "for (c of [1]);",
        "(c) = 2",
        "c &&= 2",
        "{ c = 2 }",
        "[...c] = [1]",
    ],
)
async def test_a_constant_cannot_be_assigned_to(notebook: Notebook, text: str) -> None:
    first, failed, still = await notebook("const c = 1", text, "c")
    assert (first, still) == (1, 1)
    assert str(failed).startswith(CONSTANT)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("c ||= f()", 1),
        ("c ??= f()", 1),
        ("const g = () => c ||= f(); g()", 1),
        ("let x = c ||= f(); x", 1),
        ("c === 1 && (c ??= 2)", 1),
    ],
)
async def test_an_assignment_that_does_not_happen_is_no_error(notebook: Notebook, text: str, value: object) -> None:
    assert (await notebook("const c = 1", text))[1] == value


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("const a = 1\n  throw new TypeError('x')", "@2:9"),
        ("'😀'; nope", "@1:6"),
        ("const a = 1\r\n\r\nnope", "@3:1"),
        ("const a = 1 // x\rnope\r", "@2:1"),
        ("const a = '\u2028'; nope", "@2:4"),
        ("enum E {A}\nconst 变 = '😀'; nope", "@2:16"),
        ("function f() {\n  throw new Error('x')\n}\nconst a = 1\nf()", "@2:9"),
        ("class A { m() { throw new Error('x') } }\nnew A().m()", "@1:23"),
        ("const x = {\n  get b() { throw new Error('g') }\n}\nx.b", "@2:19"),
        ("let x = 1;\nlet y = x.foo.bar", "@2:15"),
    ],
)
async def test_an_error_names_the_place_in_the_callers_text(notebook: Notebook, text: str, place: str) -> None:
    (said,) = await notebook(text)
    assert str(said).endswith(place)
