"""One sentence on what to do about a common error of running code."""

import difflib
import re
from collections.abc import Callable, Iterable

from mcp_codeexec.language.rules import RULES

_NOT_DEFINED = re.compile(r"([\w$]{1,100}) is not defined")
_TOKEN = re.compile(r"[A-Z][A-Z0-9_]{1,40}_[a-z0-9]{6,20}")
_NOT_A_FUNCTION = re.compile(r"(.{1,200}) is not a function")
_LITERAL = re.compile(r"[\d.]+n?|\"[^\"]*\"")
_OF_NOTHING = re.compile(r"Cannot (?:read|set) properties of (undefined|null)")


def hint(name: str, message: str, names: Iterable[str]) -> str:
    """What to do next; empty where nothing useful can be said. `names` are the session's."""
    for pattern, say in _SENTENCES:
        match = pattern.match(message[:400])
        if match:
            return say(match, list(names))
    return ""


def _undefined(match: re.Match[str], names: list[str]) -> str:
    name = match[1]
    if name in RULES:
        return f"{name} does not exist here: {RULES[name].repair}."
    if _TOKEN.fullmatch(name):
        return f'A token is for strings: write "[{name}]", in quotes.'
    same = [known for known in names if known.lower() == name.lower()]
    if name in _HABITS and not same:
        return _HABITS[name]
    near = same or difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return (
        f"Did you mean {near[0]}?" if near else f"{name} was not defined in this session, or is lost; get_variable lists what is."
    )


def _no_function(match: re.Match[str], names: list[str]) -> str:
    if match[1].startswith("files.") and "files" in names:
        return "The session's variable files hides the functions for files; they are there in a new session."
    if match[1].endswith("(...)") or _LITERAL.fullmatch(match[1]):
        return (
            f"A ; may be missing: a line that begins with ( or ` goes on with the line before it. Else look at what {match[1]} is."
        )
    return f"Look at what {match[1]} is: a promise needs await, a property no parentheses."


def _of_nothing(match: re.Match[str], names: list[str]) -> str:
    return f"What stands before the dot is {match[1]} there; an await may be missing, or use ?. where that may be."


_HABITS = {
    "print": "Use console.log to print.",
    "setImmediate": "Use setTimeout(f, 0).",
    "len": "Use x.length, or x.size of a Map or Set.",
    "range": "Use Array.from({length: n}, (_, i) => i).",
    "True": "Write true.",
    "False": "Write false.",
    "None": "Write null.",
    "fs": "For files: await files.read(name), files.write(name, textOrBytes), files.list(), files.remove(name).",
    **dict.fromkeys(
        ("axios", "lodash", "moment", "dayjs", "d3", "math", "np", "pd", "path", "util", "zod", "Papa"),
        "There are no packages here; write it with what JavaScript has.",
    ),
}
_Say = Callable[[re.Match[str], list[str]], str]
_SENTENCES: list[tuple[re.Pattern[str], _Say]] = [
    (_NOT_DEFINED, _undefined),
    (_OF_NOTHING, _of_nothing),
    (
        re.compile(".{0,200}is not iterable"),
        lambda m, n: "A promise needs await first; an object is gone through by Object.entries(x).",
    ),
    (_NOT_A_FUNCTION, _no_function),
    (
        re.compile("Cannot destructure"),
        lambda m, n: "What is taken apart is not there; an await may be missing, or write ?? {} after it.",
    ),
    (re.compile("Cannot mix BigInt"), lambda m, n: "Convert one side: BigInt(x) or Number(x); a literal such as 2n is a BigInt."),
    (
        re.compile("Assignment to constant variable"),
        lambda m, n: "Declare it with let, or declare it anew: const x = … may be repeated.",
    ),
    (re.compile("Code generation from strings"), lambda m, n: "Code in strings cannot run here; write the code itself."),
    (re.compile("Array buffer allocation failed"), lambda m, n: "There was no memory for it; hold less at once."),
    (
        re.compile("Maximum call stack size exceeded"),
        lambda m, n: "A recursion has no end or goes too deep; check where it stops, or write it as a loop.",
    ),
    (
        re.compile("Invalid (?:typed )?array length|Invalid (?:array )?count value|Invalid time value|.{0,60}must be between"),
        lambda m, n: "A number is out of the range that is allowed there; print it before it is used.",
    ),
    (re.compile("Invalid string length"), lambda m, n: "The string would be too long; keep its parts in an array."),
    (re.compile("imports are disabled"), lambda m, n: "There are no modules here; everything must be in the code."),
    (re.compile(r".{0,200}\[object Promise"), lambda m, n: "That is a promise; an await is missing before it."),
    (re.compile(r'.{0,200}"\[object Object\]" is not valid JSON'), lambda m, n: "It is an object already; leave JSON.parse out."),
    (
        re.compile(".{0,200}(?:is not valid JSON|end of JSON|in JSON at)"),
        lambda m, n: "Look at the text that was parsed; print its start.",
    ),
]
