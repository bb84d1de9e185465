"""Declarations that persist, may be declared again in any kind, and give values."""

from tests.snippets import Snippet, fails, gives, shows

KINDS = {
    "const": "const x = 'const'",
    "let": "let x = 'let'",
    "var": "var x = 'var'",
    "function": "function x() { return 'function' }",
    "class": "class x { static s = 'class' }",
    "enum": "enum x { s = 'enum' }",
    "namespace": "namespace x { export const s = 'namespace' }",
    "undeclared": "x = 'undeclared'",
}
READ = "typeof x === 'function' ? (x.s ?? x()) : (x.s ?? x)"

ROWS: list[Snippet] = [
    gives("a function in a switch case", "switch (1) { case 1: function f() { return 5 } }", "f()", value=5),
    gives(
        "a function in a switch case, used before",
        "let n; switch (1) { case 1: n = f(); break; default: function f() { return 6 } } n",
        value=6,
    ),
    gives("a function in a switch in a block", "if (true) { switch (2) { default: function f() { return 7 } } }", "f()", value=7),
    gives("a value of a switch with a function", "switch (1) { case 1: function f() { return 8 } f() }", value=8),
    *[
        gives(f"{second} after {first}", KINDS[first], KINDS[second], READ, value=second)
        for first in KINDS
        for second in KINDS
        if not (second == "undeclared" and first == "const")
    ],
    fails("a const cannot be assigned in a later run", "const x = 1", "x = 2", name="TypeError", at=(1, 3), says="constant"),
    fails("a const cannot be assigned in its own run", "const x = 1;\nx = 2", name="TypeError", at=(2, 3)),
    fails("a const cannot be counted up", "const x = 1", "x++", name="TypeError", at=(1, 2)),
    fails("a const cannot be a target of a pattern", "const x = 1", "[x] = [2]", name="TypeError", at=(1, 2)),
    fails("a const cannot be a shorthand target", "const x = 1", "({x} = {x: 2})", name="TypeError", at=(1, 3)),
    fails(
        "a const cannot be assigned from a function", "const x = 1", "function f() {\n  x = 2\n}\nf()", name="TypeError", at=(2, 5)
    ),
    fails("a const of BigInt cannot be added to", "const x = 5n", "x += 1n", name="TypeError", at=(1, 3), says="constant"),
    fails("a const is read before it is assigned", "const x = 5n", "(x) >>= 1", name="TypeError", at=(1, 5), says="mix BigInt"),
    fails("a const in a sum is not assigned", "const x = 1", "const f = () => x += 2, g = 3\nf()", name="TypeError", at=(1, 19)),
    gives("a const may be shadowed and assigned", "const x = 1", "(() => { let x = 5; x = 6; return x })()", value=6),
    gives("a parameter may have a const's name", "const x = 1", "((x) => { x = 2; return x })(1)", value=2),
    gives("a failed initialiser leaves the name free", "const x = JSON.parse('{')", "const x = 2; x", value=2),
    gives("a failed initialiser leaves the old value", "let x = 1", "let x = JSON.parse('{')", "x", value=1),
    gives("a declaration without a value is undefined", "let x = 1", "let x; typeof x", value="undefined"),
    gives("a bare var keeps its value", "var x = 1", "var x; x", value=1),
    gives("several names give an object", "const a = 1, b = 'two'", value={"a": 1, "b": "two"}),
    gives("a pattern gives an object", "const {a, b: [c], ...d} = {a: 1, b: [2], e: 3}", value={"a": 1, "c": 2, "d": {"e": 3}}),
    gives("one name in a pattern gives an object", "const {a} = {a: 1}", value={"a": 1}),
    gives("array patterns with defaults", "const [a, [b = 5] = [], ...c] = [1, undefined, 3, 4]; [a, b, c]", value=[1, 5, [3, 4]]),
    gives("functions are hoisted", "const v = f(2);\nfunction f(n) { return g(n) }\nfunction g(n) { return n * 2 }\nv", value=4),
    gives("the last function of a name wins", "function f() { return 1 }\nfunction f() { return 2 }\nf()", value=2),
    gives(
        "functions call what is defined later",
        "function f() { return g() }",
        "function g() { return 'later' }",
        "f()",
        value="later",
    ),
    gives(
        "a redefined function is used by older ones",
        "function g() { return 1 }\nfunction f() { return g() }",
        "function g() { return 2 }",
        "f()",
        value=2,
    ),
    gives(
        "functions keep their names",
        "function f() {}\nasync function g() {}\nfunction* h() {}\n[f.name, g.name, h.name]",
        value=["f", "g", "h"],
    ),
    gives("recursion", "function fact(n: number): number { return n < 2 ? 1 : n * fact(n - 1) }\nfact(10)", value=3628800),
    gives(
        "classes persist",
        "class P { constructor(public x: number) {} }",
        "class Q extends P { twice() { return this.x * 2 } }",
        "new Q(4).twice()",
        value=8,
    ),
    gives(
        "private fields persist", "class C { #n = 1; inc() { return ++this.#n } }\nconst c = new C()", "c.inc()", "c.inc()", value=3
    ),
    gives("closures persist", "const counter = (() => { let n = 0; return () => ++n })()", "counter()", "counter()", value=2),
    gives("loop variables of var persist", "for (var i = 0; i < 3; i++) {}", "i", value=3),
    gives("loop variables of let do not", "for (let j = 0; j < 3; j++) {}", "typeof j", value="undefined"),
    gives("a var in a for-of pattern", "for (var [k, v] of [['a', 1], ['b', 2]]) {}", "k + v", value="b2"),
    gives("a var in a block", "if (true) { var deep = 1 }", "deep", value=1),
    gives("a var as the body of an if", "if (true) var body = 1\nbody", value=1),
    gives("a let in a block stays there", "{ let inner = 1 }\ntypeof inner", value="undefined"),
    gives(
        "labels", "outer: for (const a of [1, 2]) { for (const b of [1, 2]) { if (b === 2) continue outer } }\n'done'", value="done"
    ),
    gives("no semicolons", "const a = 1\nconst b = 2\n;[a, b].map(x => x + 1)", value=[2, 3]),
    gives("a declaration before a bracket", "let a = 1\n;[a] = [2]\na", value=2),
    gives("a bare declaration before a parenthesis", "let a\n(1)", value=1),
    gives("a class before a parenthesis", "class A {}\n(1)", value=1),
    gives("a function before a parenthesis", "function f() {}\n(1)", value=1),
    gives("a pattern after a line without semicolon", "let a = 1\nconst {b} = {b: 2}\na + b", value=3),
    gives("export of a declaration", "export const a = 1", "a", value=1),
    gives("export default of a value", "export default 1 + 1", value=2),
    gives("export default of a function", "export default function f() { return 3 }", "f()", value=3),
    gives("export list", "const a = 1; export { a }; a + 1", value=2),
    gives("a type import", "import type { A } from 'a'; 1", value=1),
    gives("a hashbang", "#!/usr/bin/env deno\n1 + 1", value=2),
    gives("use strict", "'use strict'; const a = 1; a", value=1),
    fails("use strict is meant", "'use strict'; notDeclared = 1", name="ReferenceError", at=(1, 27)),
    gives("the previous value", "6 * 7", "_ + 1", value=43),
    gives("the previous value survives an error", "5", "null.x", "_", value=5),
    gives("a session may have its own _", "const _ = 'mine'", "1", "_", value="mine"),
    gives("an empty program", "", value="(absent)"),
    gives("a comment only", "// nothing", value="(absent)"),
    gives("enums", "enum Level { Low, High = 5, Max }\n[Level.Max, Level[5]]", value=[6, "High"]),
    gives("an enum of a later run starts afresh", "enum E { A }", "enum E { B }\nObject.keys(E)", value=["0", "B"]),
    gives("enums of one text merge", "enum E { A }\nenum E { B = 1 }\n[E.A, E.B]", value=[0, 1]),
    gives("const enums", "const enum C { A = 3 }\nC.A", value=3),
    gives("namespaces", "namespace N { export const a = 1; export function f() { return a + 1 } }\nN.f()", value=2),
    gives(
        "generics, interfaces, overloads and assertions",
        """
interface Box<T> { value: T }
type Maybe<T> = T | undefined;
function open(box: Box<string>): string;
function open(box: Box<number>): number;
function open<T>(box: Box<T>): T { return box.value }
const b = { value: 4 } satisfies Box<number>;
(open(b) as Maybe<number>)! + (<number>1)""",
        value=5,
    ),
    gives(
        "abstract classes and modifiers",
        """
abstract class Shape { abstract area(): number; protected readonly name: string = "s"; static count?: number }
class Square extends Shape { constructor(private side: number) { super() } override area() { return this.side ** 2 } }
new Square(3).area()""",
        value=9,
    ),
    shows("a function is shown by its name", "function f() {}", text="[Function: f]", type_="function"),
    shows("a class is shown by its name", "class A {}", text="[class A]", type_="class"),
    gives(
        "using disposes at the end of the run",
        "let log = []",
        "{ using r = { [Symbol.dispose]() { log.push('gone') } } }\nlog",
        value=["gone"],
    ),
]
