"""Personal values and the tokens that stand for them, for one session."""

import hmac
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from threading import Lock

from mcp_codeexec.model import VaultRow


@dataclass(frozen=True, slots=True)
class VaultLimits:
    """How many tokens a session may have, and how many new ones may wait to be written: those of one run, or one page."""

    per_session: int = 20_000
    per_run: int = 5_000


SUFFIX = 6  # 30 bits: enough for one session; longer only where two values meet
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
KIND = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


class SessionVault:
    """The `Vault` of one session; lives as long as the session is in memory. Safe to use from several threads.

    A suffix is an HMAC of kind and value under the session's key: it needs no counter, says nothing about the value, and means
    nothing in another session. Values that are canonically equivalent Unicode are one value, and the first seen is revealed.
    """

    def __init__(self, key: bytes, rows: Iterable[VaultRow] = (), limits: VaultLimits = VaultLimits()) -> None:
        self._limits = limits
        self._key = key
        self._lock = Lock()
        self._rows: dict[str, VaultRow] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._values: dict[str, dict[str, str]] = {}  # of a kind, by token: each call asks for those of a few kinds
        self._unwritten: dict[str, VaultRow] = {}
        self.absorb(rows)

    def tokenise(self, kind: str, value: str) -> str:
        """The token of `value`, e.g. `[EMAIL_k3f9q2]`; the same value always gets the same one. Beyond the limits, `[REDACTED:email]`.

        Raises:
            ValueError: `kind` is not a word such as EMAIL.
        """
        kind = _word(kind)
        normal = value if value.isascii() else unicodedata.normalize("NFC", value)
        with self._lock:
            token = self._tokens.get((kind, normal))
            if token is None:
                if len(self._rows) >= self._limits.per_session or len(self._unwritten) >= self._limits.per_run:
                    return f"[REDACTED:{kind.lower()}]"
                token = self._free_token(kind, normal)
                self._unwritten[token] = VaultRow(token, kind, value)
                self._know(self._unwritten[token], normal)
            return token

    def reveal(self, token: str) -> str | None:
        """The value behind `token`, None if this session never made it."""
        with self._lock:
            row = self._rows.get(token)
        return row.value if row else None

    def values(self, kind: str) -> list[str]:
        """The values of a kind that have a token, the newest last."""
        with self._lock:
            return list(self._values.get(kind.upper(), {}).values())

    def minted(self) -> tuple[VaultRow, ...]:
        """Tokens made since the last call of this method: the rows that the store still has to write."""
        with self._lock:
            new = tuple(self._unwritten.values())
            self._unwritten.clear()
        return new

    def give_back(self, rows: Iterable[VaultRow]) -> None:
        """Rows of `minted` that could not be written: the next call gives them again."""
        with self._lock:
            self._unwritten = {row.token: row for row in rows} | self._unwritten

    def absorb(self, rows: Iterable[VaultRow]) -> None:
        """Rows that the store has, perhaps from another process."""
        with self._lock:
            for row in rows:
                self._know(row, unicodedata.normalize("NFC", row.value))

    def _know(self, row: VaultRow, normal: str) -> None:
        self._rows[row.token] = row
        self._tokens[row.kind, normal] = row.token
        self._values.setdefault(row.kind, {})[row.token] = row.value

    def _free_token(self, kind: str, normal: str) -> str:
        message = f"{kind}\0{normal}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, message, "sha256")
        length = SUFFIX
        while (token := f"[{kind}_{_letters(digest, length)}]") in self._rows:
            length += 2
        return token


@cache
def _word(kind: str) -> str:
    """The kind as it stands in a token. Raises ValueError."""
    word = kind.upper()
    if not KIND.fullmatch(word):
        raise ValueError("a kind is letters, digits and single underscores")
    return word


_PAIRS = [first + second for first in LETTERS for second in LETTERS]  # Python's own base 32 takes longer than the HMAC


def _letters(digest: bytes, count: int) -> str:
    """The first letters, an even number, of a digest in base 32."""
    bits = int.from_bytes(digest) >> 8 * len(digest) - 5 * count
    letters = ""
    for shift in range(5 * (count - 2), -1, -10):
        letters += _PAIRS[bits >> shift & 1_023]
    return letters
