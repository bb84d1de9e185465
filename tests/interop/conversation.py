"""The conversation that every client holds. Standard library only: the clients' own interpreters load this file by its name."""

import json
from collections.abc import Awaitable, Callable, Iterable
from importlib.metadata import version
from typing import Any, NamedTuple

UNKNOWN = "ses_AAAAAAAAAAAAAAAAAAAAAA"


class Turn(NamedTuple):
    """One call; it goes to the session of the first one, unless its arguments name another."""

    name: str
    tool: str
    arguments: dict[str, Any]


TURNS = [
    Turn(
        "start", "execute_code", {"code": 'const basket = [{ sku: "tea", price: 9.5 }, { sku: "cup", price: 20 }]; basket.length'}
    ),
    Turn("go on", "execute_code", {"code": "basket.reduce((sum, item) => sum + item.price, 0)"}),
    Turn("read", "get_variable", {"name": "basket", "path": "[1].sku"}),
    Turn("throw", "execute_code", {"code": "const third = basket[2];\nthird.price"}),
    Turn("reject", "execute_code", {"code": 'const fs = require("fs")'}),
    Turn("unknown", "execute_code", {"code": "1", "session_id": UNKNOWN}),
    Turn("wait", "execute_code", {"code": 'await new Promise(r => setTimeout(r, 6_000)); "six seconds"', "timeout_ms": 10_000}),
    Turn("still there", "execute_code", {"code": "basket.length * 21"}),
    Turn("history", "session_history", {}),
]


class Read(NamedTuple):
    """What a client would put before its model: the text, and whether it marks it as a failure (None: it has no such mark)."""

    text: str
    failed: bool | None


async def hold(packages: Iterable[str], tools: Iterable[str], call: Callable[[str, dict[str, Any]], Awaitable[Read]]) -> None:
    """Go through the turns and print one line of JSON: versions, tools, and what a model would have read of each answer.

    `call` makes one call in the client's own way.
    """
    answers: dict[str, Read] = {}
    session = ""
    for turn in TURNS:
        given = {"session_id": session} if session else {}
        answers[turn.name] = await call(turn.tool, {**given, **turn.arguments})
        session = session or "ses_" + answers[turn.name].text.split("ses_")[1][:22]
    print(json.dumps({"versions": {name: version(name) for name in packages}, "tools": sorted(tools), "answers": answers}))
