"""A session may replace whatever it can reach: what it is told afterwards stays true, and what it may do stays the same."""

import pytest

from mcp_codeexec.model import Payload, RawRun
from tests.unit.runtime.sessions import Session

REPLACE_ALL = """
const bad = function () { throw new EvalErrorOf('replaced') }, EvalErrorOf = EvalError;
const {getOwnPropertyNames, getOwnPropertySymbols, getOwnPropertyDescriptor, getPrototypeOf} = Object;
const {defineProperty, ownKeys} = Reflect, seen = [];
const spoil = (o) => {
  if (o === null || (typeof o !== 'object' && typeof o !== 'function') || seen.indexOf(o) >= 0) return;
  seen[seen.length] = o;
  for (const key of KEYS(o)) {
    const d = getOwnPropertyDescriptor(o, key);
    if (!d || !d.configurable || key === 'prototype') continue;
    found[found.length] = [o, key, d];
  }
};
const KEYS = (o) => ownKeys(o), found = [];
for (const name of ownKeys(globalThis)) {
  const d = getOwnPropertyDescriptor(globalThis, name), f = d.value;
  if (typeof f !== 'function' && (typeof f !== 'object' || name === 'globalThis')) continue;
  spoil(f);
  if (typeof f === 'function') for (let p = f.prototype; p; p = getPrototypeOf(p)) spoil(p);
}
for (const o of [[][Symbol.iterator](), new Map().keys(), new Set().keys(), ''[Symbol.iterator](), 'a'.matchAll(/a/g), (async () => {}),
                 (function* () {})(), (async function* () {})()]) {
  for (let p = getPrototypeOf(o); p; p = getPrototypeOf(p)) spoil(p);
}
for (let i = 0; i < found.length; i++) {
  const [o, key, d] = [found[i][0], found[i][1], found[i][2]];
  try { defineProperty(o, key, 'value' in d ? {value: bad} : {get: bad, set: bad}) } catch {}
}
"""

PLANT_ALL = """
const names = `then toJSON get set value writable enumerable configurable status stopped syntax error op id name type text json unit
  total hidden header blob ok call data run declare body timeout declared report host keepLast stack line column message made variables
  undescribed promise method params result expression replMode awaitPromise silent depth iterableLimit colors code exceptionDetails
  exception description done constructorName __lookup`.split(/\\s+/);
for (const name of names) {
  Object.defineProperty(TARGET, name, {get() { planted++ }, set(v) { planted++ }, configurable: CONFIGURABLE});
}
"""

