"""Every kind of secret and personal data on every path to the model or to what is kept: none arrives."""

import json
import random
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mcp_codeexec import Engine
from mcp_codeexec.filter_options import PERSONAL_KINDS
from mcp_codeexec.settings import Settings
from tests.unit.filtering.people import MAKERS
from tests.unit.filtering.samples import BY_VENDOR

CONFIGURED = "an-upstream-credential+of=mine"
_SOURCE = random.Random(4)
VALUES = {
    **{kind: MAKERS[kind](_SOURCE) for kind in PERSONAL_KINDS},
    "github_token": BY_VENDOR["github_token"],
    "aws_key": BY_VENDOR["aws_key"],
    "configured_secret": CONFIGURED,
}
NEEDLES = {kind: value.rpartition(": ")[2].rpartition(" is ")[2] for kind, value in VALUES.items()}

PATHS = {
    "value": "secret",
    "key and entries": "({ [secret]: [new Map([[secret, new Set([secret])]])] })",
    "data": "({ a: [{ b: secret, [secret]: 1 }] })",
    "output": "console.log(secret); console.warn({ a: secret }); console.error([secret]); console.table([{ a: secret }]); 1",
    "error": "throw new Error(`of ${secret}`, { cause: new Error(secret) })",
    "stack": "Object.defineProperty(() => { throw Object.assign(new Error(secret), { name: secret }) }, 'name', { value: secret })()",
    "names": "this[secret] = [secret]; 1",
    "files": "await files.write(secret.replaceAll('/', '-') + '.txt', secret); await files.list()",
    "a missing file": "await files.read('no ' + secret)",
    "a rejection": "Promise.reject(new Error(secret)); await 0; 1",
    "a class": "const of = { [secret]: class {} }; new of[secret]()",
    "a symbol": "[Symbol(secret)]",
}  # fmt: skip


@pytest.fixture(scope="module")
async def engine():
    flags = {"ephemeral": True, "spare_workers": 2, "live_sessions": 2, "secret_values": [CONFIGURED]}
    async with Engine(Settings.load(flags)) as engine:
        yield engine


async def everything(engine: Engine, session: str, runs: list[int]) -> str:
    """All that can be read of a session."""
    told = [await engine.get_variable(session), await engine.session_history(session)]
    for run in runs:
        told.append(await engine.session_history(session, run))
        told += [await engine.session_history(session, run, part) for part in ("code", "output", "value", "error")]
    for name in ("secret", "_", "of"):
        told.append(await engine.get_variable(session, name))
    return "\n".join(json.dumps(answer.structure(), ensure_ascii=False) for answer in told) + await engine.export(session, "md")


@pytest.mark.parametrize("kind", VALUES)
async def test_no_path_shows_it(engine: Engine, kind: str) -> None:
    first = await engine.execute(f"const secret = {json.dumps(VALUES[kind])}; const of = {{ x: secret }}; 1")
    session, told = first.session_id, json.dumps(first.structure())
    mark = f"[{kind.upper()}_" if kind in MAKERS else f"[REDACTED:{kind}]"
    for name, code in PATHS.items():
        answer = json.dumps((await engine.execute(code, session)).structure(), ensure_ascii=False)
        assert mark in answer, (name, answer)
        told += answer
    told += await everything(engine, session, list(range(1, len(PATHS) + 2)))
    assert NEEDLES[kind] not in told
    assert NEEDLES[kind].replace("/", "-") not in told


async def test_what_the_host_did_is_kept_filtered(engine: Engine) -> None:
    session = await engine.create_session()
    await engine.write_file(session, f"{VALUES['email']}.csv", b"x")
    await engine.remove_file(session, f"{VALUES['email']}.csv")
    await engine.set_variable(session, VALUES["aws_key"], 1)
    told = json.dumps([(await engine.session_history(session, run)).structure() for run in (1, 2, 3)])
    assert told.count("[EMAIL_") == 2
    assert "[REDACTED:aws_key]" in told
    assert VALUES["email"] not in told
    assert VALUES["aws_key"] not in told


async def test_the_type_of_a_variable_is_filtered(engine: Engine) -> None:
    key = VALUES["aws_key"]
    outcome = await engine.execute(f"class {key} {{}}; const it = new {key}(); 1")
    answer = await engine.get_variable(outcome.session_id, "it")
    assert answer.type == "[REDACTED:aws_key]"


async def test_a_token_of_another_session_means_nothing(engine: Engine) -> None:
    one = await engine.execute(f"const a = {json.dumps(VALUES['email'])}; a")
    two = await engine.execute(f"const a = {json.dumps(VALUES['email'])}; a")
    assert str(one.value).startswith("[EMAIL_")
    assert one.value != two.value
    replayed = await engine.execute(f"{json.dumps(one.value)}.length", two.session_id)
    assert replayed.value == len(str(one.value))


async def test_beyond_the_limit_addresses_are_redacted_and_counted() -> None:
    async with Engine(Settings.load({"ephemeral": True, "spare_workers": 1, "tokens_per_run": 50})) as engine:
        outcome = await engine.execute("Array.from({ length: 80 }, (_, n) => `user${n}@example.com`)")
    assert outcome.redactions == {"email": 80, "beyond_limit": 30}
    shown = json.dumps(outcome.structure())
    assert (shown.count("[EMAIL_"), shown.count("[REDACTED:email]"), "@" in shown) == (50, 30, False)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=3),
    places=st.lists(st.sampled_from(list(PATHS)), min_size=1, max_size=2),
    glue=st.sampled_from([" ", "\n", "\t", ", ", " | ", '" "', " (", "; "]),
)
@example(kinds=["card", "iban", "github_token"], places=["stack"], glue=" ")  # its name is cut inside the token
async def test_no_mix_of_them_shows_in_any_answer(engine: Engine, kinds: list[str], places: list[str], glue: str) -> None:
    text = glue.join(VALUES[kind] for kind in kinds)
    session = (await engine.execute(f"const secret = {json.dumps(text)}; 1")).session_id
    for place in places:
        answer = json.dumps((await engine.execute(PATHS[place], session)).structure(), ensure_ascii=False)
        for kind in kinds:
            assert NEEDLES[kind] not in answer


async def test_a_large_item_is_not_cut_inside_a_token(engine: Engine) -> None:
    outcome = await engine.execute("const a = [{ text: Array.from({ length: 900 }, (_, n) => `user${n}@example.com`) }]; 1")
    shown = (await engine.get_variable(outcome.session_id, "a")).value_text
    assert shown.splitlines()[-1] == f'whole: get_variable("{outcome.session_id}", "a", path="[0]")'
    assert shown.count("EMAIL_") == len(re.findall(r"\[EMAIL_[a-z0-9]+\]", shown)) > 100
