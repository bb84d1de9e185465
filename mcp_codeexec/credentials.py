"""Which values of the server's environment are credentials: those of variables that are named, and of those whose name says so."""

import re
from collections.abc import Iterable, Iterator, Mapping

_NAMED_SO = re.compile(
    r"(?:^|_)(?:KEY|APIKEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|CREDENTIALS?|AUTH|PAT|DSN|CONNECTION_STRING)(?:_|$|\d)",
    re.IGNORECASE,
)
_LEAST, _LETTERS = 8, 5  # characters, and how many different ones
_PLAIN = re.compile(r"[A-Za-z]+|[\d.]+|(?:~|\.{0,2})/.*|[A-Za-z]:\\.*|https?://[^@]*")  # a word, a number, a path, an address


def credentials(environment: Mapping[str, str], named: Iterable[str] = ()) -> Iterator[str]:
    """The values, some perhaps twice; of a variable that is not named only one that looks like a credential."""
    wanted = frozenset(named)
    for name, value in environment.items():
        if name in wanted or (_NAMED_SO.search(name) and name != "PWD" and is_credential(value)):
            yield value


def is_credential(value: str) -> bool:
    """Whether a variable that is named like a credential holds one, and not a switch, a path or a name."""
    return len(value) >= _LEAST and len(set(value)) >= _LETTERS and not re.search(r"\s", value) and not _PLAIN.fullmatch(value)
