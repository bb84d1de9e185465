"""The writer: the only place that makes text of figures. It prints them and writes them as Markdown; the fixed prose is here too."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import fill

from tests.benchmarks.rows import PLAN, Part, Row

DOCS = Path(__file__).parents[2] / "docs"

ABOUT = """# Measured

`make bench` prints this page and writes it; nothing in it is written by hand.
{where}

Figures are medians. Each stands beside its floor, measured in turns in the same run: a few times the one, a few times the other, so that a
busy machine slows both alike. The ratio is what to read; milliseconds depend on the machine and on who else uses it. An aim is what this
project wants of the figure, and where it is missed, that is said. [peers.md](peers.md) has other servers, measured by `make peers`.
"""
PLAN_ABOUT = "The targets of the plan that this project was begun with."
FLOORS_ABOUT = """*Ready* is the first of a worker's two phases; it warms itself at the host's first word. A bare `deno run` has V8's
code cache in the user's folder; workers cache nothing. *Brought back* is a session without a process that gets one with its variables."""
ROW_HEAD = ("what", "here", "floor", "ratio", "aim", "verdict")


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    return "\n".join(["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)])


def filled(text: str) -> str:
    """Prose and headings, in lines of the house's width."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))
    return "\n\n".join(fill(paragraph, 140, break_long_words=False, break_on_hyphens=False) for paragraph in paragraphs)


def page(where: str, parts: Sequence[Part]) -> str:
    """docs/benchmarks.md."""
    targets = sorted((target for part in parts for target in part.targets), key=lambda target: list(PLAN).index(target.metric))
    rows: list[Row] = [row for part in parts for row in part.rows]
    missed = [target.metric for target in targets if not target.met] + [row.what for row in rows if row.met is False]
    aims = len(targets) + sum(row.met is not None for row in rows)
    blocks = [
        filled(ABOUT.format(where=where)),
        filled(f"Of {aims} targets and aims, {len(missed)} are missed: {'; '.join(missed) or 'none'}."),
        f"## The plan\n\n{PLAN_ABOUT}",
        markdown(("metric", "plan", "measured", "verdict", "how"), (target.cells() for target in targets)),
        filled(f"## Beside floors\n\n{FLOORS_ABOUT}"),
        markdown(ROW_HEAD, (row.cells() for row in rows)),
    ]
    for part in parts:
        for table in part.tables:
            blocks += [f"## {table.title}\n\n{filled(table.about)}", markdown(table.head, table.rows)]
    return "\n\n".join(blocks) + "\n"


def write(name: str, text: str) -> None:
    """Print a page and put it into docs/."""
    print(text)
    (DOCS / name).write_text(text, "utf-8")
