"""Programs that carry a secret past the filter: in every place that an answer has, and in every dress that it looks through."""

import json

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.errors import VariableNotFound
from mcp_codeexec.settings import Settings

KEY = "AKIA" + "Q3EGXYZ2M7NPLKJ4"
TOKEN = "gh" + "p_wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
PASSWORD = "Sup3rSecretPassw0rdNumber1"
ADDRESS = "bob.smith" + "@" + "example.com"
FILLED = {
    "%key": KEY,
    "%token": TOKEN,
    "%password": PASSWORD,
    "%address": ADDRESS,
    "%url": f"postgresql://service:{PASSWORD}@db.org/x",
}

# Name, program, and what must stand in the answer where the secret would have stood: a program whose secret never came near an answer
# would prove nothing.
HIDDEN = [
    ("a value", "'%key'", '"value": "[REDACTED:aws_key]"'),
    ("a key of a value", "({ '%key': 1 })", '"value": {"[REDACTED:aws_key]": 1}'),
    ("deep in a value", "[[[{ a: [['%key']] }]]]", "[[[{a: [[[REDACTED:aws_key]]]}]]]"),
    ("a value in pieces", "['AKIA', '%key'.slice(4)].join('')", '"value": "[REDACTED:aws_key]"'),
    ("a key of a map", "new Map([['%key', 1]])", "Map(1) { [REDACTED:aws_key] => 1 }"),
    ("a set", "new Set(['%key'])", "Set(1) { [REDACTED:aws_key] }"),
    ("a symbol", "Symbol('%key')", "Symbol([REDACTED:aws_key])"),
    ("the name of a class", "class %key {}; new %key()", 'value_type: [REDACTED:aws_key]'),
    ("the name of a variable", "const %key = 1", '"name": "[REDACTED:aws_key]", "type": "number"'),
    ("a name on the global object", "this['%key'] = 1", '"name": "[REDACTED:aws_key]", "type": "number"'),
    ("a preview", "const v = ['%key']; 1", '"preview": "[[REDACTED:aws_key]]"'),
    ("a key in a preview", "const v = { a: { '%key': 1 } }; 1", '"preview": "{a:{[REDACTED:aws_key]:1}}"'),
    ("output", "console.log('%key')", '"output": "[REDACTED:aws_key]'),
    ("a format", "console.log('AKIA%s', '%key'.slice(4))", '"output": "[REDACTED:aws_key]'),
    ("a table", "console.table([{ '%key': 1 }])", "│ [REDACTED:aws_key] │"),
    ("a group", "console.group('%key')", '"output": "[REDACTED:aws_key]'),
    ("an error on the console", "console.error({ a: '%key' })", "[error] { a: [REDACTED:aws_key] }"),
    ("an assertion", "console.assert(false, '%key')", "Assertion failed: [REDACTED:aws_key]"),
    ("a count", "console.count('%key')", "[REDACTED:aws_key]: 1"),
    ("an error", "throw new Error('it is %key')", '"message": "it is [REDACTED:aws_key]"'),
    ("the name of an error", "throw Object.assign(new Error('x'), { name: '%key' })", '"name": "[REDACTED:aws_key]"'),
    ("the class of an error", "class %key extends Error {}; throw new %key('x')", '"name": "[REDACTED:aws_key]"'),
    ("the cause of an error", "throw new Error('x', { cause: new Error('%key') })", "caused by Error: [REDACTED:aws_key]"),
    ("errors of an error", "await Promise.any([Promise.reject(new Error('%key'))])", "[0] Error: [REDACTED:aws_key]"),
    ("a function in a stack", "function %key() { null.x }; %key()", "at [REDACTED:aws_key]"),
    ("a name that is unknown", "%key()", "[REDACTED:aws_key] was not defined in this session"),
    ("a thrown object", "throw { a: '%key' }", "{ a: [REDACTED:aws_key] }"),
    ("a rejection that nobody handles", "Promise.reject(new Error('%key')); 1", "[uncaught] Error: [REDACTED:aws_key]"),
    ("the error of a timer", "setTimeout(() => { throw '%key' }); await new Promise((r) => setTimeout(r, 5))", "[uncaught] [REDACTED:"),
    ("the name of a file", "await files.write('%key', 'x'); await files.list()", '{"name": "[REDACTED:aws_key]", "bytes": 1}'),
    ("a file that is missing", "await files.read('%key')", "there is no file [REDACTED:aws_key]"),
    ("a colour in it", "console.log('AKIA\\x1b[31m' + '%key'.slice(4))", '"output": "[REDACTED:aws_key]'),
    ("a control character in it", "'AKIA\\0' + '%key'.slice(4)", '"value": "[REDACTED:aws_key]"'),
    ("a change of direction in it", "'AKIA\\u202e' + '%key'.slice(4)", '"value": "[REDACTED:aws_key]"'),
    ("a space of no width in it", "'AKIA\\u200b' + '%key'.slice(4)", '"value": "[REDACTED:aws_key]"'),
    ("text that another base hides", "btoa('it is %token and that is all')", '"value": "[REDACTED:github_token]"'),
    ("two arguments", "console.log('AKIA', '%key'.slice(4))", '"output": "[REDACTED:aws_key]'),
    ("two lines", "console.log('AKIA'); console.log('%key'.slice(4))", '"output": "[REDACTED:aws_key]'),
    ("two items", "['AKIA', '%key'.slice(4)]", "[[REDACTED:aws_key], [REDACTED:aws_key]]"),
    ("letter by letter", "[...'%key']", "[[REDACTED:aws_key], [REDACTED:aws_key]"),
    ("a template in pieces", "`${'AKIA'} and ${'%key'}`", "AKIA and [REDACTED:aws_key]"),
    ("encoded for an address", "encodeURIComponent('%address')", '"value": "[EMAIL_'),
    ("every letter percent-encoded", "[...'%key'].map(c => '%' + c.charCodeAt(0).toString(16)).join('')", "[REDACTED:aws_key]"),
    ("escaped", "[...'%key'].map(c => '\\\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')).join('')", "[REDACTED:aws_key]"),
    ("an address in another base", "btoa('write to %address today')", '"value": "[EMAIL_'),
    ("base64 for an address", "encodeURIComponent(btoa('write to %address today!'))", '"value": "[EMAIL_'),
    ("a card", "({ card: 4111111111111111, text: '4111 1111 1111 1111' })", '"value": {"card": "[CARD_'),
    ("a phone", "console.log('call +49 1512 3456789')", '"output": "call [PHONE_'),
    ("an account in an error", "throw new Error('DE89 3704 0044 0532 0130 00')", '"message": "[IBAN_'),
    ("the host of a visitor", "new Map([['93.184.216.34', 1]])", "Map(1) { [IP_"),
    ("a date of birth", "({ dateOfBirth: '1985-07-30' })", '{"dateOfBirth": "[BIRTH_DATE_'),
    ("a password by its name", "({ password: '%password' })", '"value": {"password": "[REDACTED:password]"}'),
    ("a password in a map", "new Map([['password', ['Sup3rSecret', 'Passw0rd1'].join('')]])", "password => [REDACTED:password]"),
    ("a password in an address", "'%url'", "postgresql://service:[REDACTED:password]@db.org"),
    ("a header", "console.log('Authorization: Bearer %password')", "Bearer [REDACTED:"),
    ("a mail address", "'%address'", '"value": "[EMAIL_'),
    ("a mail address as a key", "({ ['%address']: 1 })", '"value": {"[EMAIL_'),
    ("a mail address in an error", "throw new Error('no %address')", '"message": "no [EMAIL_'),
]  # fmt: skip

