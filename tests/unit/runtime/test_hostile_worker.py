"""Nothing that a worker sends is trusted: a lie ends it, is told in a sentence, and nothing hangs or is left behind."""

import re
import subprocess
import sys
from pathlib import Path

import anyio
import psutil
import pytest

from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.model import Payload, Program, RawRun
from mcp_codeexec.runtime.process import DenoProcess
from mcp_codeexec.runtime.worker import Job, SessionWorker
from tests.unit.runtime.sessions import eventually

LIAR = Path(__file__).with_name("liar.py")
PROGRAM = Program("", "return 1", {}, frozenset(), lambda line, column: None)


# ruff: noqa: ASYNC220 - processes of the tests' own


async def lied(lie: str, timeout_ms: int = 10_000) -> tuple[RawRun, SessionWorker]:
    popen = subprocess.Popen(
        [sys.executable, str(LIAR), lie],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    process = DenoProcess(popen, frame_bytes=2_000_000, call_bytes=16_000_000)
    await process.open(20)
    worker = SessionWorker(process, console_chars=1_000_000, host_calls=1_000, host_call_s=60, memory_mb=100)

    async def rate(payload: Payload) -> Payload:
        return payload

    async def never(payload: Payload) -> Payload:
        await anyio.sleep_forever()
        return payload

    with anyio.fail_after(20):
        return await worker.run(Job(1, PROGRAM, timeout_ms, {}, {"rate": rate, "never": never})), worker


@pytest.mark.parametrize(
    "lie",
    [
        "a reply to nobody",
        "a header that is no JSON",
        "a header that is no object",
        "a frame too large",
        "a length that is a lie",
        "a status of its own",
        "a wrong type",
        "an unknown field",
        "a negative count",
        "output without end",
        "an unknown message",
        "a malformed call",
        "calls without end",
        "too many calls at once",
        "JSON that is none",
        "JSON that is too deep",
        "a name without end",
        "a text without end",
        "true for a number",
        "sources without end",
        "a malformed segment",
    ],
)
async def test_a_lie_ends_the_worker(lie: str) -> None:
    raw, worker = await lied(lie)
    assert (raw.status, raw.heap_kept) == ("crashed", False)
    assert raw.error is not None
    assert raw.error.message == "the session's process broke its protocol and was ended"
    assert not worker.alive
    assert not psutil.pid_exists(worker.process.pid)


async def test_a_process_that_ends_early_is_told_as_that() -> None:
    raw, worker = await lied("an early end")
    assert raw.error is not None
    assert (raw.status, raw.error.message) == ("crashed", "the session's process ended by itself (exit code 0)")
    assert not psutil.pid_exists(worker.process.pid)


async def test_a_silent_process_is_killed_at_the_limit() -> None:
    raw, worker = await lied("silence", timeout_ms=300)
    assert (raw.status, raw.stopped, raw.heap_kept) == ("timeout", "killed", False)
    assert not psutil.pid_exists(worker.process.pid)


@pytest.mark.parametrize("lie", ["a call after the end", "output after the end", "a segment after the end"])
async def test_what_a_worker_says_after_a_run_ends_it(lie: str) -> None:
    raw, worker = await lied(lie)
    assert raw.value is not None
    assert raw.console.head == ""
    with anyio.fail_after(10):
        await worker.process.ended
    assert (await worker.process.end()).reason == "a message outside a run"
    assert not psutil.pid_exists(worker.process.pid)


async def test_a_second_reply_ends_the_worker_after_its_answer() -> None:
    raw, worker = await lied("two replies")
    assert raw.value is not None
    with anyio.fail_after(10):
        await worker.process.ended
    assert (await worker.process.end()).reason == "a reply that nobody asked for"


async def test_a_worker_that_says_it_stands_still_is_made_to() -> None:
    raw, worker = await lied("a claim to be still")
    assert raw.status == "ok"
    process = psutil.Process(worker.process.pid)
    await eventually(lambda: process.status() == psutil.STATUS_STOPPED)
    await worker.process.end()
    assert not psutil.pid_exists(worker.process.pid)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import threading; threading.Event().wait()", "did not answer within 0.3 s"),
        ("import sys; sys.exit(3)", "ended at once (exit code 3)"),
    ],
)
async def test_a_process_that_does_not_start_is_told_in_a_sentence(code: str, says: str) -> None:
    pipe = subprocess.PIPE
    popen = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
    process = DenoProcess(popen, frame_bytes=2_000_000, call_bytes=16_000_000)
    with pytest.raises(RuntimeUnavailable, match=re.escape(says)):
        await process.open(0.3 if "0.3" in says else 20)
    assert not psutil.pid_exists(process.pid)
