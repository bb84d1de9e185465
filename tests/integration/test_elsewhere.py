"""Where the kernel layers cannot be had: the product runs with what is there, says what is missing, and refuses where it is strict."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import platform
platform.machine = lambda: "riscv64"  # none that the kernel layers know
import anyio
from mcp_codeexec import Engine
from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.settings import Settings

BUFFERS = "for (const all = [];; await new Promise((r) => setTimeout(r, 1))) all.push(new Uint8Array(1e6).fill(1))"

async def main():
    async with Engine(Settings.load({"ephemeral": True, "spare_workers": 1, "strict": %r})) as engine:
        try:
            first = await engine.execute("let a = 20; await files.write('a', 'x'); a")
        except RuntimeUnavailable as exc:
            return str(exc)
        again = await engine.execute("a + 1", first.session_id)
        full = await engine.execute(BUFFERS, first.session_id)
        after = await engine.execute("1 + 1", first.session_id)
        status = await engine.status()
        return [again.value, full.status, full.lost, after.value, any(active for _, active, _ in status.layers)]

print(anyio.run(main))
"""


@pytest.mark.parametrize(
    ("strict", "said"),
    [
        (False, "[21, 'memory_limit', [], 2, False]\n"),
        (
            True,
            "The sandbox lacks no_new_privs, parent_death_signal, landlock, rlimits, seccomp, memory_limit, and `strict` is set.\n",
        ),
    ],
)
def test_without_the_kernel_layers_it_runs_with_what_there_is_unless_it_is_told_to_be_strict(strict: bool, said: str) -> None:
    argv = [sys.executable, "-B", "-c", PROGRAM % strict]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == (said, 0), done.stderr


DOCTOR = """
import platform
platform.machine = lambda: "riscv64"
import anyio
from mcp_codeexec.doctor import examine
from mcp_codeexec.settings import Settings

report = anyio.run(examine, Settings.load({"ephemeral": True, "spare_workers": 1, "strict": %r}))
print(report.healthy, *(line.split(":")[0].split() for line in report.lines if "layer landlock" in line or "test run" in line))
"""


@pytest.mark.parametrize(
    ("strict", "said"),
    [
        (False, "True ['ok', 'test', 'run'] ['missing', 'layer', 'landlock']\n"),
        (True, "False ['ok', 'test', 'run'] ['BROKEN', 'layer', 'landlock']\n"),
    ],
)
def test_the_doctor_shows_what_is_missing_and_calls_it_broken_only_where_strict_needs_it(strict: bool, said: str) -> None:
    argv = [sys.executable, "-B", "-c", DOCTOR % strict]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == (said, 0), done.stderr
