"""Programs that tamper with what the harness around them may use: the answer is the true one, and none of their traps was run for it."""

import json
import re
import sys
from collections.abc import AsyncGenerator, Mapping

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.engine.wording import undone
from mcp_codeexec.settings import Settings
from tests.attacks.attack import RULED, UNRULED

# Name, a run that sets traps, and values that later runs must truly have. A trap that is sprung prints or throws `sprung`, so output must
# stay empty and nothing may fail. A text in quotes stands for the value as printed.
T = "{ console.log('sprung'); throw 'sprung' }"
TRAPS: list[tuple[str, str, dict[str, object]]] = [
    ("iterators of maps and sets", f"Map.prototype[Symbol.iterator] = Map.prototype.entries = Map.prototype.forEach = () => {T}; \
        Set.prototype[Symbol.iterator] = Set.prototype.values = Set.prototype.forEach = () => {T}; 1",
        {"new Map([[1, 2]])": "'Map(1) { 1 => 2 }'", "new Set().add(1)": "'Set(1) { 1 }'"}),
    ("sizes", f"for (const C of [Map, Set]) Object.defineProperty(C.prototype, 'size', {{ get() {T} }}); 1",
        {"new Map([[1, 2]])": "'Map(1) { 1 => 2 }'"}),
    ("dates", f"Date.prototype.toISOString = Date.prototype.getTime = Date.prototype[Symbol.toPrimitive] = () => {T}; 1",
        {"new Date(0)": "'1970-01-01T00:00:00.000Z'"}),
    ("sources of regular expressions", f"for (const k of ['source', 'flags', 'global']) Object.defineProperty(RegExp.prototype, k, \
        {{ get() {T} }}); RegExp.prototype.toString = RegExp.prototype.exec = () => {T}; 1",
        {"/a/g": "'RegExp { lastIndex: 0 }'", "'a-b'": "a-b"}),
    ("text of numbers and symbols", f"for (const C of [BigInt, Symbol, Number, Boolean]) \
        C.prototype.toString = C.prototype.valueOf = () => {T}; 1",
        {"[1n, Symbol('s')]": "'[ 1n, Symbol(s) ]'", "[1, true]": [1, True]}),
    ("makers of values", f"structuredClone = String = Number = Boolean = Object = Array = Map = Set = Uint8Array = DataView = () => {T}; 1",
        {"[1, 'a', { b: true }]": [1, "a", {"b": True}]}),
    ("tests of values", f"isFinite = Number.isFinite = Array.isArray = Reflect.ownKeys = Math.max = () => {T}; 1",
        {"[1, -0]": "'[ 1, -0 ]'", "({ a: [1] })": {"a": [1]}}),
    ("tags of typed arrays", f"Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag, {{ get() {T} }}); 1",
        {"new Uint8Array(3)": "'[Uint8Array(3)]'"}),
    ("places of typed arrays", f"for (const k of ['byteLength', 'byteOffset', 'buffer']) \
        Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), k, {{ get() {T} }}); 1",
        {"[1, 'a']": [1, "a"], "await files.write('a', 'b'); await files.list()": [{"name": "a", "bytes": 1}]}),
    ("the name of a constructor", f"Array.prototype.constructor = class {{ static get name() {T} }}; 1",
        {"[1, , 2]": "'[ 1, <empty>, 2 ]'"}),
    ("an inherited tag", f"Object.defineProperty(Object.prototype, Symbol.toStringTag, {{ get() {T}, configurable: true }}); 1",
        {"({ a: 1n })": "'{ a: 1n }'", "[1, { b: 2 }]": [1, {"b": 2}]}),
    ("fields of descriptors", f"for (const k of ['get', 'set', 'enumerable', 'writable', 'configurable']) \
        Object.prototype[k] = () => {T}; 1",
        {"[1, { b: 2 }]": [1, {"b": 2}]}),
    ("fields of frames", f"for (const k of ['id', 'op', 'json', 'made', 'timers', 'undescribed', 'stopped', 'late', 'blob', 'header']) \
        Object.defineProperty(Object.prototype, k, {{ get() {T}, set() {T} }}); 1", {"({ a: [1] })": {"a": [1]}, "await null; 'b'": "b"}),
    ("fields of replies", f"for (const k of ['exceptionDetails', 'exception', 'description', 'result', 'method']) \
        Object.defineProperty(Object.prototype, k, {{ get() {T} }}); 1", {"[1]": [1], "await null; 'b'": "b"}),
    ("conversion to JSON", f"Array.prototype.toJSON = String.prototype.toJSON = Number.prototype.toJSON = () => {T}; 1",
        {"await files.write('a', 'b'); [1, 'x']": [1, "x"]}),
    ("the chain of promises", f"Promise.prototype.finally = Promise.prototype.catch = Promise.all = Promise.race = () => {T}; 1",
        {"await Promise.resolve(5)": 5}),
    ("another Promise", f"Promise = class {{ constructor() {T} static resolve() {T} }}; 1", {"await null; 5": 5, "await files.list()": []}),
    ("clocks", f"performance.now = Performance.prototype.now = Date.now = () => {T}; 1", {"await null; 5": 5}),
    ("events", f"Event.prototype.preventDefault = Event.prototype.stopPropagation = () => {T}; removeEventListener = () => {T}; 1",
        {"await null; 5": 5}),
    ("species of buffers", f"for (const C of [Uint8Array, ArrayBuffer, Array, Map, Set]) Object.defineProperty(C, Symbol.species, \
        {{ get() {T} }}); Uint8Array.prototype.slice = ArrayBuffer.prototype.slice = () => {T}; 1",
        {"await files.write('a', new Uint8Array([104, 105])); await files.read('a')": "hi"}),
    ("a prototype for the global object", f"Object.setPrototypeOf(this, new Proxy({{}}, {{ get() {T}, has() {{ return false }} }})); 1",
        {"5": 5, "[1, 'a']": [1, "a"]}),
    ("no prototype for objects", "Object.setPrototypeOf(Array.prototype, null); delete Object.prototype.__proto__; 1",
        {"[1, { a: 2 }]": [1, {"a": 2}]}),
    ("hooks before their time", "for (let i = 1; i < 60; i++) this['__codeexec_' + i] = () => 'forged'; 1",
        {"[1]": [1], "await null; 'b'": "b"}),
    ("text of functions", f"(() => 1).constructor.prototype.toString = () => {T}; 1", {"(class {})": "'[class (anonymous)]'"}),
]  # fmt: skip

