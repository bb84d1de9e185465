"""What becomes of a session in trouble: each probe is a short program, a fresh peer, and a word for what was seen."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psutil

from tests.benchmarks.peers.catalogue import Entry
from tests.benchmarks.peers.dialect import ADDRESS, KEY, SIZE, X
from tests.benchmarks.peers.figures import SETTLE_S, begun
from tests.benchmarks.peers.peer import NotStarted, Peer

ANSWER_S, LOOP_S, HUNGRY_S, CANCEL_S, LOOK_S = 15.0, 40.0, 45.0, 2.0, 1.0
MOST_MB, SMALL_BYTES = 3_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A word, and whether it is what one would want."""

    word: str
    good: bool


Probe = Callable[[Entry], Awaitable[dict[str, Seen]]]


async def next_call(entry: Entry) -> dict[str, Seen]:
    async with begun(entry) as peer:
        await peer.run(entry.dialect.set_x, ANSWER_S)
        return {"a variable in the next call": await _x(peer, entry)}


async def time_out(entry: Entry) -> dict[str, Seen]:
    async with begun(entry) as peer:
        await peer.run(entry.dialect.set_x, ANSWER_S)
        said = await peer.run(entry.dialect.loop, LOOP_S)
        seconds = said.ms / 1_000
        seen = Seen(f"stopped after {seconds:.1f} s", True) if said.text else Seen(f"no answer in {LOOP_S:.0f} s", False)
        return {"an endless loop": seen, "the variable after it": await _x(peer, entry)}


async def memory(entry: Entry) -> dict[str, Seen]:
    async with begun(entry) as peer:
        await peer.run(entry.dialect.set_x, ANSWER_S)
        await asyncio.sleep(SETTLE_S)
        before, most = _resident_mb(peer), 0.0
        task = asyncio.create_task(peer.run(entry.dialect.hungry, HUNGRY_S))
        while not task.done() and most < MOST_MB:
            most = max(most, await asyncio.to_thread(_resident_mb, peer) - before)
            await asyncio.wait([task], timeout=0.02)
        if not task.done():
            await peer.close()
            await task
            seen = Seen(f"ended by us at {MOST_MB:,} MB more", False)
            return {"memory without end": seen, "the variable after that": Seen("not asked", False)}
        said = await task
        seen = Seen(f"ended at {most:,.0f} MB more, after {said.ms / 1_000:.1f} s", True)
        if not said.text:
            seen = Seen(
                f"no answer in {HUNGRY_S:.0f} s, {most:,.0f} MB more" if peer.processes() else f"died at {most:,.0f} MB more", False
            )
        return {"memory without end": seen, "the variable after that": await _x(peer, entry)}


async def cancelled(entry: Entry) -> dict[str, Seen]:
    async with begun(entry) as peer:
        await peer.run(entry.dialect.set_x, ANSWER_S)
        running = asyncio.create_task(peer.run(entry.dialect.loop, LOOP_S))
        await asyncio.sleep(CANCEL_S)
        await peer.cancel()
        await asyncio.sleep(CANCEL_S)
        before = _cpu_s(peer)
        await asyncio.sleep(LOOK_S)
        busy = (_cpu_s(peer) - before) / LOOK_S
        if not peer.processes():
            seen = Seen("stops, its process died", False)
        elif busy > 0.3:
            seen = Seen(f"goes on, {busy:.0%} of a processor", False)
        else:
            seen = Seen("stops", True)
        found = {"a cancelled loop": seen, "the variable after the cancel": await _x(peer, entry)}
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return found


async def large(entry: Entry) -> dict[str, Seen]:
    async with begun(entry) as peer:
        said = await peer.run(entry.dialect.large, ANSWER_S)
        size = len(said.text)
        word = f"{size / 1_000:,.0f} KB arrive" if size < SMALL_BYTES else f"{size / 1_000_000:,.0f} MB arrive"
        return {f"a result of {SIZE // 1_000_000} MB": Seen(word if said.text else "no answer", 0 < size < SMALL_BYTES)}


async def secret(entry: Entry) -> dict[str, Seen]:
    async with begun(entry) as peer:
        text = (await peer.run(entry.dialect.secret, ANSWER_S)).text
        found = dict[str, Seen]()
        for what, value in (("an AWS key id in the result", KEY), ("an e-mail address in the result", ADDRESS)):
            hidden = bool(text) and value not in text
            found[what] = Seen("hidden" if hidden else "shown" if text else "no answer", hidden)
        return found


async def restart(entry: Entry) -> dict[str, Seen]:
    async with begun(entry) as peer:
        await peer.run(entry.dialect.set_x, ANSWER_S)
        await peer.close()
        await peer.open()
        return {"the variable after a restart": await _x(peer, entry)}


PROBES: tuple[Probe, ...] = (next_call, time_out, memory, cancelled, large, secret, restart)


async def measure(entry: Entry) -> dict[str, Seen]:
    """All of them; one that fails says so in its own words."""
    found = dict[str, Seen]()
    for probe in PROBES:
        try:
            found |= await probe(entry)
        except NotStarted as exc:
            found[probe.__name__] = Seen(f"not started: {exc}", False)
    return found


async def _x(peer: Peer, entry: Entry) -> Seen:
    """What became of the variable, and, where it is gone, of everything else."""
    said = await peer.run(entry.dialect.get_x, ANSWER_S)
    if str(X) in said.text:
        return Seen("kept", True)
    if not peer.processes():
        return Seen("lost, and the process is gone", False)
    if not said.text:
        return Seen(f"no answer in {ANSWER_S:.0f} s", False)
    again = await peer.run(entry.dialect.sum(1), ANSWER_S)
    return Seen("lost" if "100001" in again.text else "lost, and every later call fails", False)


def _resident_mb(peer: Peer) -> float:
    total = 0
    for process in peer.processes():
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total / 1_048_576


def _cpu_s(peer: Peer) -> float:
    total = 0.0
    for process in peer.processes():
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total
