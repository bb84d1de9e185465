"""What models write from habit when they have a sandbox: it works."""

from tests.snippets import Snippet, gives

SALES = "const sales = [{day: '2026-03-02', sku: 'tea', n: 2}, {day: '2026-03-02', sku: 'cup', n: 1}, {day: '2026-03-03', sku: 'tea', n: 5}];"

ROWS: list[Snippet] = [
    gives(
        "a debounced function",
        "const debounce = f => { let t; return () => { clearTimeout(t); t = setTimeout(f, 1) } }; let n = 0; const d = debounce(() => n++);\n"
        "d(); d(); d(); await new Promise(r => setTimeout(r, 20)); n",
        value=1,
    ),
    gives(
        "a cleared interval",
        "let n = 0; const t = setInterval(() => n++, 1); await new Promise(r => setTimeout(r, 10)); clearInterval(t); const seen = n",
        "await new Promise(r => setTimeout(r, 10)); [typeof t, n === seen, n > 0]",
        value=["number", True, True],
    ),
    gives(
        "group and sum",
        SALES,
        "Object.entries(Object.groupBy(sales, s => s.sku)).map(([k, v]) => [k, v.reduce((a, s) => a + s.n, 0)])",
        value=[["tea", 7], ["cup", 1]],
    ),
    gives(
        "sort by two keys",
        SALES,
        "sales.toSorted((a, b) => b.day.localeCompare(a.day) || a.n - b.n).map(s => s.n)",
        value=[5, 1, 2],
    ),
    gives("count words", "const c = {}; for (const w of 'a b a'.split(' ')) c[w] = (c[w] ?? 0) + 1; c", value={"a": 2, "b": 1}),
    gives(
        "parse CSV",
        "const [head, ...rows] = 'a,b\\n1,2\\n3,4'.split('\\n').map(l => l.split(',')); rows.map(r => Object.fromEntries(head.map((h, i) => [h, +r[i]])))",
        value=[{"a": 1, "b": 2}, {"a": 3, "b": 4}],
    ),
    gives(
        "mean and median",
        "const xs = [3, 1, 2]; const s = xs.toSorted((a, b) => a - b); [xs.reduce((a, b) => a + b) / xs.length, s[1]]",
        value=[2, 2],
    ),
    gives(
        "primes", "const p = []; for (let i = 2; p.length < 5; i++) if (p.every(q => i % q)) p.push(i); p", value=[2, 3, 5, 7, 11]
    ),
    gives(
        "fibonacci by generator",
        "function* fib() { let [a, b] = [0, 1]; for (;;) { yield a; [a, b] = [b, a + b] } }\nfib().take(8).toArray()",
        value=[0, 1, 1, 2, 3, 5, 8, 13],
    ),
    gives(
        "async iteration",
        "async function* g() { for (const n of [1, 2]) { await null; yield n } }\nconst out = []; for await (const n of g()) out.push(n); out",
        value=[1, 2],
    ),
    gives(
        "parallel promises",
        "const r = await Promise.all([1, 2, 3].map(async n => { await new Promise(f => setTimeout(f, 1)); return n * n })); r",
        value=[1, 4, 9],
    ),
    gives(
        "allSettled",
        "(await Promise.allSettled([1, Promise.reject(new Error('x'))])).map(r => r.status)",
        value=["fulfilled", "rejected"],
    ),
    gives("a timer awaited", "await new Promise(r => setTimeout(() => r('later'), 5))", value="later"),
    gives(
        "an interval cleared",
        "let n = 0; await new Promise(r => { const t = setInterval(() => { if (++n === 3) { clearInterval(t); r() } }, 1) }); n",
        value=3,
    ),
    gives("queueMicrotask", "let m = 0; queueMicrotask(() => m = 1); await null; m", value=1),
    gives(
        "dates in UTC",
        "new Date('2026-03-02T10:00:00Z').toISOString() + ' ' + new Date(2026, 0, 1).getTimezoneOffset()",
        value="2026-03-02T10:00:00.000Z 0",
    ),
    gives(
        "Intl numbers", "new Intl.NumberFormat('de-DE', {style: 'currency', currency: 'EUR'}).format(1234.5)", value="1.234,50\xa0€"
    ),
    gives(
        "Intl dates",
        "new Intl.DateTimeFormat('en-GB', {dateStyle: 'long', timeZone: 'UTC'}).format(new Date(0))",
        value="1 January 1970",
    ),
    gives("Temporal", "Temporal.PlainDate.from('2026-03-02').add({days: 30}).toString()", value="2026-04-01"),
    gives(
        "regular expressions",
        "[...'a1b22'.matchAll(/(?<l>[a-z])(?<d>\\d+)/g)].map(m => ({...m.groups}))",
        value=[{"l": "a", "d": "1"}, {"l": "b", "d": "22"}],
    ),
    gives("lookbehind and unicode", "'price: €42'.match(/(?<=€)\\d+/u)[0]", value="42"),
    gives("tagged templates", "const tag = (s, ...v) => s.raw.join('|') + v.join(','); tag`a${1}b${2}c`", value="a|b|c1,2"),
    gives(
        "getters and setters", "const o = { _v: 1, get v() { return this._v }, set v(x) { this._v = x } }; o.v = 5; o.v", value=5
    ),
    gives("a class with statics", "class A { static #n = 0; static make() { return ++A.#n } }\nA.make(); A.make()", value=2),
    gives("an iterable class", "class R { *[Symbol.iterator]() { yield* [1, 2] } }\n[...new R()]", value=[1, 2]),
    gives("proxies", "const seen = []; const p = new Proxy({}, { get: (_, k) => seen.push(k) }); p.a; p.b; seen", value=["a", "b"]),
    gives("WeakMap", "const w = new WeakMap(), k = {}; w.set(k, 1); w.get(k)", value=1),
    gives(
        "structuredClone",
        "const a = {d: new Date(0), m: new Map([[1, 2]])}; const b = structuredClone(a); [b !== a, b.m.get(1)]",
        value=[True, 2],
    ),
    gives("bigints", "(2n ** 100n).toString().length", value=31),
    gives("typed arrays", "Array.from(new Float64Array([1.5, 2]).map(x => x * 2))", value=[3, 4]),
    gives(
        "DataView", "const v = new DataView(new ArrayBuffer(4)); v.setUint16(0, 258); [v.getUint8(0), v.getUint8(1)]", value=[1, 2]
    ),
    gives("text to bytes and back", "new TextDecoder().decode(new TextEncoder().encode('é😀'))", value="é😀"),
    gives("base64 by btoa", "btoa('abc') + atob('YWJj')", value="YWJjabc"),
    gives("base64 by Uint8Array", "Uint8Array.fromBase64('YWJj').toHex()", value="616263"),
    gives(
        "URLs", "const u = new URL('https://example.com/a?b=1&c=2'); [u.host, u.searchParams.get('c')]", value=["example.com", "2"]
    ),
    gives("random ids", "crypto.randomUUID().length + crypto.getRandomValues(new Uint8Array(2)).length", value=38),
    gives(
        "a digest",
        "new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('a'))).toHex().slice(0, 8)",
        value="ca978112",
    ),
    gives("performance.now", "typeof performance.now()", value="number"),
    gives("error causes", "try { throw new Error('a', {cause: new Error('b')}) } catch (e) { e.cause.message }", value="b"),
    gives(
        "try, catch, finally",
        "let log = []; try { log.push(1); throw 2 } catch (e) { log.push(e) } finally { log.push(3) }\nlog",
        value=[1, 2, 3],
    ),
    gives("optional chaining", "const o = {a: {b: null}}; [o?.a?.b?.c ?? 'none', o.x?.()]", "o.a?.b ?? 'none'", value="none"),
    gives("set operations", "[...new Set([1, 2, 3]).intersection(new Set([2, 3, 4]))]", value=[2, 3]),
    gives("JSON with a reviver", "JSON.parse('{\"d\": \"1\"}', (k, v) => k === 'd' ? Number(v) : v).d", value=1),
    gives("sorting numbers", "[10, 9, 1].sort((a, b) => a - b)", value=[1, 9, 10]),
    gives(
        "a matrix",
        "const A = [[1, 2], [3, 4]]; A.map(r => A[0].map((_, j) => r.reduce((s, x, k) => s + x * A[k][j], 0)))",
        value=[[7, 10], [15, 22]],
    ),
    gives(
        "memoised recursion",
        "const memo = new Map(); const f = (n) => n < 2 ? n : memo.get(n) ?? (memo.set(n, f(n - 1) + f(n - 2)), memo.get(n)); f(70)",
        value=190392490709135,
    ),
    gives("a top-level return", "if (1 + 1 === 2) { return 'early' }\n'late'", value="early"),
    gives("a return from a loop", "for (const n of [1, 2, 3]) { if (n === 2) return n }", value=2),
    gives("a return through finally", "let f = 0", "try { return 1 } finally { f = 2 }", "f", value=2),
    gives("the value of an if", "if (2 > 1) { 'yes' } else { 'no' }", value="yes"),
    gives("the value of a try", "try { null.x } catch { 'caught' }", value="caught"),
    gives("the value of a switch", "switch (2) { case 1: 'a'; break; case 2: 'b'; break; default: 'c' }", value="b"),
    gives("the value of a block", "{ const a = 2; a * 2 }", value=4),
    gives("a loop has no value", "for (const n of [1]) { n }", value="(absent)"),
    gives(
        "await in every place",
        "const a = [await 1, ...(await [2])], {b = await 3} = {}, f = async (x = 4) => await x; [...a, b, await f(), `${await 5}`]",
        value=[1, 2, 3, 4, "5"],
    ),
    gives("an immediately invoked main", "async function main() { return 'main' }\nmain()", value="main"),
    gives("comma, void and delete", "const o = {a: 1}; void 0, delete o.a, Object.keys(o).length", value=0),
    gives("a name like a forbidden one", "const config = {process: 'x', eval: 1}; config.process + config['eval']", value="x1"),
    gives("a declared Worker", "class Worker { run() { return 'mine' } }", "new Worker().run()", value="mine"),
    gives("a parameter named module", "((module, exports) => module + exports)(1, 2)", value=3),
    gives("typeof of what is not there", "[typeof process, typeof window, typeof require, typeof Deno]", value=["undefined"] * 4),
    gives("a type named Function", "const cb: Function = () => 1; cb instanceof Function", value=True),
]
