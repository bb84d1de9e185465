"""Values that the operator names: hidden by their exact text, in every spelling, and credentials of the environment with them."""

import base64
import json
import urllib.parse

import pytest

from mcp_codeexec.credentials import credentials
from mcp_codeexec.filter_options import FilterOptions
from mcp_codeexec.filtering import FilterPipeline
from mcp_codeexec.settings import Settings
from tests.unit.filtering.memory_vault import MemoryVault

VALUE = 'plain words & "quotes" / more+1'


@pytest.fixture(scope="module")
def named() -> FilterPipeline:
    return FilterPipeline(FilterOptions(secret_values=(VALUE, "correct horse", "short"), allow=("correct horse",)))


SPELLINGS = {
    "as it is": VALUE,
    "percent-encoded": urllib.parse.quote(VALUE, safe=""),
    "as a form": urllib.parse.quote_plus(VALUE),
    "in JSON": json.dumps(VALUE)[1:-1],
    "in JSON in JSON": json.dumps(json.dumps(VALUE))[3:-3],
    "in hexadecimal digits": VALUE.encode().hex(),
    "in escapes": "".join(f"\\u{ord(c):04x}" for c in VALUE),
    "in entities": VALUE.replace("&", "&amp;").replace('"', "&#34;"),
    "percent-encoded twice": urllib.parse.quote(urllib.parse.quote(VALUE, safe=""), safe=""),
    **{f"base64 after {n} bytes": base64.b64encode(b"\xff" * n + VALUE.encode() + b"\xfe").decode() for n in range(4)},
    "base64 for an address": base64.urlsafe_b64encode(VALUE.encode()).decode(),
    "base64, percent-encoded": urllib.parse.quote(base64.b64encode(VALUE.encode()).decode(), safe=""),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
async def test_a_named_value_is_hidden_however_it_is_written(named: FilterPipeline, vault: MemoryVault, spelling: str) -> None:
    cleaned = await named.clean({"a": f"x {spelling} y", spelling: 1}, vault)
    text = json.dumps(cleaned.tree)
    assert text.count("[REDACTED:configured_secret]") == 2
    assert len(text) < 120
    assert cleaned.redactions == {"secret": 2}


async def test_an_allowed_text_that_is_a_named_secret_is_hidden_and_a_short_one_is_not(
    named: FilterPipeline, vault: MemoryVault
) -> None:
    cleaned = await named.clean("correct horse, short", vault)
    assert cleaned.tree == "[REDACTED:configured_secret], short"


ENVIRONMENT = {
    "OPENAI_API_KEY": "abc-123-def-456",
    "DB_PASSWORD": "hunter2!x",
    "GITHUB_TOKEN": "x7Kq9-2mZpL",
    "AWS_SECRET_ACCESS_KEY": "wJalr/XUtn+FEMI",
    "SENTRY_DSN": "https://abc123@o1.ingest.example.com/2",
    "PLAIN_CONFIG": "named-by-the-operator",
    "TOKENIZERS_PARALLELISM": "disabled-9",
    "KEYBOARD_LAYOUT": "qwerty-us-1",
    "SSH_AUTH_SOCK": "/tmp/ssh-x1/agent.1",
    "API_KEY_FILE": "./keys/api-1.txt",
    "USE_TOKEN": "enabled",
    "MAX_TOKEN": "1234567890",
    "AUTH_URL": "https://login.example.com/x1",
    "PWD": "work/abcdef1",
    "SECRET_NOTE": "two words 12345",
    "SECRET_X": "aaaaaaaaaa",
    "HOME": "/root/abcdef",
}


def test_credentials_of_the_environment_are_those_named_so_that_look_like_one() -> None:
    found = set(credentials(ENVIRONMENT, ["PLAIN_CONFIG"]))
    wanted = ("OPENAI_API_KEY", "DB_PASSWORD", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SENTRY_DSN", "PLAIN_CONFIG")
    assert found == {ENVIRONMENT[name] for name in wanted}


def test_settings_gather_values_and_never_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SERVICE_TOKEN", "t0ken-of-mine")
    monkeypatch.setenv("ODD_NAME", "odd value 1")
    monkeypatch.setenv("MCP_CODEEXEC_SECRET_VALUES", '["a named value"]')
    settings = Settings.load({"secret_variables": ["ODD_NAME"], "personal_data": ["email"], "allow": ["@example.com"]})
    options = settings.filter_options
    assert {"t0ken-of-mine", "odd value 1", "a named value"} <= set(options.secret_values)
    assert (options.personal_data, options.allow) == (("email",), ("@example.com",))
    assert not any(value in repr(settings) + repr(options) for value in options.secret_values)
