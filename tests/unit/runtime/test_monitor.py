"""What the system tells of a process: CPU time and memory, of a run and not of its life."""

import os
import subprocess
import sys

from mcp_codeexec.runtime.monitor import ResourceMonitor, cpu_seconds, memory_mb

WORKS = """
import sys
for line in sys.stdin:
    if line == "work\\n":
        sum(i * i for i in range(3_000_000))
    else:
        data = bytes(60_000_000)
        data = bytearray(data)
        del data
    print("done", flush=True)
"""


def asked(process: "subprocess.Popen[str]", what: str) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(what + "\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


def test_usage_is_of_the_run_and_not_of_the_life_of_the_process() -> None:
    argv = [sys.executable, "-c", WORKS]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        monitor = ResourceMonitor(process.pid)
        asked(process, "work")
        monitor.start()
        asked(process, "work")
        assert monitor.cpu_ms() > 0
        worked = monitor.stop()
        monitor.start()
        monitor.look()
        asked(process, "remember")
        large = monitor.stop()
        monitor.start()
        monitor.look()
        small = monitor.stop()
        assert process.stdin is not None
        process.stdin.close()
    assert worked.cpu_ms > small.cpu_ms
    assert worked.wall_ms >= small.wall_ms
    assert large.peak_memory_mb > 60 > small.peak_memory_mb > 0


def test_a_process_that_is_gone_takes_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    monitor = ResourceMonitor(process.pid)
    monitor.start()
    usage = monitor.stop()
    assert (cpu_seconds(process.pid), memory_mb(process.pid)) == (0, 0)
    assert (usage.cpu_ms, usage.peak_memory_mb) == (0, 0)


def test_our_own_figures_are_those_of_the_system() -> None:
    assert abs(cpu_seconds(os.getpid()) - sum(os.times()[:2])) < 1
    assert 10 < memory_mb(os.getpid()) < 4_000
