"""What V8 quotes of a text that is no JSON: ten characters on both sides of a place, in which half an address does not look like one."""

import re

_SAYS = "is not valid JSON"
_QUOTED = re.compile(rf'(, (?:\.\.\.)?")([\s\S]{{0,24}})("(?:\.\.\.)? {_SAYS})')
_FIRST, _LAST = re.compile(r"^\S+"), re.compile(r"\S+$")


def whole_words(text: str) -> str:
    """A text in which such quotes, where they are cut, hold no part of a word."""
    return _QUOTED.sub(_without_parts, text) if _SAYS in text else text


def _without_parts(match: re.Match[str]) -> str:
    before, quoted, after = match.groups()
    if "..." in before:
        quoted = _FIRST.sub("", quoted)
    if "..." in after:
        quoted = _LAST.sub("", quoted)
    return before + quoted + after