ONE_BY_ONE = [
    "Array.prototype[Symbol.iterator] = () => { throw 1 }",
    "Array.prototype.push = Array.prototype.map = Array.prototype.join = Array.prototype.slice = () => 'fake'",
    "Object.prototype.toJSON = () => 'fake'; Array.prototype.toJSON = () => 'fake'; String.prototype.toJSON = () => 'fake'",
    "Object.prototype.get = Object.prototype.set = () => 'fake'; Object.prototype.value = 'fake'",
    "Object.prototype.stopped = 'fake'; Object.prototype.syntax = {error: 'fake', line: 1, column: 1}",
    "Object.setPrototypeOf(Object.prototype.__proto__ ?? {}, null); Object.keys = Object.entries = Object.assign = () => ['fake']",
    "JSON.stringify = () => '\"fake\"'; JSON.parse = () => 'fake'",
    "JSON = {stringify: () => 'fake', parse: () => 'fake'}",
    "Promise.prototype.then = Promise.prototype.catch = Promise.prototype.finally = function () { return 'fake' }",
    "Promise = class {}; Promise.resolve = () => 'fake'",
    "Promise.resolve = Promise.reject = Promise.all = () => 'fake'",
    "class Evil extends Promise { constructor(f) { planted++; super(f) } static get [Symbol.species]() { planted++; return Evil } } "
    "try { Promise.prototype.constructor = Evil } catch {} Promise.prototype.then = function () { planted++ }",
    "try { Object.defineProperty(Promise, Symbol.species, {get() { planted++; return Array }}) } catch {}",
    "Error.prepareStackTrace = () => { planted++; throw new Error('fake') }",
    "Error.stackTraceLimit = 0",
    "Error = Symbol = Map = Set = Proxy = Reflect = Function = Uint8Array = TextEncoder = undefined",
    "console.log = console.warn = () => 'fake'; console = undefined",
    "String.prototype.slice = String.prototype.indexOf = String.prototype.toWellFormed = () => 'fake'",
    "Function.prototype.call = () => 'fake'",
    "Function.prototype.apply = () => 'fake'",
    "Function.prototype.bind = () => 'fake'",
    "Map.prototype.get = Map.prototype.set = Map.prototype.has = Set.prototype.has = Set.prototype.add = () => 'fake'",
    "Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), 'buffer', {get() { planted++ }})",
    "Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength', {get() { planted++ }})",
    "Uint8Array.prototype.constructor = class { constructor() { planted++ } }; Uint8Array.prototype.subarray = 1",
    "DataView.prototype.getUint32 = DataView.prototype.setUint32 = () => 0",
    "TextEncoder.prototype.encode = TextDecoder.prototype.decode = () => 'fake'",
    "performance.now = Date.now = () => NaN; performance = undefined",
    "setTimeout = clearTimeout = queueMicrotask = undefined",
    "Event.prototype.preventDefault = EventTarget.prototype.dispatchEvent = () => 'fake'",
    "Symbol.iterator; Object.defineProperty(RegExp.prototype, 'exec', {value: () => { planted++ }})",
    "Number.isFinite = isFinite = Object.is = () => true; Math.max = Math.min = () => 1e9",
    "Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(Promise.prototype)",
    "globalThis.globalThis = 5; try { __codeexec_hook = 1 } catch {} __codeexec_hook(() => 'fake')",
]


async def assert_told_truly(session: Session, before: RawRun) -> None:
    """Every kind of answer, compared with what is true."""
    assert before.heap_kept, before
    raw = await session.run("return [1, {a: 'x'}, null]")
    assert raw.value is not None, raw
    assert (raw.status, raw.value.json) == ("ok", '[1,{"a":"x"},null]')
    raw = await session.run("kept = 'k'; return 2 ** 3", "kept")
    assert raw.value is not None, raw
    assert raw.value.json == "8"
    assert [(v.name, v.type, v.preview) for v in raw.variables if v.name == "kept"] == [("kept", "string", '"k"')]
    raw = await session.run("null.x")
    assert raw.error is not None, raw
    assert (raw.status, raw.error.name) == ("error", "TypeError")
    assert raw.error.message == "Cannot read properties of null (reading 'x')"
    raw = await session.run("let 1 = 2")
    assert raw.error is not None, raw
    assert (raw.error.name, raw.error.message) == (
        "SyntaxError",
        "Invalid destructuring assignment target",
    ) or raw.error.name == "SyntaxError"
    raw = await session.run("return await (async () => { await 0; return 6 })()")
    assert raw.value is not None, raw
    assert raw.value.json == "6"
    raw = await session.run("await new wait(() => {})", ms=50)
    assert (raw.status, raw.stopped, raw.heap_kept) == ("timeout", "waiting", True)
    raw = await session.run("for (;;);", ms=50)
    assert (raw.status, raw.stopped, raw.heap_kept) == ("timeout", "synchronous", True)
    raw = await session.run("return [await host_(7)]", host={"echo": _echo})
    assert raw.value is not None, raw
    assert raw.value.json == "[7]"
    for code in ("new F('return 1')", "(0, e)('1')"):
        raw = await session.run(f"return {code}")
        assert raw.error is not None, raw
        assert raw.error.name == "EvalError"
    [seen] = await session.worker.table(["kept"])
    assert (seen.type, seen.preview, seen.size) == ("string", '"k"', 1)
    page = await session.worker.describe("kept", [], 0, 10, 100)
    assert page is not None
    assert page.value.text == "k"
    await session.worker.assign("given", b'{"a": [1]}')
    raw = await session.run("return given")
    assert raw.value is not None, raw
    assert raw.value.json == '{"a":[1]}'
    assert await session.worker.ping()


