"""The way back: tokens of a vault to their values, and what has none."""

import pytest

from mcp_codeexec.filtering import behind, redacted_kinds, revealed
from tests.unit.filtering.memory_vault import MemoryVault


@pytest.mark.parametrize("text", ["{}", "'{}'", "{}{}", "é{}\ud800", "[{}]", "[[{}", "a {} b {} c"])
def test_every_token_of_the_vault_becomes_its_value(text: str) -> None:
    vault = MemoryVault()
    token = vault.tokenise("email", "änn@example.com")
    assert revealed(text.replace("{}", token), vault) == text.replace("{}", "änn@example.com")


@pytest.mark.parametrize("text", ["", "plain", "[REDACTED:github_token]", "[EMAIL_zzzzzz]", "[EMAIL_", "a[0]", "\ud800"])
def test_what_the_vault_does_not_know_stays(text: str) -> None:
    assert revealed(text, MemoryVault()) == text


def test_the_tokens_of_a_text_are_told_with_their_values() -> None:
    vault = MemoryVault()
    token = vault.tokenise("email", "ann@example.com")
    assert behind(f"\ud800 f('{token}', '[EMAIL_zzzzzz]', {token}, '[REDACTED:token]')", vault) == {token: "ann@example.com"}
    assert behind("f(a[0])", vault) == behind("", vault) == {}


def test_redactions_are_named_once_and_in_order() -> None:
    assert redacted_kinds("[REDACTED:b] [EMAIL_k3f9q2] [REDACTED:a_1][REDACTED:b] REDACTED:c [REDACTED:]") == ["b", "a_1"]
    assert redacted_kinds("[EMAIL_k3f9q2] \ud800") == []
