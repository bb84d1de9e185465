"""How long something takes, in milliseconds, and floors that several benchmarks share."""

import asyncio
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from deno import find_deno_bin

EMPTY = Path(__file__).with_name("empty.js")
BARE = [find_deno_bin(), "run", "--no-config", "--no-lock"]

median = statistics.median
Timed = Callable[[int], Awaitable[float]]


async def took(work: Awaitable[object]) -> float:
    """Milliseconds until it is done."""
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1_000


def spent(work: Callable[[], object]) -> float:
    """Milliseconds of a call."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1_000


async def in_turns(rounds: int, *timed: Timed, each: int = 1) -> list[float]:
    """The median of each, a few times one, then a few times the next, round by round, so that a busy machine slows all alike.

    Each is called with the numbers 0, 1, 2 …
    """
    times: list[list[float]] = [[] for _ in timed]
    for round_ in range(rounds):
        for one, list_ in zip(timed, times, strict=True):
            for n in range(each):
                list_.append(await one(round_ * each + n))
    return [median(list_) for list_ in times]


async def bare_deno(_: int = 0) -> float:
    """A bare `deno run` of an empty file, from start to end."""
    return await asyncio.to_thread(spent, lambda: subprocess.run([*BARE, str(EMPTY)], check=True, capture_output=True))


def percentile(times: list[float], percent: int) -> float:
    """The time within which so many of a hundred are."""
    return statistics.quantiles(times, n=100)[percent - 1]