async def _echo(payload: Payload) -> Payload:
    return payload


async def prepared(session: Session, code: str) -> RawRun:
    names = ("planted", "F", "e", "wait", "host_")
    await session.run("planted = 0; F = Function; e = eval; wait = Promise; host_ = (x) => host.echo(x)", *names)
    return await session.run("{" + code + "} return 0")


@pytest.mark.parametrize("code", ONE_BY_ONE)
async def test_one_thing_replaced_changes_no_answer(session: Session, code: str) -> None:
    await assert_told_truly(session, await prepared(session, code))
    assert await session.json("planted") == "0"


async def test_everything_replaced_changes_no_answer(session: Session) -> None:
    await assert_told_truly(session, await prepared(session, REPLACE_ALL))


@pytest.mark.parametrize(
    "target", ["Object.prototype", "Array.prototype", "Function.prototype", "Promise.prototype", "Error.prototype"]
)
async def test_fields_planted_on_a_prototype_are_neither_read_nor_written(session: Session, target: str) -> None:
    code = PLANT_ALL.replace("TARGET", target).replace("CONFIGURABLE", "true")
    await assert_told_truly(session, await prepared(session, code))


async def test_a_session_that_spoils_its_own_process_for_good_ends_it(session: Session) -> None:
    code = "Object.defineProperty(Object.prototype, 'toJSON', {value() { return {method: 'Debugger.enable'} }})"
    await prepared(session, code)
    raw = await session.run("return 1")
    assert (raw.status, raw.heap_kept) == ("crashed", False)


async def test_the_inspector_is_not_reached_by_a_planted_field(session: Session) -> None:
    code = """
    Object.prototype.toJSON = function () {
      if (this.method) { planted++; this.params.allowUnsafeEvalBlockedByCSP = true; this.params.expression = 'F("return 1")()'; }
      return this;
    }"""
    await prepared(session, code)
    raw = await session.run("return [F('return 1')(), planted]")
    assert raw.error is not None
    assert raw.error.name == "EvalError"
    assert await session.json("planted") == "0"


async def test_a_planted_then_is_asked_for_the_sessions_own_values_only(session: Session) -> None:
    await session.run("hits = []; Object.prototype.then = function (f) { hits.push(Object.keys(this).join()); f(1) }", "hits")
    assert await session.json("{mine: 1}") == "1"  # as the language has it
    assert await session.json("'text'") == '"text"'
    raw = await session.run("return (await host.echo(7)) + hits.join('|')", host={"echo": _echo})
    assert raw.value is not None
    assert raw.value.text == "7mine"
    raw = await session.run("for (;;);", ms=50)
    assert (raw.status, raw.stopped) == ("timeout", "synchronous")


async def test_a_variable_may_have_the_name_of_any_global(session: Session) -> None:
    names = (
        "globalThis",
        "Object",
        "Promise",
        "Error",
        "console",
        "JSON",
        "Reflect",
        "Array",
        "String",
        "Symbol",
        "Map",
        "setTimeout",
    )
    raw = await session.run("".join(f"{name} = 1;" for name in names) + "return 1", *names)
    assert raw.status == "ok"
    assert [v.preview for v in raw.variables] == ["1"] * len(names)
    assert await session.text("[() => 1]") == "[ [Function (anonymous)] ]"
    raw = await session.run("null.x")
    assert raw.error is not None
    assert raw.error.stack.split("\n")[1:] == ["    at run3:1:6"]


async def test_a_stack_hook_of_the_sessions_own_is_never_asked(session: Session) -> None:
    code = "Error.prepareStackTrace = () => 'mine'; return [typeof Error.prepareStackTrace, new Error('x').stack]"
    raw = await session.run(code)
    assert raw.value is not None
    assert raw.value.json == '["function","Error: x\\n    at run1:1:81"]'
