"""Agent frameworks from PyPI talk to the installed server: the same facts for all of them, in what each would put before its model."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from tests.interop.conversation import TURNS, UNKNOWN
from tests.interop.frameworks import FRAMEWORKS, Framework, Seen, talk

# Patterns that fit both the text of an answer and its structure as JSON, for a framework shows one or the other.
FACTS = {
    "start": [r"run\W+1\b", r"\bok\b", r"value\W+2\b"],
    "go on": [r"run\W+2\b", r"\bok\b", r"value\W+29\.5\b"],
    "read": [r"\bstring\b", r"\bexact\b", r"\bcup\b"],
    "throw": [
        r"\berror\b",
        r"TypeError",
        r"Cannot read properties of undefined \(reading 'price'\)",
        r"line\W+2\W+column\W+7\b",
        r"Variables are kept, with what this run had done by then\.",
    ],
    "reject": [
        r"\brejected\b",
        r"no-require",
        r"line\W+1\W+column\W+12\b",
        r"for files: await files\.read",
        r"(?i:nothing ran, nothing changed)",
    ],
    "unknown": [r"not.run", rf"there is no session {UNKNOWN}", r"Leave session_id out to start one"],
    "wait": [r"run\W+5\b", r"\bok\b", r"six seconds"],
    "still there": [r"run\W+6\b", r"\bok\b", r"value\W+42\b"],
    "history": [
        r"run\W+6\W+(status\W+)?ok",
        r"run\W+4\W+(status\W+)?rejected",
        r"run\W+3\W+(status\W+)?error",
        r"basket\.length \* 21",
    ],
}
FAILURES = {"throw", "reject", "unknown"}
RESTORED = r"variables were brought back|state\W+restored"


@pytest.fixture(scope="module", params=FRAMEWORKS, ids=lambda framework: cast("Framework", framework).name)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, report: Callable[[str, str], None]) -> Seen:
    """The conversation, once for each framework."""
    framework = cast("Framework", request.param)
    home: Path = tmp_path_factory.mktemp(framework.name)
    seen = talk(framework, home)
    process = "a process per call" if framework.process_per_call else "one process"
    versions = ", ".join(map(" ".join, seen.versions.items()))
    report(f"[{framework.name}", f"{versions}, {process}: {len(TURNS)} calls of one session, {len(FAILURES)} of them failures")
    return seen


def test_the_three_tools_are_there_and_the_sdk_is_the_one_that_the_framework_pins(seen: Seen) -> None:
    assert seen.tools == ["execute_code", "get_variable", "session_history"]
    assert seen.versions["mcp"].split(".")[0] == seen.framework.mcp


@pytest.mark.parametrize("turn", [turn.name for turn in TURNS])
def test_the_model_reads_every_fact_of_an_answer(seen: Seen, turn: str) -> None:
    text = seen.answers[turn].text
    missing = [fact for fact in FACTS[turn] if not re.search(fact, text)]
    assert not missing, text


def test_what_failed_is_marked_as_failed_and_nothing_else(seen: Seen) -> None:
    marks = {turn: read.failed for turn, read in seen.answers.items() if read.failed is not None}
    assert marks in ({}, {turn.name: turn.name in FAILURES for turn in TURNS})


def test_all_calls_were_of_one_session_and_it_outlives_a_process(seen: Seen) -> None:
    ids = [set(re.findall(r"ses_[\w-]{22}", read.text)) for turn, read in seen.answers.items() if turn != "unknown"]
    assert len(ids[0]) == 1
    assert all(found == ids[0] for found in ids)
    again = {turn for turn, read in seen.answers.items() if re.search(RESTORED, read.text)}
    assert again == ({"go on", "throw", "reject", "wait", "still there"} if seen.framework.process_per_call else set())
