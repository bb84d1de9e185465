"""A process is clean or dead: how it starts, how it ends, and that nothing of it stays."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import anyio
import psutil
import pytest

from mcp_codeexec.errors import RuntimeUnavailable, WorkerDied
from mcp_codeexec.runtime.process import DenoProcess
from tests.unit.runtime.sessions import children, eventually, there

READY = r"""printf '\000\000\000\022\000\000\000\016{"op":"ready"}'"""


def shell(script: str) -> DenoProcess:
    pipe = subprocess.PIPE
    popen = subprocess.Popen(["/bin/sh", "-c", script], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
    return DenoProcess(popen, frame_bytes=100_000, call_bytes=100_000)


async def test_a_process_opens_with_its_first_word_and_ends_without_a_trace() -> None:
    process = shell(f"{READY}; exec cat")
    await process.open(10)
    assert process.alive
    exit_ = await process.end()
    assert (exit_.code, exit_.by_us, exit_.reason) == (-signal.SIGKILL, True, "")
    assert not process.alive
    assert not there(process.pid)
    assert await process.end() == exit_


BAD_STARTS = [
    ("exit 3", 10, "Deno ended at once (exit code 3) at start."),
    ("kill -SEGV $$", 10, "Deno ended at once (exit code -11) at start."),
    ("exec sleep 60", 0.1, "Deno did not answer within 0.1 s at start."),
    ("echo hello world; exec sleep 60", 10, "Deno ended at once (exit code -9) at start."),
    ("echo 'it hurts' >&2; exit 119", 10, "A layer of the sandbox could not be taken on."),
    ("exec >&-; exec sleep 60", 10, "Deno ended at once (exit code -9) at start."),
]


@pytest.mark.parametrize(("script", "within_s", "sentence"), BAD_STARTS)
async def test_a_start_that_fails_is_told_in_a_sentence_and_reaped(script: str, within_s: float, sentence: str) -> None:
    process = shell(script)
    with pytest.raises(RuntimeUnavailable) as caught:
        await process.open(within_s)
    assert str(caught.value) == sentence
    assert caught.value.hint
    assert not there(process.pid)


async def test_a_cancelled_start_leaves_nothing() -> None:
    process = shell("exec sleep 60")
    with anyio.move_on_after(0.05):
        await process.open(60)
    assert not there(process.pid)


async def test_a_process_that_dies_while_it_is_connected_leaves_no_pipe_open(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    watched, connect = vars(loop)["_selector"].get_map(), loop.connect_write_pipe
    before, process = set(watched), shell("exit 3")

    async def connect_late(factory: Callable[[], asyncio.BaseProtocol], pipe: object) -> object:
        await process.ended
        for _ in range(50):  # whatever its end has begun comes first
            await asyncio.sleep(0.001)
        return await connect(factory, pipe)

    monkeypatch.setattr(loop, "connect_write_pipe", connect_late)
    with pytest.raises(RuntimeUnavailable, match="exit code 3"):
        await process.open(10)
    await asyncio.sleep(0)
    assert set(watched) <= before


async def test_a_cancelled_end_is_done_all_the_same() -> None:
    process = shell(f"{READY}; exec sleep 60")
    await process.open(10)
    task = asyncio.create_task(process.end())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: not there(process.pid))
    assert (await process.end()).code == -signal.SIGKILL


async def test_what_a_process_started_ends_with_it(tmp_path: Path) -> None:
    process = shell(f"sleep 60 & echo $! > {tmp_path}/pid; {READY}; wait")
    await process.open(10)
    child = int((tmp_path / "pid").read_text())
    await process.end()
    await eventually(lambda: not there(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


async def test_a_process_that_dies_by_itself_is_reaped_without_being_asked() -> None:
    process = shell(f"{READY}; read line; echo last words >&2; exit 7")
    await process.open(10)
    process.write(b"\n")
    await eventually(lambda: not there(process.pid))
    exit_ = await process.end()
    assert (exit_.code, exit_.by_us, exit_.stderr) == (7, False, "last words\n")


async def test_a_process_that_only_closes_its_output_does_not_live_on() -> None:
    process = shell(f"{READY}; read line; exec >&- 2>&-; exec sleep 600")
    await process.open(10)
    process.write(b"\n")
    await eventually(lambda: not there(process.pid))
    assert not process.alive


async def test_requests_to_a_dead_process_fail_at_once() -> None:
    process = shell(f"{READY}; head -c 1 >/dev/null; exit 0")
    await process.open(10)
    waiting = asyncio.create_task(process.request({"op": "ping"}, within_s=600))
    with anyio.fail_after(20):
        with pytest.raises(WorkerDied):
            await waiting
        with pytest.raises(WorkerDied):
            await process.request({"op": "ping"}, within_s=600)
        assert process.begin({"op": "ping"}).cancelled()
        await process.flow()
    process.write(b"into the void")
    process.pause()
    process.resume()
    process.kill()
    await process.end()


async def test_a_process_that_does_not_answer_is_killed() -> None:
    process = shell(f"{READY}; exec cat >/dev/null")
    await process.open(10)
    with pytest.raises(WorkerDied):
        await process.request({"op": "ping"}, within_s=0.02)
    await eventually(lambda: not there(process.pid))


async def test_a_paused_process_stands_still_and_can_be_ended() -> None:
    process = shell(f"{READY}; while :; do :; done")
    await process.open(10)
    process.pause()
    await eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    process.resume()
    await eventually(lambda: psutil.Process(process.pid).status() != psutil.STATUS_STOPPED)
    process.pause(0.01)
    await eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    assert (await process.end()).code == -signal.SIGKILL
    assert not there(process.pid)


async def test_a_pause_to_come_is_forgotten_when_the_process_is_used() -> None:
    def far() -> int:
        loop = asyncio.get_running_loop()
        scheduled: list[asyncio.TimerHandle] = getattr(loop, "_scheduled", [])
        return sum(not handle.cancelled() and handle.when() > loop.time() + 10_000 for handle in scheduled)

    process = shell(f"{READY}; exec cat >/dev/null")
    await process.open(10)
    before = far()
    process.pause(36_000)
    process.pause(36_000)
    process.resume()
    process.pause(36_000)
    await process.end()
    assert far() == before


async def test_stderr_is_kept_at_its_end() -> None:
    process = shell(f"{READY}; read line; head -c 100000 /dev/zero | tr '\\0' x >&2; echo end >&2; exit 1")
    await process.open(10)
    process.write(b"\n")
    with anyio.fail_after(10):
        await process.ended
    exit_ = await process.end()
    assert len(exit_.stderr) == 16_384
    assert exit_.stderr.endswith("xend\n")


async def test_what_follows_a_broken_rule_in_the_same_bytes_is_not_heard() -> None:
    word = r'\000\000\000\021\000\000\000\015{"op":"more"}'
    process = shell(f"{READY}; read line; printf '{word}{word}'; exec sleep 60")
    heard: list[object] = []

    def hear(header: object, blob: bytes) -> None:
        heard.append(header)
        process.break_off("enough")

    process.on_event = hear
    await process.open(10)
    process.write(b"\n")
    with anyio.fail_after(10):
        await process.ended
    exit_ = await process.end()
    assert (len(heard), exit_.reason, exit_.by_us) == (1, "enough", True)


async def test_no_child_and_no_descriptor_is_left_of_many() -> None:
    before, descriptors = children(), len(os.listdir("/proc/self/fd"))
    for script in (f"{READY}; exec sleep 60", "exit 1", f"{READY}; exit 0"):
        process = shell(script)
        with contextlib.suppress(RuntimeUnavailable):
            await process.open(10)
        await process.end()
    await eventually(lambda: children() <= before)
    await eventually(lambda: len(os.listdir("/proc/self/fd")) <= descriptors)
