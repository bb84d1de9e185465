"""Times and memory of each peer, all in turns in one run."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.benchmarks.clock import Timed, in_turns, median, percentile
from tests.benchmarks.peers.catalogue import Entry
from tests.benchmarks.peers.peer import Peer
from tests.benchmarks.process_memory import held_mb

COLD_ROUNDS, WARM_ROUNDS, WARM_CALLS, CALLS_BEFORE = 5, 5, 20, 10
CALL_S, SETTLE_S = 60.0, 4.0


class Untrue(Exception):
    """A peer that did not compute what it was asked."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds and MB, medians but for the 95th percentile."""

    first_ms: float
    cold_ms: float
    warm_ms: float
    warm_95_ms: float
    memory_mb: float
    processes: int
    missing: int  # calls whose result did not come back


@asynccontextmanager
async def begun(entry: Entry) -> AsyncGenerator[Peer]:
    """A fresh one, ended with all its processes."""
    peer = entry.make()
    await peer.open()
    try:
        yield peer
    finally:
        await peer.close()


async def summed(peer: Peer, entry: Entry, n: int, missing: Counter[str] | None = None) -> float:
    """Milliseconds of a trivial call. Where its result does not come back, that is counted in `missing`.

    Raises:
        Untrue: so it was, and nobody counts.
    """
    code = entry.dialect.sum(n)
    said = await peer.run(code, CALL_S)
    if str(n + 100_000) not in said.text and code not in said.text:  # the echo tool says the program itself
        if missing is None:
            raise Untrue(f"no result: {said.text[:80]!r}" if said.text else f"no answer within {CALL_S:.0f} s")
        missing[entry.name] += 1
    return said.ms


async def cold(entry: Entry, missing: Counter[str] | None = None) -> float:
    """Milliseconds from nothing to the first result. Raises NotStarted, and Untrue as above."""
    peer = entry.make()
    ready = await peer.open()
    try:
        return ready + await summed(peer, entry, 1, missing)
    finally:
        await peer.close()


def _colds(entry: Entry, missing: Counter[str]) -> Timed:
    return lambda _: cold(entry, missing)


async def measure(entries: Sequence[Entry], firsts: Sequence[float]) -> list[Figures]:
    """`firsts` are the times of their first starts, which came before."""
    missing = Counter[str]()
    colds = await in_turns(COLD_ROUNDS, *(_colds(entry, missing) for entry in entries))
    times: list[list[float]] = [[] for _ in entries]
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(begun(entry)) for entry in entries]
        for entry, peer in zip(entries, peers, strict=True):
            for n in range(CALLS_BEFORE):
                await summed(peer, entry, n, missing)
        await asyncio.sleep(SETTLE_S)  # what they do in the background after their start
        for round_ in range(WARM_ROUNDS):
            for entry, peer, list_ in zip(entries, peers, times, strict=True):
                list_.extend([await summed(peer, entry, round_ * WARM_CALLS + n, missing) for n in range(WARM_CALLS)])
    figures = list[Figures]()
    for entry, first_ms, cold_ms, list_ in zip(entries, firsts, colds, times, strict=True):
        async with begun(entry) as peer:  # alone, so that it shares no pages with others
            for n in range(CALLS_BEFORE):
                await summed(peer, entry, n, missing)
            await asyncio.sleep(SETTLE_S)
            held = [held_mb(process) for process in peer.processes()]
        figures.append(Figures(first_ms, cold_ms, median(list_), percentile(list_, 95), sum(held), len(held), missing[entry.name]))
    return figures
