"""The table of docs/tests.md: how many tests each component has, as pytest collects them, beside the plan's matrix."""

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.docs.table import table

TESTS = Path(__file__).resolve().parents[1]
_BEGIN, _END = "<!-- made by `make docs` -->\n", "<!-- end -->\n"


@dataclass(frozen=True)
class Component:
    """What is tested, the plan's least numbers of unit and integration tests, and the files that count, as patterns below tests/."""

    name: str
    planned: tuple[int, int]
    unit: tuple[str, ...] = ()
    integration: tuple[str, ...] = ()


COMPONENTS = (
    Component(
        "DenoExecutor, its workers and their monitor",
        (15, 10),
        tuple(
            f"unit/runtime/test_{name}.py"
            for name in "executor worker clock monitor console values replaced flooding host_calls hostile_worker saving frames".split()
        ),
        ("attacks/test_endings.py", "integration/test_flooding.py"),
    ),
    Component(
        "WorkerPool: processes and what they start with",
        (12, 8),
        tuple(f"unit/runtime/test_{name}.py" for name in "pool process command host_files limits layers seccomp".split()),
        ("integration/test_server_process.py", "integration/test_elsewhere.py"),
    ),
    Component(
        "CodeValidator",
        (20, 5),
        ("unit/language/test_refusals.py", "unit/language/test_meaning.py"),
        ("attacks/test_evasion.py",),
    ),
    Component(
        "CodeExecutor: the pipeline, with prepare and the transpiler",
        (15, 10),
        (
            *(f"unit/language/test_{name}.py" for name in "prepare places classes literals notebook told".split()),
            "unit/runtime/test_transpiler.py",
            "unit/test_quoted.py",
            "unit/test_undescribed.py",
        ),
        (*(f"integration/test_{name}.py" for name in "engine snippets files get_variable replay export history tokens".split()),),
    ),
    Component(
        "SessionManager, its store and snapshots",
        (18, 12),
        ("unit/sessions/test_*.py",),
        ("integration/test_snapshots.py", "integration/test_two_servers.py", "attacks/test_snapshots.py"),
    ),
    Component("FilterPipeline", (0, 0), ("unit/filtering/test_*.py",), ("attacks/test_everywhere.py",)),
    Component(
        "server, command line, settings",
        (0, 0),
        (
            "unit/server/test_*.py",
            "unit/test_cli.py",
            "unit/test_imports.py",
            "unit/test_logs.py",
            "unit/test_packaging.py",
            "unit/test_settings.py",
        ),
        tuple(f"integration/test_{name}.py" for name in "stdio cli description wheel examples".split()),
    ),
    Component("attacks on all layers", (0, 0), (), tuple(f"attacks/test_{name}.py" for name in "harness layers table".split())),
    Component("property-based and long runs", (0, 0), (), ("fuzz/test_*.py", "soak/test_*.py")),
    Component("documentation", (0, 0), (), ("docs/test_*.py",)),
    Component("clients of other makers", (0, 0), (), ("interop/test_*.py",)),
)


def counted() -> Counter[str]:
    """Tests by file, below tests/."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", str(TESTS)],
        capture_output=True,
        text=True,
        check=True,
        cwd=TESTS.parent,
    )
    files = (line.split("::")[0] for line in done.stdout.splitlines() if "::" in line)
    return Counter(file.removeprefix("tests/") for file in files)


def of_no_component() -> list[str]:
    """Files of tests that would be counted nowhere, or twice."""
    files = [path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")]
    return [file for file in files if sum(_has(each.unit + each.integration, file) for each in COMPONENTS) != 1]


def block() -> str:
    files = counted()
    rows: list[tuple[str, ...]] = []
    unit_total = integration_total = 0
    for each in COMPONENTS:
        unit = sum(n for file, n in files.items() if _has(each.unit, file))
        integration = sum(n for file, n in files.items() if _has(each.integration, file))
        unit_total, integration_total = unit_total + unit, integration_total + integration
        if unit or integration:
            rows.append((each.name, _beside(unit, each.planned[0]), _beside(integration, each.planned[1])))
    planned = [sum(each.planned[column] for each in COMPONENTS) for column in (0, 1)]
    rows.append(("**all**", _beside(unit_total, planned[0]), _beside(integration_total, planned[1])))
    return table(("component", "unit tests (plan)", "integration tests (plan)"), rows)


def renew(page: Path) -> None:
    """Put today's numbers into the page."""
    before, rest = page.read_text("utf-8").split(_BEGIN)
    page.write_text(before + _BEGIN + block() + _END + rest.split(_END)[1], "utf-8")


def components(page: str) -> list[str]:
    """The names in the page's table."""
    made = page.partition(_BEGIN)[2].partition(_END)[0]
    return [row.split(" | ", 1)[0].removeprefix("| ") for row in made.splitlines()[2:-1]]


def _has(patterns: tuple[str, ...], file: str) -> bool:
    return any(fnmatch(file, pattern) for pattern in patterns)


def _beside(number: int, planned: int) -> str:
    return f"{number:,} ({planned}+)" if planned else f"{number:,}"
