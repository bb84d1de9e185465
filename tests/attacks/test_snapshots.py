"""Snapshots that somebody made or damaged: they cost variables of their own session, which are named, and nothing else.

A session holds a `victim`; beside it stands what is forged. The worker that reads both is a prisoner like any other: what may run there is
the session's own code. What must not be: another variable changed, a process that hangs, a host that trusts a word of it.
"""

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from mcp_codeexec.errors import WorkerDied
from mcp_codeexec.model import Segment
from mcp_codeexec.runtime.pool import WorkerPool
from tests.snapshots.kept import Kept, workers
from tests.unit.runtime.sessions import there

VICTIM = "let victim = {n: 1, list: [1, 2, 3], deep: {t: 'text'}}; 1"
WHOLE = '{ n: 1, list: [ 1, 2, 3 ], deep: { t: "text" } }'
NULL, OWN, OTHER, OBJECT, ARRAY, MAP = 1, 9, 10, 16, 18, 21  # words of deno_host/snapshot_format.ts
BUFFER, VIEW, BOXED, MADE, FUNCTION, CLASS, MEMBER, PLATFORM = 26, 27, 28, 29, 30, 31, 33, 35
HUGE = b"\xff" * 7 + b"\x0f"


@pytest.fixture(scope="module")
async def pool() -> AsyncGenerator[WorkerPool]:
    async with workers() as pool:
        yield pool


@pytest.fixture
async def kept(pool: WorkerPool) -> AsyncGenerator[Kept]:
    """A session with its victim."""
    kept = Kept(await pool.acquire(30))
    assert (await kept.run(VICTIM)).status == "ok"
    yield kept
    await pool.release(kept.worker)


@asynccontextmanager
async def brought_back(kept: Kept, pool: WorkerPool) -> AsyncGenerator[Kept]:
    """What was kept, in another worker, where nothing has become of the victim."""
    back = await kept.brought_back(await pool.acquire(30))
    assert await back.value("victim") == WHOLE
    yield back
    await pool.release(back.worker)


def text(s: str) -> bytes:
    data = s.encode()
    return bytes([len(s), 0, len(data)]) + data


# Bytes in the place of a variable's.
FORGED = {
    "nothing": b"",
    "an unknown word": b"\xee",
    "a text that ends too early": bytes([7, 100]),
    "a huge text": bytes([7]) + HUGE + b"\x00\x05abcde",
    "a huge array": bytes([ARRAY]) + HUGE + b"\x03",
    "a huge buffer": bytes([BUFFER]) + HUGE + b"\0" * 8,
    "a huge map": bytes([MAP]) + HUGE,
    "a count without end": bytes([5]) + b"\xff" * 40,
    "an object that nobody made": bytes([OWN, 99]),
    "an object of nobody else": bytes([OTHER, 99]),
    "views of views of views": bytes([VIEW, 1, 0, 1, 65]) * 60_000,
    "boxes in boxes": bytes([BOXED]) * 300_000,
    "a view of no buffer": bytes([VIEW]) + text("Uint8Array") + bytes([OBJECT, 0]) + b"\0" * 8,
    "an unknown recipe": bytes([MADE, 250]) + text("1"),
    "a recipe with another's argument": bytes([MADE, 0]) + text('{"__proto__": {}}'),
    "a name of nothing": bytes([PLATFORM]) + text("Deno.core"),
    "a member of no class": bytes([MEMBER, OBJECT, 0, 7]) + text("x"),
    "a class without a source": bytes([CLASS, 0]),
    "a source that closes what is around it": bytes([FUNCTION]) + text("0); victim.n = 666; (") + b"\0",
    "a source that is a script": bytes([FUNCTION]) + text("} victim.n = 666; {") + b"\0",
    "a source that throws": bytes([FUNCTION]) + text("(() => { throw 1 })()") + b"\0",
    "a source that calls the hook": bytes([FUNCTION]) + text("__codeexec_hook(() => { victim.n = 666 })") + b"\0",
}


