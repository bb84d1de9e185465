"""`make peers`: this server and others from PyPI side by side in one run, and docs/peers.md from what was seen."""

import sys
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


async def able(entry: Entry) -> tuple[str, str]:
    """Its version, and why it cannot be measured, if so."""
    version = ""
    try:
        if entry.venv is not None:
            await entry.venv.install()
            version = await entry.venv.version(entry.package)
        else:
            version = version_here(entry.package)
        await figures.cold(entry)
    except NotInstalled as exc:
        return version, f"not installed: {exc}"
    except (NotStarted, Untrue) as exc:
        return version, f"no result here: {exc}"
    return version, ""


async def main() -> None:
    watch, entries, versions, left_out = Watch(), list[Entry](), list[str](), list[str]()
    with TemporaryDirectory(ignore_cleanup_errors=True) as base, anyio.fail_after(LIMIT_S):
        sdk = floor(Path(base))
        for entry in (ours(Path(base)), *peers(Path(base))):
            version, why = await able(entry)
            print(f"{entry.name} {version} {why}", file=sys.stderr)
            if why:
                left_out.append(f"{entry.name} {version} ({entry.about}): {why}.")
            else:
                entries.append(entry)
                versions.append(version)
        measured = await figures.measure([*entries, sdk])
        seen = list[dict[str, Seen]]()
        for entry in entries:
            print(f"probes of {entry.name}", file=sys.stderr)
            seen.append(await probes.measure(entry))
    where = watch.said(("mcp",))
    report.write("peers.md", page(where, [*entries, sdk], [*versions, version_here("mcp")], measured, seen, left_out))


if __name__ == "__main__":
    anyio.run(main)
