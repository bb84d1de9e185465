"""Programs that take all there is: output, time, memory."""

from tests.attacks.attack import Attack


def all_ways(name: str, body: str, outcome: str, timeout_ms: int = 300) -> Attack:
    return Attack(name, body, outcome, outcome, outcome, plain=True, timeout_ms=timeout_ms)


OUTPUT = [
    all_ways("a flood of lines", "for (let i = 0; i < 2e5; i++) console.log('line', i); 1", r"= 1", 20_000),
    all_ways("one long line", "console.log('x'.repeat(2e7)); 1", "= 1|status: memory_limit", 20_000),
    all_ways(
        "a flood while it waits", "for (let i = 0; i < 100; i++) { console.log('y'.repeat(1e5)); await null } 1", "= 1", 20_000
    ),
    all_ways("a deep value", "let d = {}; for (let i = 0; i < 1e5; i++) d = { d }; d", r"\[Object\]", 20_000),
    all_ways("a wide value", "Array.from({ length: 1e6 }, (_, i) => i)", r"more items", 20_000),
    all_ways("a long text", "'z'.repeat(3e7)", r"z{1000}", 20_000),
    all_ways("many names", "for (let i = 0; i < 3e4; i++) this['name' + i] = i; 1", "= 1", 20_000),
    all_ways("an error with a long message", "throw new Error('m'.repeat(1e7))", r"Error: m{100}", 20_000),
    all_ways(
        "a deep chain of causes",
        "let e = new Error('0'); for (let i = 0; i < 1e4; i++) e = new Error('n', { cause: e }); throw e",
        r"Error: n",
        20_000,
    ),
    all_ways(
        "rejections that nobody handles", "for (let i = 0; i < 1e4; i++) Promise.reject(new Error('r' + i)); 1", "= 1", 20_000
    ),
    all_ways("timers", "for (let i = 0; i < 1e4; i++) setTimeout(() => {}, 1e6); 1", "= 1", 20_000),
    all_ways("promises", "for (let i = 0; i < 1e5; i++) new Promise(() => {}); 1", "= 1", 20_000),
    all_ways("calls that nobody awaits", "for (let i = 0; i < 1_000; i++) files.list(); 1", "= 1", 20_000),
    all_ways(
        "more calls than there may be",
        "for (let i = 0; i < 1_100; i++) await files.exists('a'); 1",
        "RangeError: this run has used up its host calls",
        20_000,
    ),
    all_ways(
        "files that are too many",
        "for (let i = 0; i < 600; i++) await files.write('f' + i, ''); (await files.list()).length",
        "= 600",
        20_000,
    ),
    all_ways(
        "a call with much data",
        "await files.read('n'.repeat(1e6))",
        "RangeError: the data of a host call may have at most 300000 characters",
        20_000,
    ),
]

TIME = [
    all_ways("a loop", "for (;;) {}", "status: timeout"),
    all_ways("a loop after an await", "await null; for (;;) {}", "status: timeout"),
    all_ways("a wait without end", "await new Promise(() => {})", "status: timeout"),
    all_ways("microtasks without end", "const f = () => Promise.resolve().then(f); await f()", "status: (timeout|memory_limit)"),
    all_ways("a regular expression", r"/^(a+)+$/.test('a'.repeat(40) + 'b')", "= false|status: timeout"),
    all_ways("a finally that goes on", "try { for (;;) {} } finally { for (;;) {} }", "status: timeout"),
    all_ways(
        "a sort without order", "[...Array(1e7).keys()].sort(() => Math.random() - 0.5).length", "status: (timeout|memory_limit)"
    ),
    all_ways("a getter in the value", "({ get a() { for (;;) {} } })", r"Getter|\[Object|a:"),
    all_ways("an iterator in the value", "({ *[Symbol.iterator]() { for (;;) yield 1 } })", r"Object|iterator"),
    all_ways("a toString in the console", "console.log({ toString() { for (;;) {} } }); 1", "= 1"),
    all_ways(
        "an inspect of its own in the console",
        "console.log({ [Symbol.for('Deno.customInspect')]() { for (;;) {} } }); 1",
        "status: timeout",
    ),
    all_ways("timers without end", "setInterval(() => { for (;;) {} }, 1); await new Promise(() => {})", "status: timeout"),
    all_ways("a thrown thing with a slow message", "throw { get message() { for (;;) {} } }", r"Thrown: \{ message: \[Getter\] \}"),
]

MEMORY = [
    all_ways("objects", "const all = []; for (;;) all.push({ a: all.length })", "status: memory_limit", 20_000),
    all_ways("numbers", "const all = []; for (;;) all.push(new Array(1e5).fill(1.5))", "status: memory_limit", 20_000),
    all_ways(
        "a string that doubles",
        "let s = 'x'.repeat(1e6); for (;;) { s += s; s.charCodeAt(0) }",
        "status: memory_limit|RangeError",
        20_000,
    ),
    all_ways(
        "buffers", "const all = []; for (;;) all.push(new Uint8Array(1e7).fill(1))", "status: memory_limit|RangeError", 20_000
    ),
    all_ways("big integers", "let n = 1n; for (;;) n = n << 10_000_000n", "status: memory_limit|RangeError", 20_000),
    all_ways(
        "a rope that is cheap to make",
        "let r = 'x'; for (let i = 0; i < 29; i++) r += r; r",
        r"status: memory_limit|x{100}|too long",
        20_000,
    ),
    all_ways("an array of holes", "const a = []; a.length = 4e9; a", r"status: (memory_limit|ok)|RangeError|empty", 20_000),
    all_ways("a recursion", "const f = () => f(); f()", "RangeError: Maximum call stack", 20_000),
    all_ways(
        "text that grows when it is parsed", "JSON.parse('[' + '{},'.repeat(5e6) + '{}]').length", "status: memory_limit|= ", 20_000
    ),
]
