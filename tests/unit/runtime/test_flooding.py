"""One run that makes too many of something: bounded, counted, told, and the next run is as ever."""

import pytest

from mcp_codeexec.model import Payload
from mcp_codeexec.runtime.host_calls import AT_ONCE
from tests.unit.runtime.sessions import Session

HEAD, TAIL = 700 * 1_024, 300 * 1_024
TIMERS = 10_000
NAMES = 20_400  # characters of all names that one run adds


async def goes_on(session: Session) -> None:
    assert await session.json("1 + 1") == "2"


@pytest.mark.parametrize("start", ["setTimeout", "setInterval"])
async def test_timers_may_be_pending_up_to_a_number_and_are_all_cancelled(session: Session, start: str) -> None:
    raw = await session.run(f"for (let i = 0; i < {TIMERS}; i++) {start}(() => {{}}, 1e6); return 1")
    assert (raw.status, raw.timers, raw.heap_kept) == ("ok", TIMERS, True)
    raw = await session.run(f"for (;;) {start}(() => {{}}, 1e6)", ms=20_000)
    assert raw.error is not None
    assert (raw.status, raw.timers, raw.heap_kept) == ("error", TIMERS, True)
    assert (raw.error.name, raw.error.message) == (
        "RangeError",
        f"{TIMERS} timers are pending, which is the most; wait for some, or clear them, before starting more",
    )
    raw = await session.run("return await new Promise((r) => setTimeout(r, 5, 'rang'))")
    assert raw.value is not None
    assert (raw.value.json, raw.timers) == ('"rang"', 0)


async def test_a_timer_that_has_fired_or_was_cleared_makes_room_for_another(session: Session) -> None:
    raw = await session.run(
        f"const start = () => setTimeout(() => {{}}, 1e6); let last; for (let i = 1; i < {TIMERS}; i++) last = start();"
        "await new Promise((r) => setTimeout(r)); clearTimeout(last); start(); start(); try { start() } catch (e) { return e.name }"
    )
    assert raw.value is not None, raw
    assert (raw.value.json, raw.timers) == ('"RangeError"', TIMERS)


async def test_promises_that_never_settle_do_not_hold_a_run_up(session: Session) -> None:
    raw = await session.run(
        "const wait = async () => { await new Promise(() => {}) }; for (let i = 0; i < 1e5; i++) wait(); return 1", ms=20_000
    )
    assert (raw.status, raw.heap_kept) == ("ok", True)
    await goes_on(session)


async def test_a_flood_of_rejections_is_printed_as_far_as_output_is_kept(session: Session) -> None:
    raw = await session.run(
        "for (let i = 0; i < 10_000; i++) Promise.reject(new Error('x'.repeat(200) + i)); await 0; return 1", ms=20_000
    )
    console = raw.console
    assert (raw.status, raw.heap_kept) == ("ok", True)
    assert console.head.startswith("[uncaught] Error: xxx")
    assert console.head.count("\n    at run1:1:49\n") == 100
    assert console.tail.endswith("x9999\n")
    assert (len(console.head), len(console.tail)) == (HEAD, TAIL)
    assert HEAD + TAIL + console.omitted > 10_000 * len("[uncaught] Error: " + "x" * 200)
    await goes_on(session)


async def test_what_is_printed_through_a_flood_of_microtasks_is_bounded(session: Session) -> None:
    raw = await session.run("for (let i = 0; i < 3e5; i++) { console.log(i); if (i % 1_000 === 0) await null } return 1", ms=20_000)
    console = raw.console
    assert (raw.status, len(console.head), len(console.tail)) == ("ok", HEAD, TAIL)
    assert len(console.head) + len(console.tail) + console.omitted == sum(len(f"{i}\n") for i in range(300_000))
    assert console.tail.endswith("\n299999\n")


async def test_calls_that_nobody_awaits_are_made_few_at_a_time_and_refused_beyond_the_limit(session: Session) -> None:
    asked = 0

    async def count(payload: Payload) -> Payload:
        nonlocal asked
        asked += 1
        return payload

    body = """
    const all = await Promise.allSettled(Array.from({ length: 3_000 }, (_, i) => host.count(i)));
    const refused = all.filter((one) => one.status === "rejected");
    return [all.length - refused.length, refused.length, new Set(refused.map((one) => String(one.reason))).size, String(refused[0].reason)]
    """
    raw = await session.run(body, host={"count": count}, ms=20_000)
    assert raw.value is not None, raw
    assert raw.value.json == '[1000,2000,1,"RangeError: this run has used up its host calls"]'
    assert asked == 1_000 > AT_ONCE
    await goes_on(session)


async def test_names_without_end_are_told_as_far_as_there_is_room_and_all_stay(session: Session) -> None:
    raw = await session.run("for (let i = 0; i < 1e5; i++) this['g' + i] = i; return 1", ms=20_000)
    assert (raw.status, raw.heap_kept) == ("ok", True)
    assert await session.json("[g0, g50000, g99999]") == "[0,50000,99999]"
    assert 1_000 < sum(map(len, session.worker.names)) <= 2 * NAMES  # of two runs
