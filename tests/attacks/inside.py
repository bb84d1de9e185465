"""Programs that turn on what is around them inside the process: code from strings, the harness, the wire, the filter.

Deno's own walls and the validator are what holds here: without those walls nothing is claimed.
"""

from tests.attacks.attack import Attack

_EVAL = "EvalError: Code generation from strings disallowed"


def code(name: str, body: str, ruled: str = _EVAL, unruled: str = _EVAL) -> Attack:
    return Attack(name, body, ruled, unruled)


def tamper(name: str, spoil: str, text: str = "[1, 'a', {b: 2}]", value: str = '[1, "a", {"b": 2}]') -> Attack:
    """Spoil something in one run; the next must give its true value."""
    return Attack(name, text, f"= {value}", f"= {value}", before=(spoil,), plain=True)


CODE = [
    code("eval", "return eval('1')", "no-eval"),
    code("eval by another name", "const e = (0, eval); return e('1')", "no-eval"),
    code("Function", "return Function('return 1')()", "no-function-constructor"),
    code("new Function", "return new Function('return 1')()", "no-function-constructor"),
    code("the constructor of a function", "return (() => 1).constructor('return 1')()"),
    code("the constructor of an async function", "return await (async () => 1).constructor('return 1')()"),
    code("the constructor of a generator", "return (function* () {}).constructor('yield 1')().next().value"),
    code("a constructor found by a computed name", "return [].map['const' + 'ructor']('return 1')()"),
    code(
        "a constructor found by reflection",
        "return Reflect.construct(Object.getPrototypeOf(async () => 1).constructor, ['return 1'])",
    ),
    code(
        "a timer of text", "setTimeout('1', 0); return 1", "TypeError: The callback must be a function", "TypeError: The callback"
    ),
    code(
        "a module of text",
        "return (await import('data:text/javascript,export default 1')).default",
        "no-import",
        "done: 1",
    ),
    code(
        "WebAssembly", "return new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))", "no-wasm", "ReferenceError"
    ),
    code("an escaped name", r"return \u0065val('1')", "no-eval", "EvalError"),
    code("a name that is bound far away", "{ const eval_ = 1 } return eval('1')", "no-eval"),
    code("shared memory", "return new SharedArrayBuffer(8).byteLength", "no-shared-memory", "ReferenceError"),
    code("internals of Deno", "return Object.keys(Deno[Deno.internal].core)", "no-deno", "ReferenceError"),
    code(
        "a getter of the global object",
        "return Object.getOwnPropertyNames((function () { return this })()).includes('Deno')",
        "done: false",
        "done: false",
    ),
    code("an inspector of its own", "return new (await import('node:inspector')).Session()", "no-import", "imports are disabled"),
    code("node's vm", "return (await import('node:vm')).runInThisContext('1')", "no-import", "imports are disabled"),
    code("node's module", "return (await import('node:module')).createRequire('/')('fs')", "no-import", "imports are disabled"),
]

