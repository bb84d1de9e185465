"""A token's way back: the real value inside the sandbox, a token again in whatever comes out of it."""

import json
from pathlib import Path
from typing import Any

from mcp_codeexec import Engine
from mcp_codeexec.answers import Outcome
from mcp_codeexec.model import Payload
from mcp_codeexec.ports import HostCall
from mcp_codeexec.settings import Settings
from tests.integration.conftest import CHEAP

ADDRESS = "ann.o'lee@example.com"


async def a_token(engine: Engine, session: str = "") -> tuple[str, str]:
    """A session that has made a token of `ADDRESS`, and that token."""
    outcome = await engine.execute(f"['{ADDRESS[:5]}', \"{ADDRESS[5:]}\"].join('')", session)
    assert isinstance(outcome.value, str)
    assert outcome.value.startswith("[EMAIL_")
    return outcome.session_id, outcome.value


async def everything(engine: Engine, session: str) -> str:
    """All that a caller can read of a session."""
    told: list[Any] = [await engine.get_variable(session), await engine.export(session, "md")]
    told += [await engine.get_variable(session, row.name) for row in told[0].variables]
    for row in (await engine.session_history(session)).runs:
        told.append(await engine.session_history(session, row.run))
        told += [await engine.session_history(session, row.run, part) for part in ("code", "output", "value", "error")]
    return "\n".join(each if isinstance(each, str) else json.dumps(each.structure()) for each in told)


def text_of(outcome: Outcome) -> str:
    return json.dumps(outcome.structure())


async def test_code_has_the_value_and_the_model_its_token(engine: Engine) -> None:
    session, token = await a_token(engine)
    outcome = await engine.execute(
        f"""
        const who: string = '{token}', row = {{ "{token}": `<{token}>`, json: JSON.parse('{{"to": "{token}"}}') }};
        console.log(who, row);
        [who.length, who.split('@')[1], who === row.json.to, Object.keys(row)[0] === who, who, row]
        """,
        session,
    )
    assert isinstance(outcome.value, list)
    assert outcome.value[:5] == [len(ADDRESS), "example.com", True, True, token]
    assert outcome.value[5] == {token: f"<{token}>", "json": {"to": token}}
    assert outcome.redactions["email"] > 6
    assert token in outcome.output
    history = await engine.session_history(session, 2)
    assert f"const who: string = '{token}'" in history.code
    assert "o'lee" not in text_of(outcome) + await everything(engine, session)


ENDS = [
    "throw new RangeError(`no ${who}`)",
    "const e = new Error(who); e.name = who; throw e",
    "throw who",
    "throw { [who]: who }",
    "Promise.reject(new Error(who)); 1",
    "console.error(who); console.table([who]); null.x",
    "who.missing()",
    "const f = () => '{}'; f.toString()",
    "function g(a = '{}') { return `{}` } String(g) + g",
    "class A { static to = '{}'; '{}'() { return \"{}\" } } A.toString()",
    "(class { #n = '{}' }).toString()",
    "await files.write(who + '.txt', who); [await files.read(who + '.txt'), await files.list()]",
    "await files.read('{}/nothing')",
    "[...'{}'].map((c, i) => i), new Map([['{}', new Set(['{}'])]])",
]
SILENT = [
    "JSON.parse(who)",
    "try { JSON.parse(who) } catch (e) { console.log(e, e.message); e.message }",
    "who.nothing.x",
    "let x = '{}'; x +",
    "eval('{}')",
]  # ends that say nothing of it


async def test_whatever_comes_out_has_the_token(engine: Engine) -> None:
    session, token = await a_token(engine)
    await engine.execute(f"let who = '{token}'", session)
    told = {end: text_of(await engine.execute(end.replace("{}", token), session)) for end in (*ENDS, *SILENT)}
    told["afterwards"] = await everything(engine, session)
    assert [end for end, text in told.items() if "withheld" in text or "lee@" in text or "o'lee" in text.replace("\\", "")] == []
    assert [end for end, text in told.items() if token not in text] == SILENT


async def test_what_is_kept_by_source_shows_the_token_in_another_process(tmp_path: Path) -> None:
    settings = Settings.load({**CHEAP, "ephemeral": False, "data_dir": tmp_path, "owner": "ann"})
    async with Engine(settings) as engine:
        session, token = await a_token(engine)
        boxes = f"class Box {{ to = `{token}`; static of() {{ return '{token}' }} }} const box = new Box; 1"
        await engine.execute(f"function mail() {{ return '{token}' }} {boxes}", session)
    async with Engine(settings) as engine:
        for name in ("mail", "Box", "box"):  # of a suspended session: the sources themselves
            told = json.dumps((await engine.get_variable(session, name)).structure())
            assert (token in told, "lee@" in told) == (True, False)
        outcome = await engine.execute(f"[mail().length, mail(), box.to, Box.of() === '{token}', `${{mail}} ${{Box}}`]", session)
        assert "lee@" not in text_of(outcome) + await everything(engine, session)
    assert outcome.state == "restored"
    assert isinstance(outcome.value, list)
    assert outcome.value[:4] == [len(ADDRESS), token, token, True]
    assert str(outcome.value[4]).count(token) == 3


async def test_tokens_that_are_not_the_sessions_stay_as_they_are(engine: Engine) -> None:
    _, foreign = await a_token(engine)
    session, own = await a_token(engine)
    assert foreign != own
    outcome = await engine.execute(f"['{foreign}', '[EMAIL_aaaaaa]', '[REDACTED:password]'].map(t => t.length)", session)
    assert outcome.value == [len(foreign), len("[EMAIL_aaaaaa]"), len("[REDACTED:password]")]


async def test_limits_and_places_are_those_of_the_submitted_text(engine: Engine) -> None:
    session, token = await a_token(engine)
    many = token * (10 * 1_024 // len(token))
    assert len(many) > 10_000
    outcome = await engine.execute(f"'{many}'.length", session)
    assert outcome.value == len(ADDRESS) * many.count("[")
    outcome = await engine.execute(f"['{token}', `{token}`]; null.x", session)
    assert outcome.error is not None
    assert (outcome.error.line, outcome.error.column) == (1, 2 * len(token) + 16)


async def test_a_token_outside_quotes_is_told_where_it_belongs(engine: Engine) -> None:
    session, token = await a_token(engine)
    outcome = await engine.execute(f"const to = {token}", session)
    assert outcome.hint.startswith(f'A token is for strings: write "{token}", in quotes.')


async def test_a_key_that_is_a_token_can_be_asked_for(engine: Engine) -> None:
    session, token = await a_token(engine)
    await engine.execute(f"const by = {{ '{token}': [1, 2] }}", session)
    assert (await engine.get_variable(session, "by", f'["{token}"][1]')).value == 2


async def test_hosts_get_values_and_what_they_give_is_data() -> None:
    got: list[Any] = []

    async def send(payload: Payload) -> Payload:
        got.append(payload.data)
        return Payload(token)

    calls: dict[str, HostCall] = {"send": send}
    async with Engine(Settings.load(CHEAP), host_calls=calls) as engine:
        session, token = await a_token(engine)
        await engine.set_variable(session, "given", {"to": token})
        sent = await engine.execute(
            f"const reply = await host.send({{to: '{token}'}}); [reply.length, given.to.length, reply]", session
        )
        assert got == [{"to": ADDRESS}]
        assert sent.value == [len(token), len(token), token]
        await engine.write_file(session, "a.txt", token)
        read = await engine.execute("(await files.read('a.txt')).length", session)
        assert read.value == len(token)
