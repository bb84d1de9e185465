"""What `clean` does to a tree beside finding secrets: e-mail addresses, tokens, keys, characters, failures."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.errors import Withheld
from mcp_codeexec.filtering import FilterPipeline, detect
from mcp_codeexec.model import Json
from tests.unit.filtering.memory_vault import MemoryVault
from tests.unit.filtering.samples import BY_VENDOR, PASSWORD, pem_lines

GITHUB = BY_VENDOR["github_token"]
PEM = pem_lines()


async def test_an_address_gets_the_same_token_everywhere(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    cleaned = await pipeline.clean({"to": ["ann@example.com", "Bob <bob@mail.example.org>"], "cc": "(ann@example.com)"}, vault)
    ann, bob = (row.token for row in vault.minted())
    assert cleaned.tree == {"to": [ann, f"Bob <{bob}>"], "cc": f"({ann})"}
    assert cleaned.redactions == {"email": 3}
    assert [vault.reveal(token) for token in (ann, bob)] == ["ann@example.com", "bob@mail.example.org"]
    again = await pipeline.clean("ann@example.com", vault)
    assert again.tree == ann


@pytest.mark.parametrize(
    "address",
    ["ann@example.com", "a.b+c_d@sub.example.co.uk", "o'neil@example.ie", "jürgen@exämple.de", "иван@пример.рф", "x1@163.com"],
)
@pytest.mark.parametrize("text", ["{}", "mailto:{}", "<{}>.", "a,{},b", '"{}"', "'{}'", "x = '{}'", "é😀 {}\n"])
async def test_an_address_is_found_whole(pipeline: FilterPipeline, vault: MemoryVault, text: str, address: str) -> None:
    cleaned = await pipeline.clean(text.format(address), vault)
    assert [row.value for row in vault.minted()] == [address]
    assert cleaned.tree == text.format(vault.minted()[0].token)


@pytest.mark.parametrize(
    "text", ["git@github.com:ann/app.git", "react@19.0.0-beta.rc", "icon@2x.png", "@types/node@20.1.0", "a @ b.com", "me@localhost"]
)
async def test_what_only_looks_like_an_address_stays(pipeline: FilterPipeline, vault: MemoryVault, text: str) -> None:
    cleaned = await pipeline.clean(text, vault)
    assert (cleaned.tree, cleaned.redactions, vault.minted()) == (text, {}, ())


async def test_a_name_longer_than_any_mailbox_is_not_put_in_the_vault(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    cleaned = await pipeline.clean("a" * 5_000 + "@example.com", vault)
    assert vault.minted()[0].value == "a" * 64 + "@example.com"
    assert cleaned.tree == "a" * 4_936 + vault.minted()[0].token


async def test_a_secret_wins_over_an_address(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    cleaned = await pipeline.clean({"password": "ann@example.com", "x": f"password={PASSWORD}@example.com"}, vault)
    assert cleaned.tree == {"password": "[REDACTED:password]", "x": "password=[REDACTED:password]"}
    assert (cleaned.redactions, vault.minted()) == ({"secret": 2}, ())


@pytest.mark.parametrize(
    "text",
    [
        "[EMAIL_k3f9q2] wrote",
        "[REDACTED:github_token]",
        "password = [REDACTED:password]",
        '{"password": "[REDACTED:password]", "token": "[EMAIL_k3f9q2]"}',
        "Authorization: Bearer [REDACTED:authorization]",
        "redis://:[REDACTED:password]@cache:6379",
        "[PHONE_NUMBER_abcdef12]",
    ],
)
async def test_what_is_filtered_already_passes_untouched(pipeline: FilterPipeline, vault: MemoryVault, text: str) -> None:
    cleaned = await pipeline.clean({"text": text, "password": text}, vault)
    assert cleaned.tree == {"text": text, "password": text}
    assert cleaned.redactions == {}


@pytest.mark.parametrize("key", ["password", "apiKey", "client_secret"])
async def test_an_entry_is_a_key_and_its_value(pipeline: FilterPipeline, vault: MemoryVault, key: str) -> None:
    cleaned = await pipeline.clean(
        [["user", "ann"], [key, "Hunter2!xy4z"], ["password", "strength"], [key, "Hunter2!xy4z", 3]], vault
    )
    assert isinstance(cleaned.tree, list)
    assert str(cleaned.tree[1]).startswith(f"['{key}', '[REDACTED:")
    assert cleaned.tree[2:] == [["password", "strength"], [key, "Hunter2!xy4z", 3]]


async def test_keys_that_become_equal_keep_their_entries(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    tree: Json = {"a": 0, BY_VENDOR["npm_token"]: 1, "[REDACTED:npm_token]": 2, BY_VENDOR["npm_token"] + " ": {"b": GITHUB}, "z": 3}
    cleaned = await pipeline.clean(tree, vault)
    assert isinstance(cleaned.tree, dict)
    assert list(cleaned.tree.items()) == [
        ("a", 0),
        ("[REDACTED:npm_token] (2)", 1),
        ("[REDACTED:npm_token]", 2),
        ("[REDACTED:npm_token] ", {"b": "[REDACTED:github_token]"}),
        ("z", 3),
    ]


async def test_keys_redacted_alike_are_numbered(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    addresses = [f"redis://:{word}9!x@cache:6379" for word in ("sesame", "opensesame", "closesesame")]
    cleaned = await pipeline.clean(dict.fromkeys(addresses, 1), vault)
    hidden = "redis://:[REDACTED:password]@cache:6379"
    assert cleaned.tree == {hidden: 1, hidden + " (2)": 1, hidden + " (3)": 1}


async def test_the_tree_that_was_passed_stays_as_it_was(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    tree: Json = {"a": [GITHUB], GITHUB: "ann@example.com"}
    before = json.dumps(tree)
    await pipeline.clean(tree, vault)
    assert json.dumps(tree) == before


async def test_depth_is_no_obstacle(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    tree: Json = GITHUB
    for _ in range(20_000):
        tree = [tree]
    inner = (await pipeline.clean(tree, vault)).tree
    while isinstance(inner, list):
        inner = inner[0]
    assert inner == "[REDACTED:github_token]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;no end", "]0;no end"),
        ("\x1b(Bplain\x1b", "plain"),
        ("a\x00b\x07c\x7fd\x85e\x9bKf", "abcdef"),
        ("one\r\ntwo\rthree\n\tfour", "one\ntwo\nthree\n\tfour"),
        ("user\u202etxt.exe\u2066!\u200f", "usertxt.exe!"),
        ("\ud800 half", "\ufffd half"),
        ("👩\u200d👩\u200d👧 ½ … “q”", "👩\u200d👩\u200d👧 ½ … “q”"),
    ],
)
async def test_what_cannot_be_seen_is_not_shown(pipeline: FilterPipeline, vault: MemoryVault, text: str, shown: str) -> None:
    cleaned = await pipeline.clean([text, {text: 1}], vault)
    assert cleaned.tree == [shown, {shown: 1}]


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()) | st.sampled_from([GITHUB, "ann@example.com", "password"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def strings(tree: Json) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    if isinstance(tree, list):
        return [text for item in tree for text in strings(item)]
    if isinstance(tree, dict):
        return [text for key, item in tree.items() for text in (key, *strings(item))]
    return []


@given(tree=trees)
async def test_any_tree_keeps_its_shape_and_shows_nothing_hidden(pipeline: FilterPipeline, tree: Json) -> None:
    cleaned = await pipeline.clean(tree, MemoryVault())
    after = strings(cleaned.tree)
    assert len(after) == len(strings(tree))
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for text in after for letter in text if letter not in "\n\t")
    assert not any(GITHUB in text or "ann@example.com" in text for text in after)


@pytest.mark.parametrize("size", [10, 100_000], ids=["inline", "in a thread"])
async def test_a_detector_that_fails_withholds_the_answer(
    pipeline: FilterPipeline, vault: MemoryVault, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detect, "TIMEOUT_S", 0.0)
    with pytest.raises(Withheld, match="withheld: it could not be checked"):
        await pipeline.clean(["x" * size], vault)
    with pytest.raises(Withheld):
        await pipeline.clean_page("x" * size, 0, 10, vault)


async def test_a_vault_that_fails_withholds_the_answer(pipeline: FilterPipeline) -> None:
    with pytest.raises(Withheld) as caught:
        await pipeline.clean("ann@example.com", MemoryVault(broken=True))
    assert "ann" not in str(caught.value)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"error": {"name": GITHUB[:36], "message": "1"}}, ["error", "name", "message"]),
        (
            [{"name": "a", "preview": PEM[0], "kept": "exact"}, {"name": "b", "preview": "\n".join(PEM[1:])}],
            ["kept", "exact", "preview"],
        ),
        ({"value": [GITHUB[:20], GITHUB[20:36]], "hint": "1"}, ["value", "hint"]),
    ],
    ids=["a key cut by a bound", "a private key in two variables", "a list and what follows"],
)
async def test_the_words_of_an_answer_stay_where_a_secret_goes_across_them(
    pipeline: FilterPipeline, vault: MemoryVault, tree: Json, words: list[str]
) -> None:
    cleaned = await pipeline.clean(tree, vault)
    assert set(words) <= set(strings(cleaned.tree))
    assert cleaned.redactions == {"secret": 1}
    assert not any(text in json.dumps(cleaned.tree) for text in (GITHUB[:20], GITHUB[20:36], *PEM))


async def test_rules_are_loaded_when_they_are_first_needed(vault: MemoryVault) -> None:
    cleaned = await FilterPipeline().clean(GITHUB, vault)
    assert cleaned.tree == "[REDACTED:github_token]"
