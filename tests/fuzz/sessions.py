"""Sessions to keep: declarations of values that hold each other, and runs that change them in all the ways there are."""

from hypothesis import strategies as st


def listed(text: str) -> list[str]:
    return [one for line in text.strip().splitlines() for one in line.split(" || ")]


PRIMITIVES = listed(r"""
0 || -0 || 1.5 || -7 || 2 ** 31 || 2 ** 53 || NaN || -Infinity || 5e-324 || 7n || -(2n ** 70n) || '' || 'é漢😀'
'\ud800x' || 'x'.repeat(70) || 'ä'.repeat(9000) || '\0\u2028' || true || null || undefined || Symbol.for('r')
Symbol.iterator || Symbol('u') || Math || JSON.parse
""")

# `§` is a value, `@` another name of the session.
SHAPES = listed(r"""
[§, §] || [§, , §] || {a: §, b: §} || {b: §, 3: §, a: @} || {['__proto__']: §, c: 1} || [@, @, §]
{deep: {er: {est: @}}} || new Map([[§, @], [@, §]]) || new Set([§, @, 1, NaN]) || new Date(5) || new Date(NaN)
Object(§ ?? 1) || /a(?<n>b)/dgy || Object.assign(/x/g, {lastIndex: 2, note: §}) || new TypeError('m', {cause: @})
Object.assign(new RangeError('r'), {code: §}) || new AggregateError([@, §], 'all') || new ArrayBuffer(6)
new ArrayBuffer(4, {maxByteLength: 9}) || new Uint8Array([1, 2, 255]) || new Float64Array([1.5, -0, NaN])
new BigInt64Array(2) || (b => [new Uint8Array(b, 2, 3), new DataView(b, 1), new Int16Array(b), b])(new ArrayBuffer(8))
(b => [new Uint8Array(b), b])(new ArrayBuffer(4, {maxByteLength: 9})) || Object.assign([1, 2], {more: §})
Object.freeze({a: §, o: @}) || Object.freeze([§, @]) || Object.seal({s: §}) || Object.preventExtensions([§])
Object.create(null) || Object.assign(Object.create(null), {n: §}) || Object.create({base: @})
Object.defineProperty({v: 1}, 'h', {value: §}) || Object.defineProperty([1, 2], 0, {writable: false})
Object.defineProperty({}, 'g', {get() { return @ }, configurable: true})
{get g() { return @ }, set g(v) { }, m() { return § }} || ((big) => (big[4000000000] = §, big))([]) || Array(5)
new URL('http://a/?b=1') || new URL('http://a/?b=1').searchParams || {[Symbol('own')]: §, [Symbol.for('k')]: @}
Object.assign(Object('str'), {x: §}) || /(b)/.exec('abc') || ((t, ...v) => t)`a${1}b`
""")

# `%` is the name that is declared.
SOURCES = r"""
const % = (x = §) => [x, @]

function %(a) { 'use strict'; return [a, this, @] }

const % = async function* named() { yield @ }

const % = Object.assign(() => @, {memo: §, other: @})

class % { static s = §; x = 1; m() { return @ } get g() { return § } static of() { return 1 } }

class % extends Map { m() { return super.size } }; const %i = Object.assign(new %([[§, @]]), {note: @})

class %p { hi() { return 1 } };
class % extends %p { hi() { return super.hi() + 1 } };
const %i = Object.assign(new %(), {v: §, o: @})

class % extends Error { constructor(m) { super(m); this.more = § } }; const %i = new %('x')

function %() { this.a = § }; %.prototype.m = function () { return @ }; const %i = new %()

class % { static [Symbol.for('k')]() { return 1 } ['c' + 1]() { return 2 } };
let %i = null; %i = {i: new %()}

class % {}; %.prototype.later = function () { return @ }; %.extra = §; Object.freeze(%)

const % = {f: function () { return @ }, l: [@]}; %.self = %

var { a: %, b: %b = @ } = {a: §}

% = {global: §, o: @}

let %; { const inner = {v: §}; % = [inner, inner] }
""".strip().split("\n\n")


@st.composite
def values(draw: st.DrawFn, names: list[str], depth: int = 2) -> str:
    """An expression; of names it uses those that were declared before it."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([*PRIMITIVES, *names]))
    text = draw(st.sampled_from(SHAPES))
    while "§" in text:
        text = text.replace("§", draw(values(names, depth - 1)), 1)
    return "(" + named(draw, text, names) + ")"


def named(draw: st.DrawFn, text: str, names: list[str]) -> str:
    while "@" in text:
        text = text.replace("@", draw(st.sampled_from(names or ["null"])), 1)
    return text


@st.composite
def declarations(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Programs, one a run, and the names that they declare."""
    texts, names = list[str](), list[str]()
    for number in range(draw(st.integers(6, 16))):
        name = f"v{number}"
        form = draw(st.sampled_from(["let % = §", "let % = §", *SOURCES]))
        while "§" in form:
            form = form.replace("§", draw(values(names)), 1)
        text = named(draw, form, names).replace("%", name)
        texts.append(text)
        names += [n for n in (name, f"{name}i", f"{name}s", f"{name}b", f"{name}p") if n in text]
    for _ in range(draw(st.integers(0, 3))):  # cycles
        texts.append(f"try {{ Object({draw(st.sampled_from(names))}).again = {draw(st.sampled_from(names))} }} catch {{}}")
    return texts, names


