"""What TypeScript a model may send, and the answer it gets: one table, run through the engine and over stdio.

A row is an id, the texts sent in order in one session, and what the last answer holds. A value stands for `status: ok` with it.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Snippet:
    """One row. `fields` are compared with the answer's structure; `error` with name, line and column of its error."""

    id: str
    texts: tuple[str, ...]
    fields: dict[str, Any] = field(default_factory=dict[str, Any])


def gives(id_: str, *texts: str, value: Any) -> Snippet:
    """The last text's value is plain data."""
    return Snippet(id_, texts, {"status": "ok", "value": value})


def prints(id_: str, *texts: str, output: str) -> Snippet:
    """The last text prints this."""
    return Snippet(id_, texts, {"status": "ok", "output": output})


def shows(id_: str, *texts: str, text: str, type_: str) -> Snippet:
    """The last text's value is no plain data; it is printed."""
    return Snippet(id_, texts, {"status": "ok", "value_text": text, "value_type": type_})


def fails(id_: str, *texts: str, name: str, at: tuple[int, int], says: str = "") -> Snippet:
    """The last text throws, or does not parse, at a place."""
    return Snippet(id_, texts, {"status": "error", "error": {"name": name, "line": at[0], "column": at[1]}, "says": says})


def refused(id_: str, *texts: str, rules: dict[str, tuple[int, int]]) -> Snippet:
    """The last text is refused by these rules, at these places, in their order."""
    return Snippet(id_, texts, {"status": "rejected", "rules": rules})


def mismatch(snippet: Snippet, answer: dict[str, Any]) -> str:
    """What differs from the row; empty where nothing does."""
    for key, expected in snippet.fields.items():
        if key == "error":
            found: Any = {part: answer.get("error", {}).get(part) for part in expected}
        elif key == "rules":
            found = {v["rule"]: (v["line"], v["column"]) for v in answer.get("violations", [])}
        elif key == "says":
            if expected not in answer.get("error", {}).get("message", ""):
                return f"{expected!r} is not in {answer.get('error')}"
            continue
        else:
            found = answer.get(key, "(absent)")
        if found != expected:
            return f"{key} is {found!r}, not {expected!r}: {answer}"
    return ""