# Where the harness needs what was taken from it, the process ends: an answer is never false, and what was lost is named.
BROKEN = [
    ("a conversion to JSON that cannot be taken away", "Object.defineProperty(Object.prototype, 'toJSON', { value: () => 'forged' }); \
        let x = 1",
        "crashed", "ended by itself (exit code 1)"),
    ("events that reach nobody", "EventTarget.prototype.dispatchEvent = () => true; Promise.reject(1); await null",
        "crashed", "ended by itself (exit code 1)"),
    ("both, and a frozen global object", "Object.defineProperty(Object.prototype, 'toJSON', { value: () => 'forged' }); \
        Object.freeze(this); let x = 1",
        "crashed", "ended by itself (exit code 1)"),
]  # fmt: skip


@pytest.fixture(scope="module")
async def engines() -> AsyncGenerator[Mapping[str, Engine]]:
    shared: dict[str, object] = {"ephemeral": True, "spare_workers": 2, "live_sessions": 2}
    made = {RULED: Engine(Settings.load(shared)), UNRULED: Engine(Settings.load({**shared, "without_validator": True}))}
    async with made[RULED], made[UNRULED]:
        yield made


@pytest.mark.parametrize("way", [RULED, UNRULED])
@pytest.mark.parametrize(("trap", "truths"), [pytest.param(trap, truths, id=name) for name, trap, truths in TRAPS])
async def test_no_trap_is_sprung(engines: Mapping[str, Engine], way: str, trap: str, truths: Mapping[str, object]) -> None:
    engine = engines[way]
    outcome = await engine.execute(trap)
    assert (outcome.status, outcome.value) == ("ok", 1), outcome
    for code, truth in {**truths, "1 + 1": 2}.items():
        outcome = await engine.execute(code, outcome.session_id)
        assert (outcome.status, outcome.output, outcome.lost) == ("ok", "", []), outcome
        assert (f"'{outcome.value_text}'" if outcome.value_text else outcome.value) == truth, outcome


# What is frozen stays usable: the harness keeps nothing on the global object.
@pytest.mark.parametrize("how", ["freeze", "seal", "preventExtensions"])
async def test_a_frozen_global_object_harms_nobody(engines: Mapping[str, Engine], how: str) -> None:
    engine = engines[RULED]
    session = (await engine.execute(f"let x = 1; Object.{how}(this); x")).session_id
    for code, truth in {
        "x += 1": 2,
        "let y = [x]; await null; y": [2],
        "await files.list()": [],
        "class A {}; typeof new A()": "object",
    }.items():
        outcome = await engine.execute(code, session)
        assert (outcome.status, outcome.value, outcome.lost) == ("ok", truth, []), outcome
    for code in ("for (;;);", "await new Promise(() => {})"):
        outcome = await engine.execute(code, session, 100)
        assert (outcome.status, outcome.lost) == ("timeout", []), outcome
    assert (await engine.execute("x", session)).value == 2


@pytest.mark.parametrize("way", [RULED, UNRULED])
@pytest.mark.parametrize(("code", "status", "said"), [pytest.param(*rest, id=name) for name, *rest in BROKEN])
async def test_what_breaks_the_harness_is_told(engines: Mapping[str, Engine], way: str, code: str, status: str, said: str) -> None:
    engine = engines[way]
    outcome = await engine.execute("let kept = 1")
    outcome = await engine.execute(code, outcome.session_id, 10_000)
    assert outcome.status == status, outcome
    assert outcome.error is not None
    assert said in outcome.error.message
    assert outcome.error.message.endswith(undone(2))
    assert (outcome.state, outcome.lost) == ("rolled_back", [])
    assert "forged" not in json.dumps(outcome.structure())
    outcome = await engine.execute("1 + 1", outcome.session_id)
    assert (outcome.status, outcome.value) == ("ok", 2), outcome


