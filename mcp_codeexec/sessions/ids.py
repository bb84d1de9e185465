"""Session ids: how they are made, recognised, and shown when they are not ours."""

import re
import secrets

_SESSION_ID = re.compile(r"ses_[A-Za-z0-9_-]{22}")
_SHOWN = 40


def new_session_id() -> str:
    """`ses_` and 128 random bits: knowing an id is not guessable."""
    return "ses_" + secrets.token_urlsafe(16)


def is_session_id(text: str) -> bool:
    """Whether `text` has the form of an id; it may still name no session."""
    return _SESSION_ID.fullmatch(text) is not None


def shown_id(text: str) -> str:
    """`text` as it may stand in a message: at most 40 characters, and none that steers a terminal."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut) or '""'
