"""Tokens: stable, meaningless elsewhere, and reversible only where they were made."""

import re
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_codeexec.model import VaultRow
from mcp_codeexec.ports import Vault
from mcp_codeexec.sessions.vault import SessionVault, VaultLimits

KEY = b"k" * 32
TOKEN = re.compile(r"\[EMAIL_[a-z2-7]{6}\]")


def test_a_token_has_the_kind_in_upper_case_and_six_small_characters() -> None:
    vault: Vault = SessionVault(KEY)
    assert TOKEN.fullmatch(vault.tokenise("email", "a@example.com"))
    assert vault.tokenise("email", "a@example.com") == vault.tokenise("EMAIL", "a@example.com")
    assert vault.tokenise("US_SSN2", "x").startswith("[US_SSN2_")


def test_a_token_depends_on_session_kind_and_value_and_on_nothing_else() -> None:
    vault = SessionVault(KEY)
    tokens = [vault.tokenise("EMAIL", f"user{n}@example.com") for n in range(20)]
    again = SessionVault(KEY)
    assert [again.tokenise("EMAIL", f"user{n}@example.com") for n in reversed(range(20))] == tokens[::-1]
    assert len(set(tokens)) == 20
    assert SessionVault(b"another key").tokenise("EMAIL", "user0@example.com") != tokens[0]
    assert vault.tokenise("PHONE", "user0@example.com")[-7:] != tokens[0][-7:]


def test_the_value_comes_back_only_in_the_session_that_made_the_token() -> None:
    vault, other = SessionVault(KEY), SessionVault(b"another key")
    token = vault.tokenise("EMAIL", "a@example.com")
    assert vault.reveal(token) == "a@example.com"
    assert other.reveal(token) is None
    assert vault.reveal("[EMAIL_aaaaaa]") is None
    assert vault.reveal("") is None


@settings(deadline=None)
@given(st.text())
def test_every_value_comes_back_as_the_same_text(value: str) -> None:
    vault = SessionVault(KEY)
    token = vault.tokenise("EMAIL", value)
    assert vault.reveal(token) == value
    assert TOKEN.fullmatch(token)


def test_a_lone_surrogate_is_a_value_like_any_other() -> None:
    vault = SessionVault(KEY)
    assert vault.reveal(vault.tokenise("EMAIL", "\ud800@example.com")) == "\ud800@example.com"


def test_two_spellings_of_the_same_characters_are_one_value() -> None:
    vault = SessionVault(KEY)
    composed = "andré@example.com"
    token = vault.tokenise("EMAIL", composed)
    assert vault.tokenise("EMAIL", unicodedata.normalize("NFD", composed)) == token
    assert vault.reveal(token) == composed
    assert len(vault.minted()) == 1


@pytest.mark.parametrize("kind", ["", "E MAIL", "é", "1X", "_X", "X_", "A__B", "X]"])
def test_a_kind_that_would_not_read_as_a_token_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="kind"):
        SessionVault(KEY).tokenise(kind, "x")


def test_minted_gives_each_new_token_once() -> None:
    stored = SessionVault(KEY)
    stored.tokenise("EMAIL", "old@example.com")
    vault = SessionVault(KEY, stored.minted())
    assert vault.minted() == ()
    vault.tokenise("EMAIL", "old@example.com")
    token = vault.tokenise("EMAIL", "new@example.com")
    assert vault.minted() == (VaultRow(token, "EMAIL", "new@example.com"),)
    vault.tokenise("EMAIL", "new@example.com")
    assert vault.minted() == ()


def test_rows_given_back_come_again_before_newer_ones() -> None:
    vault = SessionVault(KEY)
    first = vault.tokenise("EMAIL", "a@example.com")
    lost = vault.minted()
    second = vault.tokenise("EMAIL", "b@example.com")
    vault.give_back(lost)
    assert [row.token for row in vault.minted()] == [first, second]
    assert vault.minted() == ()


def meeting_values(key: bytes) -> tuple[str, str]:
    """Two values whose six characters are the same; a birthday among 2**30, so some 40,000 tries."""
    seen: dict[str, str] = {}
    for value in numbers():
        token = SessionVault(key).tokenise("N", value)
        if token in seen:
            return seen[token], value
        seen[token] = value
    raise AssertionError


def numbers() -> Iterator[str]:
    return (str(n) for n in count())


def test_values_whose_tokens_would_meet_get_a_longer_one_and_keep_it() -> None:
    one, two = meeting_values(KEY)
    vault = SessionVault(KEY)
    short, long = vault.tokenise("N", one), vault.tokenise("N", two)
    assert (len(short), len(long)) == (len("[N_]") + 6, len("[N_]") + 8)
    assert long.startswith(short[:-1])
    assert (vault.reveal(short), vault.reveal(long)) == (one, two)
    assert (vault.tokenise("N", one), vault.tokenise("N", two)) == (short, long)
    again = SessionVault(KEY, reversed(vault.minted()))
    assert (again.tokenise("N", two), again.tokenise("N", one)) == (long, short)
    assert again.minted() == ()


def test_rows_of_another_process_are_known_once_absorbed() -> None:
    here, there = SessionVault(KEY), SessionVault(KEY)
    token = there.tokenise("EMAIL", "a@example.com")
    assert here.reveal(token) is None
    here.absorb(there.minted())
    assert here.reveal(token) == "a@example.com"
    assert here.minted() == ()


def test_threads_that_meet_the_same_values_make_each_token_once() -> None:
    vault = SessionVault(KEY)
    values = [f"user{n}@example.com" for n in range(300)]

    def tokenise_all(_: int) -> list[str]:
        return [vault.tokenise("EMAIL", value) for value in values]

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(tokenise_all, range(8)))
    assert all(tokens == made[0] for tokens in made)
    assert sorted(row.value for row in vault.minted()) == sorted(values)


def test_neither_key_nor_values_show_in_its_representation() -> None:
    vault = SessionVault(b"very secret key")
    vault.tokenise("EMAIL", "a@example.com")
    assert "secret" not in repr(vault)
    assert "example" not in repr(vault)


def test_beyond_a_limit_values_are_redacted_and_known_ones_keep_their_tokens() -> None:
    vault = SessionVault(KEY, (), VaultLimits(per_session=5, per_run=3))
    first = [vault.tokenise("EMAIL", f"user{n}@example.com") for n in range(4)]
    assert first[3] == "[REDACTED:email]"
    assert len(set(first[:3])) == 3
    assert vault.tokenise("email", "user0@example.com") == first[0]
    assert len(vault.minted()) == 3
    again = [vault.tokenise("EMAIL", f"user{n}@example.com") for n in range(3, 7)]
    assert again[2:] == ["[REDACTED:email]"] * 2
    assert len(vault.minted()) == 2
    assert vault.tokenise("PHONE", "x") == "[REDACTED:phone]"
    assert vault.reveal("[REDACTED:email]") is None