# What the filter does not claim to see: a program that wants to can always spell a secret in a way of its own.
NOT_CLAIMED = [
    ("backwards", "[...'%key'].reverse().join('')", KEY[::-1]),
    ("in hexadecimal digits", "new TextEncoder().encode('%key').toHex()", KEY.encode().hex()),
]


@pytest.fixture(scope="module")
async def engine():
    async with Engine(Settings.load({"ephemeral": True, "spare_workers": 2, "live_sessions": 2})) as engine:
        yield engine


def filled(code: str) -> str:
    for name, secret in FILLED.items():
        code = code.replace(name, secret)
    return code


async def everything(engine: Engine, code: str) -> tuple[str, str]:
    """All that is told of a program: its answer; and its history, its variables and files."""
    outcome = await engine.execute(filled(code))
    later = [await engine.session_history(outcome.session_id, 1), await engine.get_variable(outcome.session_id)]
    return told(outcome.structure()), told([answer.structure() for answer in later])


def told(tree: object) -> str:
    return json.dumps(tree, ensure_ascii=False)


def bare(text: str) -> str:
    """Without quotes, of which a value within a text within JSON has three kinds."""
    return text.replace("\\", "").replace('"', "")


@pytest.mark.parametrize(("code", "instead"), [pytest.param(code, instead, id=name) for name, code, instead in HIDDEN])
async def test_a_secret_is_hidden_wherever_it_stands(engine: Engine, code: str, instead: str) -> None:
    answer, later = await everything(engine, code)
    assert bare(instead) in bare(answer), answer
    for secret in (KEY, KEY[4:], TOKEN, PASSWORD, ADDRESS):
        assert secret not in answer
        assert secret not in later
    assert '"redactions"' in answer


@pytest.mark.parametrize(("code", "seen"), [pytest.param(code, seen, id=name) for name, code, seen in NOT_CLAIMED])
async def test_what_is_spelled_another_way_is_not_claimed_to_be_seen(engine: Engine, code: str, seen: str) -> None:
    answer, _ = await everything(engine, code)
    assert seen in answer, answer


# A text that the worker cuts before the filter sees it would no longer look like the secret that it was cut from: it is cut between words.
CUT = [
    ("a preview, after 60 characters", "const a = 'a text of some thirty characters: %url'; 1", "Sup3"),
    ("a preview of an object, after 80", "const a = { n: 1n, text: 'a text of thirty letters', url: '%url' }; 1", "Sup3r"),
    ("a text in a printed value, after 200", "new Map([[1, 'x '.repeat(80) + '%url']])", PASSWORD[:15]),
    ("a value, after 262144", "'x '.repeat(131_054) + '%url' + ' y'.repeat(100)", PASSWORD[:11]),
    ("the message of an error, after 8000", "throw new Error('x '.repeat(3_985) + '%url' + ' y'.repeat(100))", PASSWORD[:6]),
]


@pytest.mark.parametrize(("code", "seen"), [pytest.param(code, seen, id=name) for name, code, seen in CUT])
async def test_a_secret_at_a_cut_is_seen_in_no_part(engine: Engine, code: str, seen: str) -> None:
    answer, later = await everything(engine, code)
    assert seen not in answer, answer
    assert seen not in later
    assert "service:Sup" not in answer + later


async def test_a_failure_to_find_a_variable_names_the_others_filtered(engine: Engine) -> None:
    outcome = await engine.execute(f"this['{ADDRESS}'] = 1")
    assert outcome.variables[0].name.startswith("[EMAIL_")
    with pytest.raises(VariableNotFound) as failure:
        await engine.get_variable(outcome.session_id, "unknown")
    assert ADDRESS not in failure.value.hint
    assert "[EMAIL_" in failure.value.hint
