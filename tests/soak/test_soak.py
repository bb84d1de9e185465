"""Many runs over many sessions with workers killed at random: every answer is true, and nothing piles up. `make soak` takes long."""

import contextlib
import os
import random

import psutil

from mcp_codeexec import Engine
from mcp_codeexec.settings import Settings

RUNS = int(os.environ.get("CODEEXEC_SOAK_RUNS", "150"))
SESSIONS = max(5, RUNS // 50)
GROWTH = 1.25  # of our memory, from a third of the runs to their end: more would be a leak


def workers(others: set[int]) -> list[psutil.Process]:
    """Living session workers of ours, but for those of other tests."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if child.pid not in others and "session_worker.js" in " ".join(child.cmdline()):
                found.append(child)
    return found


async def test_many_runs_with_kills_lose_only_what_they_say() -> None:
    rng, memory = random.Random(4), psutil.Process().memory_info
    others = {child.pid for child in psutil.Process().children()}
    async with Engine(Settings.load({"ephemeral": True, "spare_workers": 2, "live_sessions": 8})) as engine:
        sessions = [await engine.create_session() for _ in range(SESSIONS)]
        counts, early, told = dict.fromkeys(sessions, 0), 0, 0
        for run in range(RUNS):
            session = rng.choice(sessions)
            if rng.random() < 0.1 and (alive := workers(others)):
                rng.choice(alive).kill()
            for text in ("typeof n === 'undefined' ? n = 1 : ++n", "await files.write('f', String(Math.random()))"):
                outcome = await engine.execute(text, session)
                assert outcome.status in ("ok", "crashed"), outcome
                if "n" in outcome.lost:
                    counts[session], told = 0, told + 1
                if outcome.status == "ok" and text.startswith("typeof"):
                    counts[session] += 1
                    assert outcome.value == counts[session], outcome
            if run == RUNS // 3:
                early = memory().rss
        assert memory().rss < GROWTH * early
        assert len(workers(others)) <= 8 + 2 + 1
        assert told > 0
    assert workers(others) == []