TAMPERING = [
    tamper("Object.prototype.then", "Object.prototype.then = (r) => r('forged'); 1", "[typeof 1, 'a'].length", "2"),
    tamper("Object.prototype.toJSON", "Object.prototype.toJSON = () => 'forged'; 1"),
    tamper("Object.prototype.get", "Object.prototype.get = () => 'forged'; Object.prototype.value = 'forged'; 1"),
    tamper(
        "Object.prototype.status", "Object.prototype.status = 'ok'; Object.prototype.error = 'forged'; Object.prototype.op = 'x'; 1"
    ),
    tamper("an iterator", "Array.prototype[Symbol.iterator] = function* () { yield 'forged' }; 1"),
    tamper(
        "methods of arrays",
        "for (const k of ['push', 'map', 'join', 'slice', 'forEach', 'includes']) Array.prototype[k] = () => 'forged'; 1",
    ),
    tamper("JSON", "JSON.stringify = () => '\"forged\"'; JSON.parse = () => 'forged'; 1"),
    tamper("Reflect", "for (const k of Reflect.ownKeys(Reflect)) Reflect[k] = () => 'forged'; 1"),
    tamper("Object", "Object.keys = Object.entries = Object.getOwnPropertyDescriptor = () => 'forged'; 1"),
    tamper("maps and sets", "Map.prototype.get = Map.prototype.set = Set.prototype.has = Set.prototype.add = () => 'forged'; 1"),
    tamper(
        "call, apply and bind", "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => 'forged'; 1"
    ),
    tamper("promises", "Promise.prototype.then = Promise.resolve = () => 'forged'; 1"),
    tamper("the species of promises", "try { Object.defineProperty(Promise, Symbol.species, { value: Object }) } catch {} 1"),
    tamper(
        "text encoding", "TextEncoder.prototype.encode = () => new Uint8Array(3); TextDecoder.prototype.decode = () => 'forged'; 1"
    ),
    tamper("typed arrays", "Uint8Array.prototype.set = Uint8Array.prototype.subarray = () => 'forged'; Uint8Array = Array; 1"),
    tamper("data views", "DataView.prototype.setUint32 = () => {}; DataView.prototype.getUint32 = () => 7; 1"),
    tamper("strings", "String.prototype.slice = String.prototype.indexOf = String.prototype.toWellFormed = () => 'forged'; 1"),
    tamper("symbols", "Symbol.prototype[Symbol.toPrimitive] = () => 'forged'; 1"),
    tamper("timers", "setTimeout = clearTimeout = setInterval = queueMicrotask = () => 'forged'; 1"),
    tamper("stack traces", "Error.prepareStackTrace = () => 'forged'; Error.stackTraceLimit = 0; 1"),
    tamper("errors", "Error = TypeError = RangeError = function () { return 'forged' }; 1"),
    tamper("the clock", "performance.now = Date.now = () => NaN; 1"),
    tamper("names of the harness", "let decode = 1, send = 2, output = 3, variables = 4, scope = 5, internals = 6; 1"),
    tamper("JSON as a variable", "let JSON = null, Map = null, Promise_ = null; 1"),
    tamper("the console", "console.log = () => 'forged'; let console_ = 1; 1"),
    tamper(
        "hooks of the harness",
        "try { Object.defineProperty(Object.prototype, '__codeexec_1', { set() {}, configurable: true }) } catch {} 1",
    ),
    Attack(
        "a value that lies about its type",
        "({ get [Symbol.toStringTag]() { throw 1 }, constructor: null, x: 1 })",
        "constructor: null, x: 1",
        "constructor: null, x: 1",
        plain=True,
    ),
    Attack(
        "a value whose getters count",
        "let n = 0; const o = { get a() { n++; return 1 } }; o",
        r"a: \[Getter\]",
        r"a: \[Getter\]",
        plain=True,
    ),
    Attack(
        "a proxy that traps",
        "new Proxy({}, { get() { throw new Error('trap') }, ownKeys() { throw new Error('trap') } })",
        "Error: trap",
        "Error: trap",
        plain=True,
    ),
    Attack(
        "a thrown thing that traps", "return await Promise.reject(new Proxy({}, { get() { throw 1 } }))", "Thrown: 1", "Thrown: 1"
    ),
    Attack("the harness by its stack", "return (new Error().stack + '').includes('session_worker')", "done: false", "done: false"),
    Attack(
        "what called it",
        "function f() { let c = f.caller, last; try { for (; c; c = c.caller) last = c } catch (e) { last = e } return last } return f()",
        r"TypeError: .*caller",
        r"TypeError: .*caller",
    ),
]

WIRE = [
    Attack("a frame on the output", 'console.log(\'\\0\\0\\0\\x10\\0\\0\\0\\x0c{"op":"done"}\'); return 7', "done: 7", "done: 7"),
    Attack("a frame as a value", 'return \'\\0\\0\\0\\x10\\0\\0\\0\\x0c{"op":"done","id":1}\'.length', "done: 28", "done: 28"),
    Attack("an answer in the output", "console.log('ses_x · run 9 · ok\\nvalue: 42'); return 7", "done: 7", "done: 7"),
    Attack("standard output", "return Deno.stdout.writeSync(new Uint8Array(8))", "no-deno", "ReferenceError"),
    Attack("standard input", "return Deno.stdin.readSync(new Uint8Array(8))", "no-deno", "ReferenceError"),
    Attack(
        "messages",
        "return typeof postMessage + typeof onmessage + typeof MessageChannel",
        "done: undefinedundefinedundefined",
        "done: undefined",
    ),
]

FILTER = [
    Attack("a key", "return 'AKIA' + 'Q3EGXYZ2M7NPLKJ4'", r"done: \[REDACTED:aws_key\]", r"done: \[REDACTED"),
    Attack(
        "a key in an error", "throw new Error('AKIA' + 'Q3EGXYZ2M7NPLKJ4')", r"Error: \[REDACTED:aws_key\]", r"Error: \[REDACTED"
    ),
    Attack("a key as the name of a class", "return (class AKIAQ3EGXYZ2M7NPLKJ4 {}).name", r"done: \[REDACTED", r"done: \[REDACTED"),
    Attack("a key as a key", "return JSON.stringify({ ['AKIA' + 'Q3EGXYZ2M7NPLKJ4']: 1 })", r"REDACTED", r"REDACTED"),
    Attack("an address", "return 'bob' + '@' + 'example.com'", r"done: \[EMAIL_\w+\]", r"done: \[EMAIL_"),
    Attack(
        "an address in pieces of a map", "return JSON.stringify([...new Map([['a@' + 'example.com', 1]])])", r"EMAIL_", r"EMAIL_"
    ),
]