async def test_forged_bytes_cost_their_own_variable(pool: WorkerPool, kept: Kept) -> None:
    for number, data in enumerate(FORGED.values()):
        kept.segments[f"f{number}"] = Segment(
            f"f{number}", "exact", "", 1_000 * (number + 1), data, {}, kept.segments["victim"].format
        )
        kept.kinds[f"f{number}"] = "let"
    async with brought_back(kept, pool) as back:
        assert back.lost == {f"f{number}" for number in range(len(FORGED))}
        assert await back.value("typeof f0") == "undefined"


async def test_bits_that_flipped_cost_variables_and_never_hang(pool: WorkerPool, kept: Kept) -> None:
    await kept.run(
        "let a = {n: [1.5, -0, 7n], m: new Map([['k', new Set([1])]]), u: new Uint8Array(9), e: new Error('x'), s: Symbol('s')};"
        "class C { static s = a; m() { return a } }; let c = [new C(), a, /x/g, new Date(5), new URL('http://a/'), function f() {}]; 1"
    )
    chance = random.Random(7)
    for name in ("a", "C", "c"):
        whole = kept.segments[name]
        for number in range(60):
            data = bytearray(whole.data)
            for _ in range(chance.randint(1, 3)):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            cut = chance.randrange(len(data)) if number % 4 == 0 else len(data)
            other = f"{name}{number}"
            kept.segments[other] = replace(whole, name=other, data=bytes(data[:cut]), first=10_000 + 100 * len(kept.segments))
            kept.kinds[other] = "let"
    with anyio.fail_after(30):
        async with brought_back(kept, pool) as back:
            assert await back.value("c[0].m() === a && a.n") == "[ 1.5, -0, 7n ]"
            assert back.lost


# A part of a lost variable is in no other: that would be half of what it was.
async def test_what_holds_a_part_of_a_lost_variable_is_lost_with_it(pool: WorkerPool, kept: Kept) -> None:
    await kept.run("let a = {first: {n: 1}, last: [1, 2, 3]}, b = {mine: a.first}, c = [b]; 1")
    kept.forge("a", kept.segments["a"].data[:-2])
    async with brought_back(kept, pool) as back:
        assert back.lost == {"a", "b", "c"}


# Another format is not even sent.
async def test_another_format_costs_its_variable(pool: WorkerPool, kept: Kept) -> None:
    await kept.run("let a = 1, b = 2; 1")
    kept.segments["a"] = replace(kept.segments["a"], format="999 deno 2.0")
    kept.segments["b"] = replace(kept.segments["b"], format="")
    async with brought_back(kept, pool) as back:
        assert back.lost == {"a", "b"}


# Computed names are evaluated again: that is the session's code, in its own prison, and bounded.
async def test_a_class_that_throws_or_loops_when_it_is_made_costs_itself(pool: WorkerPool, kept: Kept) -> None:
    await kept.run("let again = false; function twice() { if (again) for (;;); again = true; return 'm' } 1")
    await kept.run("class Loops { [twice()]() {} }; 1")
    await kept.run("let once = true; class Throws { [once ? (once = false, 'm') : null.x]() {} }; 1")
    async with brought_back(kept, pool) as back:
        assert back.lost == {"Loops", "Throws"}
        assert await back.value("1 + 1") == "2"


async def test_a_restore_that_never_ends_is_ended(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_codeexec.runtime.restoring._WITHIN_S", 0.5)
    kept = Kept(await pool.acquire(30))
    await kept.run(VICTIM)
    kept.segments["many"] = replace(
        kept.segments["victim"], name="many", data=b"", first=50, classes={50 + n: LOOP for n in range(9)}
    )
    kept.forge("many", bytes([ARRAY, 9, 3]) + bytes([CLASS, NULL]) * 9)
    worker = await pool.acquire(30)
    with anyio.fail_after(5), pytest.raises(WorkerDied):
        await kept.brought_back(worker)
    await pool.release(kept.worker)
    await pool.release(worker)
    assert not there(worker.process.pid)


LOOP = "class { [(() => { for (;;); })()]() {} }"
