"""The fenced blocks of a Markdown page, and whether what came out is what a page says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TOKEN = re.compile(r"\[[A-Z][A-Z_]*_[a-z0-9]{6,}\]")
_DIFFERS = (  # from run to run
    (re.compile(r"ses_[\w-]{22}|ses_…"), "ses_…"),
    (re.compile(r"\b\d+(\.\d+)? ms\b"), "… ms"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "…Z"),
    (re.compile(r"\[([A-Z][A-Z_]*)_[a-z0-9]{6,}\]"), r"[\1_…]"),
)


@dataclass(frozen=True)
class Block:
    """One example. `line` is where it begins; `answer` is the `text` block right after it, empty where there is none."""

    language: str
    text: str
    line: int
    answer: str = ""


def blocks(page: Path) -> list[Block]:
    """The page's examples in order; a `text` block that follows another at once is the answer to it."""
    text, found, end = page.read_text("utf-8"), list[Block](), -1
    for match in _FENCE.finditer(text):
        language, content = match.groups()
        if language == "text" and found and not text[end : match.start()].strip():
            last = found.pop()
            found.append(Block(last.language, last.text, last.line, content))
        else:
            found.append(Block(language, content, text.count("\n", 0, match.start()) + 2))
        end = match.end()
    return found


def of(page: Path, language: str) -> list[Block]:
    """Its examples in one language."""
    return [block for block in blocks(page) if block.language == language]


def is_said(stated: str, came: str) -> bool:
    """Whether `stated` tells what came: but for ids, times and tokens, and a line `…` for any lines."""
    pattern = "\n".join("(?:.*\n)*?.*" if line == "…" else re.escape(line) for line in _same(stated).splitlines())
    return re.fullmatch(pattern, _same(came)) is not None


def tokens(text: str) -> Sequence[str]:
    """The tokens for personal data in it, in order."""
    return _TOKEN.findall(text)


def _same(text: str) -> str:
    for differs, same in _DIFFERS:
        text = differs.sub(same, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
