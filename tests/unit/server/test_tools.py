"""What is published of the three tools, and what becomes of arguments before the engine sees them."""

from typing import Any

import pytest
from pydantic import BaseModel

from mcp_codeexec import Engine
from mcp_codeexec.errors import BadArguments
from mcp_codeexec.server.tools import TOOLS, portable
from mcp_codeexec.settings import Settings

NAMES = ["execute_code", "get_variable", "session_history"]


def test_there_are_exactly_three_tools_in_a_fixed_order() -> None:
    assert list(TOOLS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_described_and_of_one_plain_type(name: str) -> None:
    schema = TOOLS[name].definition(name, Settings.load({})).input_schema
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    for argument in schema["properties"].values():
        assert argument["type"] in ("string", "integer")
        assert argument["description"]
        assert "title" not in argument
    left_out = {name for name, argument in schema["properties"].items() if "default" in argument}
    assert left_out == set(schema["properties"]) - set(schema.get("required", []))


@pytest.mark.parametrize("name", NAMES)
def test_descriptions_fit_what_clients_read(name: str) -> None:
    wordy: dict[str, object] = dict.fromkeys(("max_timeout_ms", "memory_mb", "code_kb", "string_kb", "keep_days"), 2**40)
    description = TOOLS[name].definition(name, Settings.load(wordy)).description or ""
    assert 100 < len(description.encode()) <= 2_048


def test_the_limits_that_are_told_are_those_of_the_settings() -> None:
    chosen = {"timeout_ms": 1_500, "max_timeout_ms": 7_777, "memory_mb": 222, "code_kb": 33, "string_kb": 4, "keep_days": 1.5}
    tool = TOOLS["execute_code"].definition("execute_code", Settings.load(chosen))
    for told in ("1.5 s (timeout_ms, up to 7777)", "222 MB memory", "33 KB code", "4 KB per string literal", "Kept 1.5 days"):
        assert told in (tool.description or "")
    timeout = tool.input_schema["properties"]["timeout_ms"]
    assert (timeout["default"], timeout["minimum"], timeout["maximum"]) == (1_500, 1, 7_777)


class Everything(BaseModel):
    """A model with what pydantic publishes in unportable ways."""

    title: str = "a field of this name stays"
    inner: Settings | None = None
    maybe: list[int] | None = None
    either: int | str = 0


def test_portable_schemas_have_no_titles_and_no_null_but_keep_fields_and_choices() -> None:
    properties = portable(Everything.model_json_schema())["properties"]
    assert properties == {
        "title": {"default": "a field of this name stays", "type": "string"},
        "inner": {"$ref": "#/$defs/Settings"},
        "maybe": {"items": {"type": "integer"}, "type": "array"},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}], "default": 0},
    }


SESSION = "ses_" + "A" * 22
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("execute_code", {}, "code is missing."),
    ("execute_code", {"code": None}, "code is missing."),
    ("execute_code", {"code": 5}, "code: input should be a valid string."),
    ("execute_code", {"code": "1", "session": SESSION}, "there is no argument 'session'."),
    ("execute_code", {"code": "1", "a\nb" * 99: 1}, "there is no argument 'a\\nba\\nb"),
    ("execute_code", {"code": "1", "timeout_ms": 0.5}, "timeout_ms: input should be a valid integer"),
    ("execute_code", {"timeout": 1, "timeout_ms": "x"}, "code is missing; timeout_ms: input should be a valid integer"),
    ("get_variable", {"name": "a"}, "session_id is missing."),
    ("get_variable", {"session_id": SESSION, "offset": -1}, "offset: input should be greater than or equal to 0."),
    ("get_variable", {"session_id": SESSION, "offset": 2**31}, "offset: input should be less than or equal to 2147483647."),
    ("get_variable", {"session_id": SESSION, "limit": 10**30}, "limit: "),
    ("get_variable", {"session_id": SESSION, "path": ["a"]}, "path: input should be a valid string."),
    ("session_history", {"run": 10**30}, "run: "),
]


@pytest.mark.parametrize(("name", "arguments", "said"), WRONG)
async def test_wrong_arguments_are_named_and_the_right_ones_told(name: str, arguments: dict[str, Any], said: str) -> None:
    never_started = Engine(Settings.load({"ephemeral": True}))
    with pytest.raises(BadArguments) as caught:
        await TOOLS[name].call(name, arguments, never_started, lambda _: None)
    assert str(caught.value).startswith(f"{name}'s arguments are wrong: ")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400
    assert caught.value.hint == f"It takes {', '.join(TOOLS[name].arguments.model_fields)}."
    assert "pydantic" not in str(caught.value)
