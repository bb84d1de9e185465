"""Every hostile program, three ways: the full stack; without the validator; and without Deno's own walls, the kernel's layers alone."""

import json
import os
import re
import socket
from collections.abc import AsyncGenerator, Generator, Mapping
from pathlib import Path

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.answers import Outcome
from mcp_codeexec.settings import Settings
from tests.attacks import inside, limits, outside
from tests.attacks.attack import RULED, UNRULED, UNWALLED, WAYS, Attack

CANARY = "canary-4417-of-the-host"
GROUPS: Mapping[str, list[Attack]] = {
    "files": outside.FILES,
    "environment": outside.ENVIRONMENT,
    "network": outside.NETWORK,
    "processes": outside.PROCESSES,
    "code": inside.CODE,
    "tampering": inside.TAMPERING,
    "wire": inside.WIRE,
    "filter": inside.FILTER,
    "output": limits.OUTPUT,
    "time": limits.TIME,
    "memory": limits.MEMORY,
}
SWITCHES: Mapping[str, dict[str, object]] = {
    RULED: {},
    UNRULED: {"without_validator": True},
    UNWALLED: {"without_validator": True, "without_deno_walls": True},
}
TABLE = [
    pytest.param(way, attack, id=f"{way}: {group}: {attack.name}")
    for way in WAYS
    for group, attacks in GROUPS.items()
    for attack in attacks
    if attack.expected(way) is not None
]


@pytest.fixture(scope="module")
async def engines() -> AsyncGenerator[Mapping[str, Engine]]:
    """An engine for each way."""
    shared: dict[str, object] = {"ephemeral": True, "spare_workers": 2, "live_sessions": 2}
    os.environ["CODEEXEC_TEST_SECRET"] = CANARY
    made = {way: Engine(Settings.load({**shared, **more})) for way, more in SWITCHES.items()}
    async with made[RULED], made[UNRULED], made[UNWALLED]:
        yield made
    del os.environ["CODEEXEC_TEST_SECRET"]


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Generator[dict[str, str]]:
    """What the programs reach for: a file with a secret, a folder, a port that is listened on, the server's process."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o777)
    (home / "secret.txt").write_text(CANARY)
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {
            "%canary": str(home / "secret.txt"),
            "%home": str(home),
            "%port": str(server.getsockname()[1]),
            "%pid": str(os.getpid()),
        }


def filled(text: str, around: Mapping[str, str]) -> str:
    for name, value in around.items():
        text = text.replace(name, value)
    return text


def untouched(around: Mapping[str, str]) -> bool:
    names = [path.name for path in Path(around["%home"]).iterdir()]
    return names == ["secret.txt"] and Path(around["%canary"]).read_text() == CANARY


def came_to(outcome: Outcome) -> str:
    """What a program tells, or how it ended."""
    if outcome.status == "ok":
        return outcome.value if isinstance(outcome.value, str) else outcome.value_text or f"= {json.dumps(outcome.value)}"
    if outcome.status == "error" and outcome.error is not None:
        return f"{outcome.error.name}: {outcome.error.message}"
    return f"status: {outcome.status}"


def is_safe(outcome: Outcome, expected: str) -> bool:
    if re.fullmatch(r"no-[a-z-]+", expected):
        return outcome.status == "rejected" and expected in {violation.rule for violation in outcome.violations}
    if expected.startswith("= ") and "|" not in expected:
        return outcome.status == "ok" and outcome.value == json.loads(expected[2:])
    return re.search(expected, came_to(outcome), re.DOTALL) is not None


@pytest.mark.parametrize(("way", "attack"), TABLE)
async def test_a_hostile_program_comes_to_nothing(
    engines: Mapping[str, Engine], around: dict[str, str], way: str, attack: Attack
) -> None:
    engine, expected = engines[way], attack.expected(way)
    assert expected is not None
    session = ""
    for text in attack.before:
        session = (await engine.execute(text, session)).session_id
    outcome = await engine.execute(filled(attack.text, around), session, attack.timeout_ms)
    said = json.dumps(outcome.structure(), ensure_ascii=False)
    assert is_safe(outcome, expected), said[:2_000]
    assert CANARY not in said
    assert len(said) < 40_000
    after = await engine.execute("1 + 1", outcome.session_id)
    assert (after.status, after.value) == ("ok", 2), after
    assert untouched(around)


def test_the_table_is_of_distinct_programs() -> None:
    texts = [(attack.before, attack.text) for attacks in GROUPS.values() for attack in attacks]
    assert len(texts) == len(set(texts)) >= 120
