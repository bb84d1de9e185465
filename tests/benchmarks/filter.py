"""`python -m tests.benchmarks.filter`: recall and precision of the output filter for each kind, on data made here, and its timings, as the
Markdown that docs/filter.md has."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable

import anyio

from mcp_codeexec.filter_options import PERSONAL_KINDS
from mcp_codeexec.filtering import FilterPipeline
from mcp_codeexec.model import Json
from tests.unit.filtering.memory_vault import MemoryVault
from tests.unit.filtering.people import LOOK_ALIKES, MAKERS
from tests.unit.filtering.samples import BY_VENDOR
from tests.unit.filtering.test_corpora import CORPORA

MANY, SIZE, ROUNDS = 1_000, 100_000, 15
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


async def timings(pipeline: FilterPipeline) -> None:
    """100 KB each; the best of some rounds, for the machine is shared."""
    source = random.Random(9)
    texts = {
        f"clean: {name}": _filled(lambda tree=tree: tree if isinstance(tree, str) else json.dumps(tree, indent=1))
        for name, tree in CORPORA.items()
        if name in ("packages", "logs", "random bytes", "words", "TypeScript")
    }
    texts["clean: numbers"] = _filled(lambda: ",".join(repr(source.uniform(-1e6, 1e6)) for _ in range(12)))
    texts["a log with an address in each line"] = _filled(
        lambda: (
            f"2026-01-01T10:00:00Z INFO GET /v1/items/{source.randrange(999)} {MAKERS['ip'](source)} user={MAKERS['email'](source)}"
        )
    )
    texts["dense: rows of all eight kinds"] = _contacts()
    texts["dense: nothing but e-mail addresses"] = _filled(lambda: MAKERS["email"](source))
    texts["dense: nothing but phone numbers"] = _filled(lambda: MAKERS["phone"](source))
    print("| 100 KB | hidden | ms |\n|---|---|---|")
    for name, text in texts.items():
        best, count = 1e9, 0
        for _ in range(ROUNDS):
            vault = MemoryVault()
            began = time.perf_counter()
            cleaned = await pipeline.clean(text, vault)
            best, count = min(best, time.perf_counter() - began), sum(cleaned.redactions.values())
        print(f"| {name} | {count:,} | {best * 1_000:.1f} |")


async def main() -> None:
    pipeline = FilterPipeline()
    pipeline.load()
    await personal(pipeline)
    await secrets(pipeline)
    await timings(pipeline)


if __name__ == "__main__":
    anyio.run(main)
