"""Whether a holder is gone: certain only of a process of this machine."""

import os
import subprocess
import sys
from subprocess import PIPE

import pytest

from mcp_codeexec.sessions.holder import is_gone, new_holder
from tests.unit.sessions.files import ROOT

CHILD = "from mcp_codeexec.sessions.holder import new_holder; print(new_holder(), flush=True); input()"


def test_holders_of_one_process_differ_and_live_as_long_as_it() -> None:
    one, two = new_holder(), new_holder()
    assert one != two
    assert not is_gone(one)
    assert not is_gone(two)


def test_a_process_is_gone_from_its_end_on_also_before_its_parent_looks() -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD], cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as child:
        assert child.stdout is not None
        holder = child.stdout.readline().strip()
        assert not is_gone(holder)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still there as a zombie
        assert is_gone(holder)
    assert is_gone(holder)


@pytest.mark.parametrize(
    ("part", "instead", "gone"),
    [(0, "another-machine", False), (1, "4194305", True), (2, "1", True), (3, "another", False)],
    ids=["another machine", "no such process", "a later process of the same id", "another holder of a living process"],
)
def test_what_is_certain_follows_from_machine_process_and_start(part: int, instead: str, gone: bool) -> None:
    parts = new_holder().split(" ")
    parts[part] = instead
    assert is_gone(" ".join(parts)) == gone


def test_a_holder_of_another_form_is_not_taken_for_dead() -> None:
    assert not is_gone("somebody")
