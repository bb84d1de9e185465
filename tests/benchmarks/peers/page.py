"""docs/peers.md: the text around what was measured, and where a peer does better, said."""

from collections.abc import Sequence

from tests.benchmarks.peers import figures, probes
from tests.benchmarks.peers.catalogue import LEFT_OUT, Entry
from tests.benchmarks.peers.figures import Figures
from tests.benchmarks.peers.probes import Seen
from tests.benchmarks.process_memory import MEASURE
from tests.benchmarks.report import filled, markdown
from tests.benchmarks.rows import shown

ABOUT = """# Peers

`make peers` prints this page and writes it; nothing in it is written by hand. It installs each peer from PyPI into an environment of its
own under `.venv-peers/`, with no settings but its defaults, and looks at all of them in one run.

{where}

Those on Monty run a subset of Python, not the whole of a language: compare times with that in mind.
"""
FIGURES = """## Times and memory

Medians, all peers in turns. *Cold* is from spawn to the first result, {cold} times; *first* is the same, once, in an empty home folder;
*warm* is `1 + 100_000` with other numbers, {warm} calls. Memory after {calls} calls, of all its processes, with no other peer running:
{measure}. *Without result* are calls that came back without their value. What is no MCP server has no protocol to pay for: a kernel of
Jupyter is spoken to over ZeroMQ, a library by function calls. This server's memory has the blank workers in it that it keeps ready, ten by
default (`spare_workers`)."""
PROBES = """## What was seen

Each line is a fresh process with a variable of a known value, and a word for what came of it; **bold** is what a user would not want. A
call that did not answer was given {loop:.0f} s for an endless loop and {answer:.0f} s for anything else. Memory without end is what all
processes of the peer hold more than before, and was ended at {most:,} MB. A restart is its input closed and the same command again in the
same home folder."""


def better(names: Sequence[str], measured: Sequence[Figures], seen: Sequence[dict[str, Seen]]) -> list[str]:
    """Sentences on where a peer does better than this server, which is the first."""
    lines = list[str]()
    for name, figure in zip(names[1:], measured[1:], strict=True):
        pairs = {
            "a warm call": (figure.warm_ms, measured[0].warm_ms, "ms"),
            "the first result": (figure.cold_ms, measured[0].cold_ms, "ms"),
            "memory": (figure.memory_mb, measured[0].memory_mb, "MB"),
        }
        lines += [f"{name}, {what}: {shown(a, unit)} to {shown(b, unit)}" for what, (a, b, unit) in pairs.items() if a < b]
    for name, found in zip(names[1:], seen[1:], strict=True):
        lines += [
            f"{name}, {what}: {found[what].word}"
            for what, own in seen[0].items()
            if not own.good and what in found and found[what].good
        ]
    return lines


def page(
    where: str,
    entries: Sequence[Entry],
    versions: Sequence[str],
    measured: Sequence[Figures],
    seen: Sequence[dict[str, Seen]],
    left_out: Sequence[str],
) -> str:
    """All of it; the floor is the last entry."""
    names = [entry.name for entry in entries[:-1]]
    lines = better(names, measured[:-1], seen)
    rows = [_row(f"{e.name} {v}", e, f) for e, v, f in zip(entries, versions, measured, strict=True)]
    what = dict.fromkeys(key for found in seen for key in found)
    blocks = [
        filled(ABOUT.format(where=where)),
        "Where a peer is better than this server:\n\n" + "\n".join(f"- {line}" for line in lines or ["nowhere in this run"]),
        filled(
            FIGURES.format(
                cold=figures.COLD_ROUNDS, warm=figures.WARM_ROUNDS * figures.WARM_CALLS, calls=figures.CALLS_BEFORE, measure=MEASURE
            )
        ),
        markdown(("peer", "what", "code", "first", "cold", "warm", "95 % within", "memory", "processes", "without result"), rows),
        filled(PROBES.format(loop=probes.LOOP_S, answer=probes.ANSWER_S, most=probes.MOST_MB)),
        markdown(("", *names), ([key, *(_word(found.get(key)) for found in seen)] for key in what)),
    ]
    blocks.append("## Not measured\n\n" + "\n".join(f"- {line}" for line in (*left_out, *LEFT_OUT)))
    return "\n\n".join(blocks) + "\n"


def _row(name: str, entry: Entry, figure: Figures) -> list[str]:
    times = [shown(ms) for ms in (figure.first_ms, figure.cold_ms, figure.warm_ms, figure.warm_95_ms)]
    return [
        name,
        entry.about,
        entry.dialect.language,
        *times,
        shown(figure.memory_mb, "MB"),
        str(figure.processes),
        str(figure.missing),
    ]


def _word(seen: Seen | None) -> str:
    if seen is None:
        return ""
    return seen.word if seen.good else f"**{seen.word}**"
