"""What a session prints, and what is printed for it when nobody catches an error."""

import pytest

from tests.unit.runtime.sessions import Session

PRINTED = [
    ("console.log('a', 1, {b: [2]})", "a 1 { b: [ 2 ] }\n"),
    ("console.debug('d'); console.info('i'); console.warn('w'); console.error('e')", "d\ni\n[warn] w\n[error] e\n"),
    ("console.log('%s is %d', 'x', 5); console.log('%cred', 'color: red')", "x is 5\nred\n"),
    ("console.group('g'); console.log('in'); console.groupEnd(); console.log('out')", "g\n  in\nout\n"),
    ("console.assert(true, 'no'); console.assert(false, 'yes')", "[error] Assertion failed: yes\n"),
    ("console.count(); console.count(); console.clear(); console.log()", "default: 1\ndefault: 2\n\n"),
    ("console.log('ä€😀', 'a\\ud800b')", "ä€😀 a\ufffdb\n"),
    ("console.table([{a: 1}])", "┌───────┬───┐\n│ (idx) │ a │\n├───────┼───┤\n│     0 │ 1 │\n└───────┴───┘\n"),
    ("await 0; console.log(1); await new Promise(r => setTimeout(r, 5)); console.log(2)", "1\n2\n"),
    ("console.log(new Proxy({}, {get() { throw 1 }}))", "{}\n"),
]


@pytest.mark.parametrize(("body", "expected"), PRINTED)
async def test_output_is_kept_in_order_with_its_level(session: Session, body: str, expected: str) -> None:
    raw = await session.run(body)
    assert raw.status == "ok"
    assert (raw.console.head, raw.console.tail, raw.console.omitted, raw.console.late) == (expected, "", 0, 0)


async def test_a_flood_keeps_its_start_and_its_end_and_counts_the_rest(session: Session) -> None:
    raw = await session.run("for (let i = 0; i < 200_000; i++) console.log(String(i).padStart(9, '0'))")
    console = raw.console
    assert console.head.startswith("000000000\n000000001\n")
    assert len(console.head) == 700 * 1024
    assert console.tail.endswith("000199999\n")
    assert len(console.tail) == 300 * 1024
    assert console.omitted == 2_000_000 - 1_000 * 1024
    assert (await session.run("console.log('next')")).console.head == "next\n"


async def test_one_long_line_is_cut_as_a_flood_is(session: Session) -> None:
    raw = await session.run("console.log('😀'.repeat(800_000))")
    console = raw.console
    assert len(console.head.encode("utf-16-le")) // 2 + console.omitted + len(console.tail.encode("utf-16-le")) // 2 == 1_600_001
    assert "\ufffd" not in console.head + console.tail


async def test_output_before_a_kill_is_kept(session: Session) -> None:
    raw = await session.run("console.log('before'); await 0; for (;;) {}", ms=100)
    assert (raw.status, raw.stopped, raw.console.head) == ("timeout", "killed", "before\n")


async def test_output_after_the_end_is_counted_and_not_shown(session: Session) -> None:
    late = "Promise.resolve().then(async () => { for (;;) { await new Promise(r => setImmediate_(r)); console.log('late') } });"
    tick = "const setImmediate_ = (r) => crypto.subtle.digest('SHA-256', new Uint8Array(1)).then(r);"
    first = await session.run(tick + late + "await new Promise(r => setTimeout(r, 30)); return 1")
    assert first.status == "ok"
    second = await session.run("await new Promise(r => setTimeout(r, 30)); return 2")
    assert second.value is not None
    assert second.value.json == "2"
    assert second.heap_kept


UNCAUGHT = [
    ("Promise.reject(new Error('r')); return 1", "[uncaught] Error: r\n    at run1:1:16\n"),
    ("Promise.reject(); await 0", "[uncaught] undefined\n"),
    ("(async () => { throw 'x' })(); return 1", "[uncaught] x\n"),
    (
        "setTimeout(() => { throw new TypeError('t') }, 0); await new Promise(r => setTimeout(r, 20))",
        "[uncaught] TypeError: t\n    at run1:1:26\n",
    ),
    (
        "queueMicrotask(() => { throw new Error('q') }); await new Promise(r => setTimeout(r, 5))",
        "[uncaught] Error: q\n    at run1:1:30\n",
    ),
    ("reportError(new Error('e'))", "[uncaught] Error: e\n    at run1:1:13\n"),
    ("dispatchEvent(new Event('error')); dispatchEvent(new Event('unhandledrejection')); dispatchEvent(new Event('load'))", ""),
    ("dispatchEvent(new ErrorEvent('error', {error: 1}))", "[uncaught] 1\n"),
    ("dispatchEvent(new Event('beforeunload')); dispatchEvent(new Event('unload'))", ""),
    ("addEventListener('unhandledrejection', (e) => e.stopImmediatePropagation()); Promise.reject(1)", "[uncaught] 1\n"),
    ("Promise.reject(1).catch(() => {})", ""),
    ("new EventTarget().dispatchEvent(new Event('x'))", ""),
    ("Promise.reject(new Error('a\\n    at b')); await 0", "[uncaught] Error: a\n    at b\n    at run1:1:16\n"),
    (
        "Error.prepareStackTrace = () => { for (;;); }; Promise.reject(new Error('p')); await 0",
        "[uncaught] Error: p\n    at run1:1:63\n",
    ),
    (
        "const t = new EventTarget(); t.addEventListener('x', () => { throw new Error('l') }); t.dispatchEvent(new Event('x'))",
        "[uncaught] Error: l\n    at run1:1:68\n",
    ),
]


@pytest.mark.parametrize(("body", "printed"), UNCAUGHT)
async def test_what_nobody_catches_is_printed_and_kills_nothing(session: Session, body: str, printed: str) -> None:
    raw = await session.run(body)
    assert (raw.status, raw.console.head) == ("ok", printed)
    assert await session.json("1") == "1"