# V8 itself would print it, on standard output, which is the wire.
async def test_what_a_finaliser_throws_is_printed_and_costs_nothing(engines: Mapping[str, Engine]) -> None:
    made = await engines[RULED].execute(
        "let done = false; const r = new FinalizationRegistry((held) => { done = true; throw held }); 1"
    )
    code = "(() => r.register({}, 'the end'))(); while (!done) { new Array(1e5).fill(1); await new Promise((r) => setTimeout(r)) } done"
    outcome = await engines[RULED].execute(code, made.session_id, 20_000)
    assert (outcome.status, outcome.value, outcome.output) == ("ok", True, "[uncaught] the end\n"), outcome
    for code in (
        "r.constructor === FinalizationRegistry",
        "new (class extends FinalizationRegistry {})(() => {}) instanceof r.constructor",
    ):
        assert (await engines[RULED].execute(code, made.session_id)).value is True
    for code in ("FinalizationRegistry(() => {})", "new FinalizationRegistry(1)"):
        outcome = await engines[RULED].execute(code, made.session_id)
        assert outcome.error is not None
        assert outcome.error.name == "TypeError"


# What a session may put where V8 or Deno would look for a maker of stacks; `%s` is one that tells all that it sees.
HOOK = "prepareStackTrace: (e, sites) => 'hook ' + sites.map((s) => `${s.getFileName()} ${s.getFunctionName()}`).join('\\n')"
STACKS = [
    ("a variable", "let Error = { %s };"),
    ("a global", "Error = { %s };"),
    ("a property of the global object", "this.Error = { %s }; Reflect.defineProperty(this, 'Error', { value: { %s } });"),
    ("no Error at all", "delete this.Error;"),
    ("a hook", "Object.assign(Error, { %s });"),
    ("a hook that asks for a stack", "Error.prepareStackTrace = () => new TypeError('in a hook').stack;"),
    ("a hook for all", "Object.assign(Object.prototype, { %s });"),
]


@pytest.mark.parametrize("way", [RULED, UNRULED])
@pytest.mark.parametrize("code", [pytest.param(code.replace("%s", HOOK), id=name) for name, code in STACKS])
async def test_stacks_show_the_sessions_frames_only(engines: Mapping[str, Engine], way: str, code: str) -> None:
    body = (
        "const seen = []; try { null.x } catch (e) { seen.push(e.stack) }; try { setTimeout(1) } catch (e) { seen.push(e.stack) }; \
        seen.push(await new Promise((r) => setTimeout(() => r(new TypeError('late').stack)))); seen"
    )
    outcome = await engines[way].execute(code + body)
    assert isinstance(outcome.value, list), outcome
    assert [re.sub(r":\d+:\d+", "", str(stack)) for stack in outcome.value] == [
        "TypeError: Cannot read properties of null (reading 'x')\n    at run1",
        "TypeError: The callback must be a function\n    at run1",
        "TypeError: late\n    at run1",
    ]


# A fault, true today: where there is no stack left to call anybody, V8 prints every frame itself. Ours have names that tell nothing of
# the host.
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere these frames name the folder of the harness")
async def test_today_at_the_end_of_the_stack_frames_of_the_harness_show_but_no_path_of_the_host(
    engines: Mapping[str, Engine],
) -> None:
    outcome = await engines[RULED].execute(END_OF_STACK, "", 20_000)
    assert isinstance(outcome.value, str), outcome
    assert set(re.findall(r"\w+://[^:]*/", outcome.value)) == {"file:///proc/self/cwd/"}


# Two frames so large that the whole of a stack fits into one text, then many small ones up to its end, of which some find it.
END_OF_STACK = """
Error.stackTraceLimit = 200;
let found;
const look = (k) => {
  try { if (k > 0) look(k - 1) } catch {}
  try { const { stack } = new TypeError(); if (stack.includes("://")) found ??= stack } catch {}
};
const fill = (d, ...a) => { d > 0 ? fill(d - 1, ...a) : look(60) };
for (let size = 36_000; size < 44_000 && found === undefined; size += 40) try { fill(2, ...new Array(size)) } catch {}
found
"""


# Deno's read asks the `length` of the buffer that it is given; ours has one of its own, not the getter that a session may replace.
async def test_a_replaced_length_is_not_given_the_buffer_of_the_wire(engines: Mapping[str, Engine]) -> None:
    outcome = await engines[RULED].execute(LENGTH)
    for code in ("2", 'got.map((v) => new TextDecoder().decode(new Uint8Array(v.buffer)).includes(\'"op":"run"\'))'):
        outcome = await engines[RULED].execute(code, outcome.session_id)
    assert isinstance(outcome.value, list)
    assert True not in outcome.value


LENGTH = """
const got = [], prototype = Object.getPrototypeOf(Uint8Array.prototype);
const { get } = Object.getOwnPropertyDescriptor(prototype, "length");
Object.defineProperty(prototype, "length", { get() { got.push(this); return get.call(this) } })
1
"""
