"""`python -m tests.benchmarks.filter`: recall and precision of the output filter for each kind, on data made here, and its timings, as the
Markdown that docs/filter.md has; `make bench` has the timings from here."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable

import anyio

from mcp_codeexec.filter_options import PERSONAL_KINDS
from mcp_codeexec.filtering import FilterPipeline
from mcp_codeexec.model import Json
from tests.benchmarks.clock import median
from tests.benchmarks.rows import Part, Table, Target, shown
from tests.unit.filtering.memory_vault import MemoryVault
from tests.unit.filtering.people import LOOK_ALIKES, MAKERS
from tests.unit.filtering.samples import BY_VENDOR
from tests.unit.filtering.test_corpora import CORPORA

MANY, SIZE, ROUNDS = 1_000, 100_000, 15
BENCH_ROUNDS, LIMIT_MS = 9, 100
FRAMES = ("{}", "call {}.", '{{"x": "{}", "n": 1}}', "a,{},b", "id\t{}\tend", "({})")


async def personal(pipeline: FilterPipeline) -> None:
    """Recall of each kind; precision over the values of all kinds and everything that looks like one."""
    found, hidden, wrong = Counter[str](), Counter[str](), Counter[str]()
    for kind in PERSONAL_KINDS:
        source = random.Random(f"recall {kind}")
        for number in range(MANY):
            text = FRAMES[number % len(FRAMES)].format(MAKERS[kind](source))
            redactions = (await pipeline.clean(text, MemoryVault())).redactions
            found[kind] += kind in redactions
            hidden.update(redactions.keys())
            wrong.update(name for name in redactions if name != kind)
    for make in LOOK_ALIKES.values():
        source = random.Random("precision")
        texts: list[Json] = [make(source) for _ in range(MANY)]
        redactions = (await pipeline.clean(texts, MemoryVault())).redactions
        hidden.update(redactions)
        wrong.update(redactions)
    others = (len(LOOK_ALIKES) + len(MAKERS) - 1) * MANY
    print(f"| kind | recall, of {MANY:,} | precision | taken by mistake, of {others:,} |\n|---|---|---|---|")
    for kind in PERSONAL_KINDS:
        print(f"| {kind} | {found[kind] / MANY:.1%} | {1 - wrong[kind] / max(1, hidden[kind]):.1%} | {wrong[kind]} |")
    print(f"| (secrets) | | | {wrong['secret']} |\n")
    source, taken = random.Random("alone"), 0
    for _ in range(10 * MANY):
        taken += bool((await pipeline.clean(str(source.randrange(10**15, 10**16)), MemoryVault())).redactions)
    print(f"A random number of 16 digits, alone in its text: {taken / (10 * MANY):.1%} are taken for a card.\n")


async def secrets(pipeline: FilterPipeline) -> None:
    """Recall of secrets that have a form, in every frame; ordinary texts that must stay."""
    total = found = 0
    for secret in BY_VENDOR.values():
        for frame in FRAMES:
            text = frame.format(secret)
            found += secret not in str((await pipeline.clean(text, MemoryVault())).tree)
            total += 1
    print(f"Secrets with a form of their own: {found} of {total} hidden ({len(BY_VENDOR)} vendors, {len(FRAMES)} surroundings).\n")
    characters = sum(len(json.dumps(tree)) for tree in CORPORA.values())
    mistakes = sum([sum((await pipeline.clean(tree, MemoryVault())).redactions.values()) for tree in CORPORA.values()])
    print(f"Ordinary texts ({', '.join(CORPORA)}; {characters:,} characters): {mistakes} hidden by mistake.\n")


def _contacts() -> str:
    """Rows as of a customer table: eight personal values in each."""
    source = random.Random(8)
    rows: list[str] = []
    while sum(map(len, rows)) < SIZE:
        rows.append(",".join(MAKERS[kind](source) for kind in PERSONAL_KINDS))
    return "\n".join(rows)[:SIZE]


def _filled(make: Callable[[], str]) -> str:
    text = ""
    while len(text) < SIZE:
        text += make() + "\n"
    return text[:SIZE]


def texts() -> dict[str, str]:
    """100 KB each, clean and dense."""
    source = random.Random(9)
    made = {
        f"clean: {name}": _filled(lambda tree=tree: tree if isinstance(tree, str) else json.dumps(tree, indent=1))
        for name, tree in CORPORA.items()
        if name in ("packages", "logs", "random bytes", "words", "TypeScript")
    }
    made["clean: numbers"] = _filled(lambda: ",".join(repr(source.uniform(-1e6, 1e6)) for _ in range(12)))
    made["a log with an address in each line"] = _filled(
        lambda: (
            f"2026-01-01T10:00:00Z INFO GET /v1/items/{source.randrange(999)} {MAKERS['ip'](source)} user={MAKERS['email'](source)}"
        )
    )
    made["dense: rows of all eight kinds"] = _contacts()
    made["dense: nothing but e-mail addresses"] = _filled(lambda: MAKERS["email"](source))
    made["dense: nothing but phone numbers"] = _filled(lambda: MAKERS["phone"](source))
    return made


async def times(pipeline: FilterPipeline, text: str, rounds: int) -> tuple[list[float], int]:
    """Milliseconds of each round, with a vault of its own, and how much was hidden."""
    taken, hidden = list[float](), 0
    for _ in range(rounds):
        vault = MemoryVault()
        began = time.perf_counter()
        cleaned = await pipeline.clean(text, vault)
        taken.append((time.perf_counter() - began) * 1_000)
        hidden = sum(cleaned.redactions.values())
    return taken, hidden


async def timings(pipeline: FilterPipeline) -> None:
    """100 KB each; the best of some rounds, for the machine is shared."""
    print("| 100 KB | hidden | ms |\n|---|---|---|")
    for name, text in texts().items():
        taken, hidden = await times(pipeline, text, ROUNDS)
        print(f"| {name} | {hidden:,} | {min(taken):.1f} |")


async def measure() -> Part:
    part, pipeline = Part(), FilterPipeline()
    pipeline.load()
    rows, taken = list[tuple[str, str, str]](), dict[str, float]()
    for name, text in texts().items():
        taken_ms, hidden = await times(pipeline, text, BENCH_ROUNDS)
        taken[name] = median(taken_ms)
        rows.append((name, f"{hidden:,}", shown(taken[name])))
    about = "Medians. An answer is cut to 8,000 characters after it was filtered, so this is what a long output costs."
    part.tables.append(Table("Output filter, 100 KB", about, ("text", "hidden", "time"), rows))
    slow = [name for name, ms in taken.items() if ms > LIMIT_MS]
    how = f"100 KB of {len(taken)} kinds of text, the fastest to the slowest; too slow: {', '.join(slow) or 'none'}"
    measured = f"{shown(min(taken.values()))} to {shown(max(taken.values()))}"
    part.targets.append(Target("output filtering", measured, not slow, how))
    return part


async def main() -> None:
    pipeline = FilterPipeline()
    pipeline.load()
    await personal(pipeline)
    await secrets(pipeline)
    await timings(pipeline)


if __name__ == "__main__":
    anyio.run(main)
