"""Any values and any changes: what is brought back in another process is what was alive, and so it is the second time."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.runtime.pool import WorkerPool
from tests.fuzz.profile import examples
from tests.fuzz.sessions import CHANGES, FIRST, NAMES, declarations
from tests.snapshots.description import describing
from tests.snapshots.kept import Kept, workers

Run = Callable[[Callable[[WorkerPool], Coroutine[None, None, None]]], None]


@pytest.fixture(scope="module")
def run() -> Generator[Run]:
    """Runs one example in the loop of the module, with its pool."""
    with asyncio.Runner() as runner:
        held: AsyncGenerator[WorkerPool] = _held()
        pool = runner.run(anext(held))
        yield lambda example: runner.run(example(pool))
        runner.run(held.aclose())


async def _held() -> AsyncGenerator[WorkerPool]:
    async with workers() as pool:
        yield pool


async def description(kept: Kept, names: list[str]) -> list[str]:
    raw = await kept.look(describing(names))
    assert raw.status == "ok", raw
    return str(kept.told.pop()).split("\n")


@examples(12, 3_000)
@given(declarations())
def test_any_values_are_brought_back(run: Run, made: tuple[list[str], list[str]]) -> None:
    texts, names = made

    async def example(pool: WorkerPool) -> None:
        kept = Kept(await pool.acquire(30))
        for text in texts:
            raw = await kept.run(text)
            assert raw.status == "ok", (text, raw)
            assert not [(s.name, s.why) for s in raw.segments if s.kept == "live_only"], text
        there = [name for name in names if name in kept.segments]
        assert set(there) == set(names)
        back = await kept.brought_back(await pool.acquire(30))
        assert not back.lost
        assert await description(back, there) == await description(kept, there)
        await back.run("; ".join([*there, "0"]))  # all is looked at there, too
        again = await back.brought_back(await pool.acquire(30))
        assert await description(again, there) == await description(kept, there)
        for session in (kept, back, again):
            await pool.release(session.worker)

    run(example)


@examples(16, 4_000)
@given(st.lists(st.sampled_from(CHANGES), min_size=4, max_size=14))
def test_what_is_kept_run_by_run_is_what_is_alive(run: Run, changes: list[str]) -> None:
    async def example(pool: WorkerPool) -> None:
        kept = Kept(await pool.acquire(30))
        for text in (FIRST, *changes):
            assert (await kept.run(text)).heap_kept, text
        names = [name for name in NAMES if name in kept.segments]
        back = await kept.brought_back(await pool.acquire(30))
        assert not back.lost
        assert await description(back, names) == await description(kept, names)
        await pool.release(kept.worker)
        await pool.release(back.worker)

    run(example)
