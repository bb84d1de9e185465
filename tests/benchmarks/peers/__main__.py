"""`make peers`: this server and others from PyPI side by side in one run, and docs/peers.md from what was seen."""

import sys
from dataclasses import dataclass
from importlib.metadata import version as version_here
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from tests.benchmarks import report
from tests.benchmarks.machine import Watch
from tests.benchmarks.peers import figures, probes
from tests.benchmarks.peers.catalogue import Entry, floor, ours, peers
from tests.benchmarks.peers.figures import Untrue
from tests.benchmarks.peers.page import page
from tests.benchmarks.peers.peer import NotStarted
from tests.benchmarks.peers.probes import Seen
from tests.benchmarks.peers.venvs import NotInstalled

LIMIT_S = 1_500.0


@dataclass(frozen=True, slots=True)
class Found:
    """A peer that is there: its version, and the time of its first start in an empty home."""

    entry: Entry
    version: str
    first_ms: float


async def found(entry: Entry) -> Found:
    """Install it and start it once. Raises NotInstalled, NotStarted, Untrue."""
    if entry.venv is None:
        version = version_here(entry.package)
    else:
        await entry.venv.install()
        version = await entry.venv.version(entry.package)
    return Found(entry, version, await figures.cold(entry))


async def main() -> None:
    watch, there, left_out = Watch(), list[Found](), list[str]()
    with TemporaryDirectory(ignore_cleanup_errors=True) as base, anyio.fail_after(LIMIT_S):
        there.append(await found(ours(Path(base))))
        for entry in peers(Path(base)):
            print(entry.name, file=sys.stderr)
            try:
                there.append(await found(entry))
            except (NotInstalled, NotStarted, Untrue) as exc:
                left_out.append(f"{entry.name} ({entry.about}): {exc}.")
        there.append(await found(floor(Path(base))))
        entries = [one.entry for one in there]
        measured = await figures.measure(entries, [one.first_ms for one in there])
        seen = list[dict[str, Seen]]()
        for entry in entries[:-1]:
            print(f"probes of {entry.name}", file=sys.stderr)
            seen.append(await probes.measure(entry))
    versions = [one.version for one in there]
    report.write("peers.md", page(watch.said(("mcp",)), entries, versions, measured, seen, left_out))


if __name__ == "__main__":
    anyio.run(main)
