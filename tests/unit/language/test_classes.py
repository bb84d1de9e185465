"""The text that makes a class again: what would run, or needs what is not there yet, is left out; all else stays as it was."""

import pytest

from mcp_codeexec.language.classes import restorable

PARENT = "extends (function(){})"
ROWS = [
    ("class A {}", "(class A {})"),
    ("class {}", "(class {})"),
    ("class B extends A {}", f"(class B {PARENT} {{}})"),
    ("class B extends mix(A, class {}) { m() { return super.m() } }", f"(class B {PARENT} {{ m() {{ return super.m() }} }})"),
    ("class A { static n = ++count; x = 1 }", "(class A { static n ; x = 1 })"),
    ("class A { static 'a b' = f(); static [k] = g() }", "(class A { static 'a b' ; static [k] })"),
    ("class A { static #n = 1 }", "(class A { static #n })"),
    ("class A { static { evil() } m() {} }", "(class A { static {} m() {} })"),
    ("class A { x = class { static y = 1; static {} } }", "(class A { x = class { static y = 1; static {} } })"),
    ("class A { static m() { class B { static x = 1 } } }", "(class A { static m() { class B { static x = 1 } } })"),
    ("class A { [Symbol.iterator]() {} get g() {} }", "(class A { [Symbol.iterator]() {} get g() {} })"),
    ("class A { t = `${'é'}` /* } */ }", "(class A { t = `${'é'}` /* } */ })"),
    ("class A {}); evil(); (class B {}", None),
    ("class A {}, evil()", None),
    ("evil()", None),
    ("function f() {}", None),
    ("", None),
    ("0); evil(); (", None),
    ("class A {} // )", None),
]


@pytest.mark.parametrize(("source", "made"), ROWS, ids=[source for source, _ in ROWS])
def test_a_class_is_made_again_without_what_runs(source: str, made: str | None) -> None:
    text = restorable(source)
    assert (text and " ".join(text.split()).replace(" ;", ";")) == (made and made.replace(" ;", ";"))
