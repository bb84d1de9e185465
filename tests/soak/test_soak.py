"""Many runs over many sessions, several at once, with workers killed at any instant: nothing is lost but the run that was killed, every
answer is true, and nothing piles up."""

import asyncio
import contextlib
import gc
import os
import random
from collections import Counter
from pathlib import Path

import psutil
import pytest

from mcp_codeexec import Engine
from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.settings import Settings

RUNS = int(os.environ.get("CODEEXEC_SOAK_RUNS", "150"))
SESSIONS = max(6, RUNS // 50)
AT_ONCE, LIVE, SPARE = 3, 8, 2
KILLED = 0.2  # of the rounds have a worker killed in them
WITHIN_S = 0.03  # about three runs
GROWTH = 1.2  # of our memory, from a third of the runs to their end: more would be a leak
BEGIN = """
class Count { #n = 0; seen = new Map(); up() { this.seen.set(this.#n, [this]); return ++this.#n } }
const count = new Count(); let n = 0;
"""
COUNT, WRITE = "if (count.up() !== ++n || count.seen.size !== n) throw n; n", "await files.write('f', String(n))"


def workers(others: set[int]) -> list[psutil.Process]:
    """Living session workers of ours, but for those of other tests."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if child.pid not in others and "session_worker.js" in " ".join(child.cmdline()):
                found.append(child)
    return found


class Soak:
    """Rounds on sessions of its own, and what each answer has to be."""

    def __init__(self, engine: Engine, seed: int, others: set[int]) -> None:
        self.engine, self.rng, self.others = engine, random.Random(seed), others
        self.told: Counter[str] = Counter()
        self.counts: dict[str, int] = {}

    def kill(self) -> None:
        if alive := workers(self.others):
            with contextlib.suppress(psutil.NoSuchProcess):
                self.rng.choice(alive).kill()

    async def round(self) -> None:
        session = self.rng.choice(list(self.counts))
        if self.rng.random() < KILLED:
            asyncio.get_running_loop().call_later(self.rng.random() * WITHIN_S, self.kill)
        for text in (COUNT, WRITE):
            try:
                outcome = await self.engine.execute(text, session)
            except RuntimeUnavailable:  # fresh workers were killed too, one after the other: nothing ran
                self.told["unavailable"] += 1
                continue
            assert outcome.status in ("ok", "crashed"), outcome
            self.told[outcome.status] += 1
            self.told[outcome.state] += 1
            assert outcome.lost == []
            if outcome.status == "ok" and text == COUNT:
                self.counts[session] += 1
                assert outcome.value == self.counts[session], outcome

    async def rounds(self, count: int) -> None:
        while len(self.counts) < SESSIONS // AT_ONCE:
            self.counts[(await self.engine.execute(BEGIN)).session_id] = 0
        for _ in range(count):
            await self.round()


def memory() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


@pytest.mark.timeout(3_600)
async def test_many_runs_with_kills_lose_only_the_run_that_was_killed(tmp_path: Path) -> None:
    others = {child.pid for child in psutil.Process().children()}
    settings = Settings.load({"data_dir": tmp_path, "spare_workers": SPARE, "live_sessions": LIVE})
    async with Engine(settings) as engine:
        soaks = [Soak(engine, seed, others) for seed in range(AT_ONCE)]
        await asyncio.gather(*(soak.rounds(RUNS // AT_ONCE // 3) for soak in soaks))
        early = memory()
        await asyncio.gather(*(soak.rounds(RUNS // AT_ONCE - RUNS // AT_ONCE // 3) for soak in soaks))
        assert memory() < GROWTH * early
        assert len(workers(others)) <= LIVE + SPARE + 1
        told = sum((soak.told for soak in soaks), Counter[str]())
        assert told["restored"] > 0
        assert told["unavailable"] < KILLED * told["ok"]
        runs = [(await engine.session_history(session)).runs[0].run for soak in soaks for session in soak.counts]
        assert sum(runs) == len(runs) + told["ok"] + told["crashed"]  # each is in the history, and no other
    assert workers(others) == []
