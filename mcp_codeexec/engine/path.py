"""The `path` of get_variable as keys: `items[0].name`, `["odd key"]`, `[-1]`."""

import json
import re

from mcp_codeexec.errors import BadArguments

_NAME = re.compile(r"[^\W\d][\w$]*|[$_][\w$]*")
_NUMBER = re.compile(r"\d{1,15}")
_INDEX = re.compile(r"\[\s*(-?\d{1,15})\s*\]")
_QUOTED = re.compile(r"\[\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\s*\]")
_LONGEST = 1_000


def parse_path(path: str) -> list[str | int]:
    """Keys of a path, outermost first; an index may be negative. Raises BadArguments, naming the place."""
    if len(path) > _LONGEST:
        raise BadArguments(f"path is longer than {_LONGEST} characters.")
    keys: list[str | int] = []
    at = 0
    while at < len(path):
        if path[at] == "." or (at == 0 and path[at] != "["):
            at += path[at] == "."
            match = _NAME.match(path, at) or _NUMBER.match(path, at)
            if match:
                keys.append(int(match[0]) if match[0].isdecimal() else match[0])
        elif match := _INDEX.match(path, at):
            keys.append(int(match[1]))
        elif match := _QUOTED.match(path, at):
            keys.append(_unquoted(match[1]))
        if not match:
            raise BadArguments(
                f"path cannot be read at character {at + 1}: {path[at : at + 20]!r}.",
                hint='Write it as in code: items[0].name, ["odd key"], [-1].',
            )
        at = match.end()
    return keys


def _unquoted(text: str) -> str:
    if text[0] == "'":
        text = '"' + text[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]
