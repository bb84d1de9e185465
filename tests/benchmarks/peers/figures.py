"""Times and memory of each peer, all in turns in one run."""

import asyncio
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


@asynccontextmanager
async def begun(entry: Entry) -> AsyncGenerator[Peer]:
    """A fresh one, ended with all its processes."""
    peer = entry.make()
    await peer.open()
    try:
        yield peer
    finally:
        await peer.close()


async def summed(peer: Peer, entry: Entry, n: int) -> float:
    """Milliseconds of a trivial call. Raises Untrue where its result does not come back."""
    code = entry.dialect.sum(n)
    said = await peer.run(code, CALL_S)
    if str(n + 100_000) not in said.text and code not in said.text:  # the echo tool says the program itself
        raise Untrue(f"no result: {said.text[:80]!r}" if said.text else f"no answer within {CALL_S:.0f} s")
    return said.ms


async def cold(entry: Entry) -> float:
    """Milliseconds from nothing to the first result."""
    peer = entry.make()
    ready = await peer.open()
    try:
        return ready + await summed(peer, entry, 1)
    finally:
        await peer.close()


def _colds(entry: Entry) -> Timed:
    return lambda _: cold(entry)


async def measure(entries: Sequence[Entry], firsts: Sequence[float]) -> list[Figures]:
    """`firsts` are the times of their first starts, which came before."""
    colds = await in_turns(COLD_ROUNDS, *map(_colds, entries))
    times: list[list[float]] = [[] for _ in entries]
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(begun(entry)) for entry in entries]
        for entry, peer in zip(entries, peers, strict=True):
            for n in range(CALLS_BEFORE):
                await summed(peer, entry, n)
        await asyncio.sleep(SETTLE_S)  # what they do in the background after their start
        for round_ in range(WARM_ROUNDS):
            for entry, peer, list_ in zip(entries, peers, times, strict=True):
                list_.extend([await summed(peer, entry, round_ * WARM_CALLS + n) for n in range(WARM_CALLS)])
    figures = list[Figures]()
    for entry, first_ms, cold_ms, list_ in zip(entries, firsts, colds, times, strict=True):
        async with begun(entry) as peer:  # alone, so that it shares no pages with others
            for n in range(CALLS_BEFORE):
                await summed(peer, entry, n)
            await asyncio.sleep(SETTLE_S)
            held = [held_mb(process) for process in peer.processes()]
        figures.append(Figures(first_ms, cold_ms, median(list_), percentile(list_, 95), sum(held), len(held)))
    return figures
