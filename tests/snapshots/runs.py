"""Sequences of runs in which one can change a variable that its text does not name; and what tells whether that was kept."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Runs:
    title: str
    texts: tuple[str, ...]
    probe: str


# Rows that share a session: `§` stands for something that makes names a row's own.
TOGETHER = [
    Runs("through an alias", ("let a§ = {n: 1}, b§ = {a: a§}", "b§.a.n = 2"), "[a§.n, b§.a === a§]"),
    Runs("through the last value", ("let a§ = {n: 1}; a§", "_.n = 2"), "[a§.n]"),
    Runs("the last value stays where a run fails", ("let a§ = {n: 1}; a§", "throw 1", "_.n = 2; throw 2"), "[a§.n]"),
    Runs("by a function that names it", ("let n§ = 0; function f§() { n§++ }", "f§()"), "n§"),
    Runs("by a function that a function names", ("let n§ = 0; const g§ = () => { n§++ }, f§ = () => g§()", "f§()"), "n§"),
    Runs("by a name with an escape", ("let n§ = 0; const f§ = () => { \\u006e§++ }", "f§()"), "n§"),
    Runs("by a method", ("let n§ = 0; class C§ { m() { n§++ } }; const c§ = new C§()", "c§.m()"), "n§"),
    Runs("by a method of data", ("let n§ = 0; const o§ = {list: [{m() { n§++ }}]}", "o§.list[0].m()"), "n§"),
    Runs("by a getter", ("let n§ = 0; const o§ = {get g() { return ++n§ }}", "o§.g"), "n§"),
    Runs("by a conversion", ("let n§ = 0; const o§ = {valueOf() { return ++n§ }}", "o§ + 1"), "n§"),
    Runs("by `this`", ("v§ = {n: 1}; function f§() { this['v' + '§'].n++ }", "f§()"), "v§.n"),
    Runs("by a new parent", ("let n§ = 0; const o§ = {}; Object.setPrototypeOf(o§, {m() { n§++ }})", "o§.m()"), "n§"),
    Runs("after an await", ("let n§ = 0; const f§ = async () => { await null; n§++ }", "await f§()"), "n§"),
    Runs("in pieces of one buffer", ("let b§ = new ArrayBuffer(4), u§ = new Uint8Array(b§, 1, 2)", "u§[0] = 7"), "[...new Uint8Array(b§)]"),
    Runs("the parameters of a URL", ("let q§ = new URL('http://a/?a=1').searchParams, u§; { const u = new URL('http://a/?b=1'); u§ = {u, q: u.searchParams}; q§ = u.searchParams }",
        "q§.append('c', '2')"), "[u§.u.href, u§.q === q§, u§.u.searchParams === q§]"),
    Runs("a variable that was taken away", ("gone§ = {n: 1}", "delete globalThis.gone§"), "typeof gone§"),
]  # fmt: skip

# What changes the platform, for all runs after it: each has a session of its own.
APART = [
    Runs("a function of Math", ("let n = 0; Math.random = () => ++n", "Math.random()"), "n"),
    Runs("a method of all arrays", ("let n = 0; Array.prototype.first = function () { n++ }", "[1].first()"), "n"),
    Runs("the same, with its name hidden", ("let n = 0; Array['proto' + 'type'].first = () => { n++ }", "[1].first()"), "n"),
    Runs("a setter", ("let n = 0; Object.defineProperty(URL.prototype, 'port', { set() { n++ } })", "new URL('a:b').port = 1"), "n"),
    Runs("the parent of JSON", ("let n = 0; Object.setPrototypeOf(JSON, {m() { n++ }})", "JSON.m()"), "n"),
    Runs("a global function", ("let n = 0; parseInt = () => ++n", "parseInt('1')"), "n"),
    Runs("a getter of the global object", ("let n = 0; Object.defineProperty(globalThis, 'g', {get() { return ++n }})", "g"), "n"),
    Runs("a listener", ("let n = 0; addEventListener('tick', () => { n++ })", "dispatchEvent(new Event('tick'))"), "n"),
    Runs("data that is hung up there", ("let a = []; Math.store = a", "Math.store.push(1)"), "a"),
]  # fmt: skip