FIRST = """
let a = {n: 0, list: [{n: 0}]}, b = {a, l: a.list}, m = new Map([['a', a], [a, b]]), n = 0, s = new Set([b]);
let t = new Uint8Array(4), fresh = null, big = Array.from({length: 50}, (_, i) => ({i, a}));
const key = Symbol('key'), u = new Uint8Array(t.buffer, 1, 2), url = new URL('http://a/?x=1'), sp = url.searchParams;
const o = {get g() { n++; return a }, set g(v) { a.n = v }, m() { return this.n2 = ++n }};
function touch() { a.n++ }
const indirect = () => touch(), closing = [() => { b.l.push(n) }], later = async (x) => { await null; x.n++; n++ };
function sloppy() { this.g1 = {n: a.n} }
g1 = {n: 0};
function make() { return { inner: a.list[0] } }
class P { v = a; bump() { this.v.n++; P.all.push(this.v) } static all = []; get sum() { return n += 1 } }
class Q extends P { bump() { super.bump(); n++ } }
const p = new P(), q = new Q();
function memo(k) { return memo.c[k] ??= {k} }
memo.c = {};
"""
NAMES = """
a b m n s t key u o touch indirect closing later sloppy g1 make P p Q q memo url sp fresh big _
""".split()  # what FIRST declares, and the last value

CHANGES = listed(r"""
a.n = 5 || b.a.n++ || b.l[0].n++ || [...s][0].l.length || for (const v of m.values()) v.mark = n
m.get('a').z = {m: m.size} || t[1]++ || u.set([9], 1) || o.g || o.g = 3 || o.m()
`${{toString() { touch(); return '' }}}` || touch() || indirect() || closing[0]() || await later(a) || later(b)
sloppy() || sloppy.call(b) || g1.n++ || make() || _ || _.touched = 1 || Object(_).n = 7 || p.bump() || q.bump() || q.sum
P.all.push(b) || memo('k' + n) || memo('k').hit = 1 || sp.append('y', '' + n) || url.searchParams.delete('x')
fresh = make() || fresh = {a, o} || fresh?.inner && (fresh.inner.n = 8) || big[3].a.n-- || big[4].i = big[5]
big = big.slice(1) || big.map((x) => x.i) || b = {a: {n: -1}, l: []} || a = {n: 10, list: a.list} || [a, b] = [b, a]
s.add(fresh); s.add(p) || delete g1 || g1 = {n: 1}; g2 = g1 || throw a || throw new Error('x', {cause: a})
let fresh = q; fresh || class P { bump() { n-- } } || const touch = () => { b.t = n } || const f = a; f.viaConst = 1
(function () { this.g1 = n })() || P.prototype.bump = function () { a.n += 100 } || Object.setPrototypeOf(a, o)
a.m?.() || a.g || closing.push(() => { p.v = null }) || closing.at(-1)()
Array.prototype.patched = function () { n++; return this }; 1 || [1].patched?.()
Math.round = () => { a.n++; return 1 } || Math.round(2) || console.log(n) || try { null.x } catch (e) { fresh = e }
const { list: [first] } = a; first.d = 1 || fresh = new Proxy(a, {}) || fresh.n = 44 || fresh = Promise.resolve(a)
(await fresh)?.list?.push(1) || fresh = ((x) => () => { x.n++ })(b) || typeof fresh === 'function' && fresh()
setTimeout(touch, 1); await new Promise((r) => setTimeout(r, 2)) || queueMicrotask(touch)
addEventListener('e', touch) || dispatchEvent(new Event('e')) || Object.freeze(a) || a\u0062 = 1
const esc = () => { \u0061.esc = 1 }; 1 || esc() || Reflect.ownKeys(o).map((k) => o[k])
JSON.stringify({toJSON() { touch(); return m.size }}) || Object.values(globalThis) || globalThis['g' + 1] = [a]
structuredClone(a.list) || s.forEach((x) => { x.seen = true }) || m.set(key, [u]); m.delete(a) || eval
await Promise.all(big.slice(0, 2).map(later)) || for (const k in b) b[k].k = k || [b].map((x) => x.a = null) || _ = a; 1
memo.c = _ || u.buffer.tag = a || const self = {}; self.self = self; fresh = self
""")
