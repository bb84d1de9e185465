"""`make bench`: every benchmark, one after the other, and docs/benchmarks.md from what they measured."""

import sys
import time

import anyio

from tests.benchmarks import (
    calls,
    endurance,
    filter,
    language,
    limits,
    memory,
    report,
    sessions,
    stages,
    store,
    throughput,
    workers,
)
from tests.benchmarks.machine import Watch
from tests.benchmarks.rows import Part

# Starts come first, before this process is large: a fork copies its page tables.
BENCHMARKS = (workers, calls, stages, language, sessions, store, filter, limits, throughput, memory, endurance)
PACKAGES = ("mcp", "deno", "pydantic", "tree-sitter")
LIMIT_S = 300.0  # of one of them


async def main() -> None:
    watch, parts = Watch(), list[Part]()
    for benchmark in BENCHMARKS:
        began = time.monotonic()
        with anyio.fail_after(LIMIT_S):
            parts.append(await benchmark.measure())
        print(f"{benchmark.__name__.rpartition('.')[2]:12} {time.monotonic() - began:5.0f} s", file=sys.stderr)
    report.write("benchmarks.md", report.page(watch.said(PACKAGES), parts))


if __name__ == "__main__":
    anyio.run(main)
