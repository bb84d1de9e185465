"""TypeScript as it is written in applications, and the algorithms and texts that sandboxes are asked for."""

from tests.snippets import Snippet, fails, gives, prints

ROWS: list[Snippet] = [
    gives(
        "interfaces and generics",
        "interface Item<T> { id: number; data: T }\n"
        "const first = <T,>(items: Item<T>[]): T | undefined => items[0]?.data;\n"
        "first<string>([{id: 1, data: 'a'}])",
        value="a",
    ),
    gives("satisfies", "const c = {red: [255, 0, 0]} satisfies Record<string, number[]>; c.red[0]", value=255),
    gives(
        "as const", "const kinds = ['a', 'b'] as const; type K = typeof kinds[number]; const k: K = 'b'; kinds.indexOf(k)", value=1
    ),
    gives(
        "a type guard", "const isText = (x: unknown): x is string => typeof x === 'string'; ['a', 1].filter(isText)", value=["a"]
    ),
    gives(
        "an assertion function",
        "function check(x: unknown): asserts x is number { if (typeof x !== 'number') throw new Error('no') }\ncheck(4); 'ok'",
        value="ok",
    ),
    gives(
        "overloads",
        "function f(a: string): string;\nfunction f(a: number): number;\nfunction f(a: any) { return a }\n[f('a'), f(1)]",
        value=["a", 1],
    ),
    gives(
        "an abstract class",
        "abstract class Shape { abstract area(): number; toString() { return `${this.area()}` } }\n"
        "class Sq extends Shape { constructor(private a: number) { super() } override area() { return this.a ** 2 } }\n"
        "String(new Sq(3))",
        value="9",
    ),
    gives(
        "parameter properties",
        "class P { constructor(public readonly x = 1, protected y?: number) {} }\nObject.keys(new P())",
        value=["x", "y"],
    ),
    gives("an enum of flags", "enum F { A = 1 << 0, B = 1 << 1, AB = A | B }\n[F.AB, F[2]]", value=[3, "B"]),
    gives("a const enum", "const enum E { X = 'x' }\nE.X", value="x"),
    gives("a const enum in a later run", "const  enum E { X = 'x', Y = 'y' }", "[E.X, E.Y]", value=["x", "y"]),
    gives("a const enum in a function", "function f() { const enum E { X = 5 } return E.X }\nf()", value=5),
    fails("a place after a const enum", "const enum E { X }; const é: E = E.X;\nnope", name="ReferenceError", at=(2, 1)),
    gives(
        "an enum in a switch", "enum E { A, B }\nconst e: E = E.B;\nswitch (e) { case E.A: 'a'; break; case E.B: 'b' }", value="b"
    ),
    gives("an alias in a later run", "namespace N { export const v = 1 }\nimport x = N.v", "x", value=1),
    gives("an alias of an earlier run's", "namespace N { export const v = 1 }", "import x = N.v", "x", value=1),
    gives("an alias of a function", "export namespace N { export function f() { return 4 } }\nimport g = N.f", "g()", value=4),
    gives("an alias of a type", "namespace N { export type T = 1 }\nimport T = N.T;\nconst t: T = 1", value=1),
    gives("an alias of a type among values", "namespace N { export type T = 1; export const v = 2 }\nimport T = N.T; N.v", value=2),
    gives("an alias of an earlier run's type", "namespace N { export type T = 1 }", "import T = N.T; 1", value=1),
    gives("a namespace in a namespace", "namespace A.B { export const c = 2 }\nA.B.c", value=2),
    gives("a namespace in a namespace, later", "namespace A.B.C { export const d = 3 }", "A.B.C.d", value=3),
    gives("an alias from a namespace in a namespace", "namespace A.B { export const c = 2 }\nimport d = A.B.c", "d", value=2),
    gives("types of modules", "type Fs = typeof import('fs');\nlet a: import('x').Y<string> = 'a' as import('x').Y;\na", value="a"),
    gives("a namespace of functions", "namespace Geo { export const sq = (x: number) => x * x }\nGeo.sq(4)", value=16),
    gives(
        "a discriminated union",
        "type S = {k: 'c', r: number} | {k: 's', a: number};\n"
        "const area = (s: S): number => { switch (s.k) { case 'c': return s.r; case 's': return s.a ** 2 } };\n"
        "area({k: 's', a: 2})",
        value=4,
    ),
    gives(
        "mapped and conditional types",
        "type P<T> = { [K in keyof T]?: T[K] extends infer U ? U : never };\nconst p: P<{a: 1}> = {}; p",
        value={},
    ),
    gives("definite and non-null", "let a!: number; a = 1; const m = new Map([['a', 2]]); a + m.get('a')!", value=3),
    gives("a type argument in a call", "new Map<string, Array<number>>([['a', [1]]]).get('a')", value=[1]),
    gives("an old-style assertion", "const n = <number>(<unknown>'5'); n", value="5"),
    gives("a this parameter", "function f(this: {v: number}) { return this.v }\nf.call({v: 3})", value=3),
    gives("an index signature", "class Bag { [key: string]: unknown; a = 1 }\nnew Bag().a", value=1),
    gives("declare", "declare const later: number;\ndeclare function f(): void;\ntypeof later", value="undefined"),
    gives(
        "quick sort",
        "const qs = (a: number[]): number[] => a.length < 2 ? a : (([p, ...r]) => [...qs(r.filter(x => x < p)), p, ...qs(r.filter(x => x >= p))])(a);\n"
        "qs([3, 1, 2])",
        value=[1, 2, 3],
    ),
    gives(
        "binary search",
        "const xs = [1, 3, 5, 7]; let lo = 0, hi = xs.length;\n"
        "while (lo < hi) { const mid = (lo + hi) >>> 1; if (xs[mid] < 5) lo = mid + 1; else hi = mid }\nlo",
        value=2,
    ),
    gives(
        "shortest path",
        "const g: Record<string, Record<string, number>> = {a: {b: 1, c: 4}, b: {c: 1}, c: {}};\n"
        "const dist: Record<string, number> = {a: 0}; const queue = ['a'];\n"
        "for (const n of queue) for (const [m, w] of Object.entries(g[n])) {\n"
        "  if (dist[n] + w < (dist[m] ?? Infinity)) { dist[m] = dist[n] + w; queue.push(m) }\n}\ndist",
        value={"a": 0, "b": 1, "c": 2},
    ),
    gives(
        "edit distance",
        "const d = (a: string, b: string) => {\n  let row = [...Array(b.length + 1).keys()];\n"
        "  for (let i = 1; i <= a.length; i++) row = row.reduce<number[]>((next, v, j) => [...next, j === 0 ? i :\n"
        "    Math.min(v + 1, next[j - 1] + 1, row[j - 1] + +(a[i - 1] !== b[j - 1]))], []);\n  return row.at(-1);\n};\nd('kitten', 'sitting')",
        value=3,
    ),
    gives(
        "permutations",
        "function* perm<T>(a: T[], n = a.length): Generator<T[]> { if (n <= 1) yield [...a]; else for (let i = 0; i < n; i++) { yield* perm(a, n - 1); const j = n % 2 ? 0 : i; [a[n - 1], a[j]] = [a[j], a[n - 1]] } }\n[...perm([1, 2, 3])].length",
        value=6,
    ),
    gives(
        "a stack machine",
        "const ops: Record<string, (a: number, b: number) => number> = {'+': (a, b) => a + b, '*': (a, b) => a * b};\n"
        "const stack: number[] = [];\nfor (const t of '2 3 + 4 *'.split(' ')) {\n"
        "  if (t in ops) { const b = stack.pop()!, a = stack.pop()!; stack.push(ops[t](a, b)) } else stack.push(Number(t))\n}\nstack[0]",
        value=20,
    ),
    gives("a big factorial", "let f = 1n; for (let i = 2n; i <= 25n; i++) f *= i; String(f)", value="15511210043330985984000000"),
    gives(
        "a histogram",
        "Object.entries(Object.groupBy([1, 5, 12, 14], x => `${Math.floor(x / 10) * 10}s`)).map(([k, v]) => [k, v!.length])",
        value=[["0s", 2], ["10s", 2]],
    ),
    gives(
        "a map grouped",
        "[...Map.groupBy([1, 2, 3], x => x % 2 ? 'odd' : 'even')].map(([k, v]) => [k, v.length])",
        value=[["odd", 2], ["even", 1]],
    ),
    gives(
        "quoted CSV",
        'const cells = [...\'a,"b,""c",d\'.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(m => m[1]?.replaceAll(\'""\', \'"\') ?? m[2]); cells',
        value=["a", 'b,"c', "d"],
    ),
    gives(
        "a Markdown table",
        "const rows = [['a', 'b'], [1, 2]]; rows.map(r => `| ${r.join(' | ')} |`).join('\\n')",
        value="| a | b |\n| 1 | 2 |",
    ),
    gives("named groups", "const {y, m} = '2026-03'.match(/(?<y>\\d{4})-(?<m>\\d\\d)/)!.groups!; [y, m]", value=["2026", "03"]),
    gives("a replacer function", "'a-b-c'.replace(/-(.)/g, (_, c) => c.toUpperCase())", value="aBC"),
    gives("normalising text", "'Crème Brûlée'.normalize('NFD').replace(/\\p{M}/gu, '').toLowerCase()", value="creme brulee"),
    gives("graphemes", "[...new Intl.Segmenter('en', {granularity: 'grapheme'}).segment('👩‍👩‍👧é')].length", value=2),
    gives("a list in words", "new Intl.ListFormat('en').format(['a', 'b', 'c'])", value="a, b, and c"),
    gives("relative time", "new Intl.RelativeTimeFormat('en', {numeric: 'auto'}).format(-1, 'day')", value="yesterday"),
    gives("plural rules", "new Intl.PluralRules('en', {type: 'ordinal'}).select(22)", value="two"),
    gives("collation", "['z', 'ä', 'a'].toSorted(new Intl.Collator('de').compare)", value=["a", "ä", "z"]),
    gives("days between dates", "(Date.UTC(2026, 2, 1) - Date.UTC(2026, 1, 1)) / 86_400_000", value=28),
    gives(
        "a date in a time zone",
        "new Date('2026-07-01T00:00:00Z').toLocaleString('en-GB', {timeZone: 'Asia/Tokyo'})",
        value="01/07/2026, 09:00:00",
    ),
    gives("iterator helpers", "new Set([1, 2, 3]).values().filter(x => x > 1).map(x => x * 2).toArray()", value=[4, 6]),
    gives("Array.fromAsync", "Array.fromAsync((async function* () { yield 1; yield 2 })())", value=[1, 2]),
    gives(
        "withResolvers",
        "const {promise, resolve} = Promise.withResolvers<number>(); setTimeout(() => resolve(5), 1); await promise",
        value=5,
    ),
    gives(
        "a race against time",
        "await Promise.race([new Promise(() => {}), new Promise(r => setTimeout(r, 2, 'timed out'))])",
        value="timed out",
    ),
    gives("an abort", "const c = new AbortController(); c.abort(new Error('enough')); c.signal.reason.message", value="enough"),
    gives(
        "an event target",
        "const t = new EventTarget(); let got = 0; t.addEventListener('x', () => got++); t.dispatchEvent(new Event('x')); got",
        value=1,
    ),
    gives(
        "retries with an error kept",
        "let tries = 0; const flaky = async () => { if (++tries < 3) throw new Error(`no ${tries}`); return 'yes' };\n"
        "let result, last; while (!result) try { result = await flaky() } catch (e) { last = (e as Error).message }\n[result, last, tries]",
        value=["yes", "no 2", 3],
    ),
    gives("a counter closure", "const counter = () => { let n = 0; return () => ++n }; const c = counter(); c(); c()", value=2),
    gives(
        "curry and compose",
        "const compose = (...fs: any[]) => (x: any) => fs.reduceRight((v, f) => f(v), x); compose((x: number) => x + 1, (x: number) => x * 2)(5)",
        value=11,
    ),
    gives(
        "a linked list",
        "class L<T> { constructor(readonly v: T, readonly next?: L<T>) {} *[Symbol.iterator](): Generator<T> { yield this.v; if (this.next) yield* this.next } }\n[...new L(1, new L(2))]",
        value=[1, 2],
    ),
    gives(
        "search parameters",
        "const u = new URL('https://example.org/p?a=1&a=2#h'); [u.pathname, u.searchParams.getAll('a'), u.hash]",
        value=["/p", ["1", "2"], "#h"],
    ),
    gives("random bytes", "crypto.getRandomValues(new Uint8Array(8)).length", value=8),
    gives("hex", "new Uint8Array([255, 16]).toHex() + Uint8Array.fromHex('0a')[0]", value="ff1010"),
    gives("JSON with indents", "JSON.stringify({a: [1]}, null, 1)", value='{\n "a": [\n  1\n ]\n}'),
    gives("swap in an array", "const a = [1, 2];\n[a[0], a[1]] = [a[1], a[0]];\na", value=[2, 1]),
    gives("swap in a later run", "let a = [1, 2]", "[a[0], a[1]] = [a[1], a[0]]; a", value=[2, 1]),
    gives(
        "using",
        "const log: string[] = []; { using r = {[Symbol.dispose]() { log.push('closed') }}; log.push('open') }\nlog",
        value=["open", "closed"],
    ),
    prints("using at the end", "using r: Disposable = {[Symbol.dispose]() { console.log('closed') }}", output="closed\n"),
    prints(
        "await using at the end", "await using r = {async [Symbol.asyncDispose]() { console.log('closed') }}", output="closed\n"
    ),
    gives("a WeakRef", "const o = {a: 1}; new WeakRef(o).deref()!.a", value=1),
    gives("Reflect", "Reflect.ownKeys({a: 1, [Symbol.iterator]: 2}).length", value=2),
]
