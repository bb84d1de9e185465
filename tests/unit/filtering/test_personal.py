"""Personal data of every kind, and what only looks like it."""

import random
import re

import phonenumbers
import pytest

from mcp_codeexec.filter_options import PERSONAL_KINDS, FilterOptions, PersonalKind
from mcp_codeexec.filtering import FilterPipeline, revealed
from mcp_codeexec.filtering.accounts import is_card
from mcp_codeexec.filtering.phones import is_given_out
from mcp_codeexec.model import Json
from tests.unit.filtering.memory_vault import MemoryVault
from tests.unit.filtering.people import LOOK_ALIKES, MAKERS

MANY = 60
FRAMES = ["{}", "call {}.", '{{"x": "{}", "n": 1}}', "a,{},b", "id\t{}\tend", "({})", "é😀 {}\n"]


def made(kind: PersonalKind, count: int = MANY) -> list[str]:
    source = random.Random(kind)
    return [MAKERS[kind](source) for _ in range(count)]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("kind", PERSONAL_KINDS)
async def test_what_is_personal_becomes_a_token_and_comes_back(
    pipeline: FilterPipeline, vault: MemoryVault, kind: PersonalKind, frame: str
) -> None:
    texts = [frame.format(value) for value in made(kind)]
    cleaned = await pipeline.clean([*texts], vault)
    assert isinstance(cleaned.tree, list)
    for text, shown in zip(texts, map(str, cleaned.tree), strict=True):
        assert re.search(rf"\[{kind.upper()}_t\d+\]", shown), (text, shown)
        assert not re.search(r"\d{5}", re.sub(r"\[\w+\]", "", shown)), shown
        assert revealed(shown, vault) == text
    assert cleaned.redactions == {kind: MANY}


@pytest.mark.parametrize("name", LOOK_ALIKES)
async def test_what_only_looks_personal_stays(pipeline: FilterPipeline, vault: MemoryVault, name: str) -> None:
    source = random.Random(name)
    texts = [LOOK_ALIKES[name](source) for _ in range(200)]
    trees: list[Json] = [[*texts], "\n".join(texts), {f"key{n}": text for n, text in enumerate(texts)}]
    for tree in trees:
        cleaned = await pipeline.clean(tree, vault)
        assert [row.value for row in vault.minted()] == []
        assert cleaned.tree == tree


FOUND: list[tuple[str, str]] = [
    ("card", '{"card_number": 4111111111111111}'),
    ("phone", '{"phone": "015112345678"}'),
    ("phone", "Tel.: 0043 1 534530"),
    ("phone", "ring (415) 555-2671 now"),
    ("phone", "+44 (0)20 7946 0958"),
    ("national_id", "SSN: 536-90-4399"),
    ("national_id", '{"ssn": "536904399"}'),
    ("national_id", '{"bsn": 111222333}'),
    ("national_id", "taxpayer 912-70-1234,"),
    ("national_id", '{"itin": "912701234"}'),
    ("national_id", "NI: AB 12 34 56 C."),
    ("national_id", '{"national_insurance_number": "AB123456C"}'),
    ("mac", "on port aabb.cc1d.eeff up"),
    ("ip", "http://93.184.216.34/index.html"),
    ("ip", "from 2606:2800:220:1:248:1893:25c8:1946,"),
    ("ip", "93.184.216.34:8080"),
    ("birth_date", '{"birth_date": "1985-07-30"}'),
    ("birth_date", '{"dateOfBirth":"30/07/1985"}'),
    ("birth_date", "Born: July 30, 1985"),
    ("birth_date", "born 1/5/90"),
    ("birth_date", "geboren am 1. März 1990"),
    ("birth_date", "né le 1er août 1990"),
    ("birth_date", "fecha de nacimiento: 30 de julio de 1985"),
    ("birth_date", '{"birthDate":"1985-07-30T00:00:00.000Z"}'),
]


@pytest.mark.parametrize(("kind", "text"), FOUND, ids=[row[1] for row in FOUND])
async def test_it_is_known_by_its_form_or_its_name(pipeline: FilterPipeline, vault: MemoryVault, kind: str, text: str) -> None:
    cleaned = await pipeline.clean(text, vault)
    assert cleaned.redactions == {kind: 1}, cleaned.tree


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("card", 4111111111111111, "card"),
        ("mobile", 4915123456789, "phone"),
        ("bsn", 111222333, "national_id"),
        ("ssn", 536904399, "national_id"),
    ],
)
async def test_a_number_is_hidden_for_the_key_it_stands_under(
    pipeline: FilterPipeline, vault: MemoryVault, key: str, value: int, kind: str
) -> None:
    cleaned = await pipeline.clean({key: value, "n": value + 1, "ratio": 0.5}, vault)
    assert cleaned.redactions == {kind: 1}
    assert cleaned.tree == {key: vault.minted()[0].token, "n": value + 1, "ratio": 0.5}


NOT_FOUND = [
    "4111 1111 1111 1112",  # Luhn
    "0.4111111111111111",
    "-4111111111111111",
    "DE89 3704 0044 0532 0130 01",
    "+1 (555) 010-9999",
    "+3.1415926535",
    "536-90-439",
    "000-12-3456",
    "912-10-1234",
    "part AB123456C, uid: ab123456c, QQ 12 34 56 C",
    "dead.beef.cafe 1234.5678.9012 aab1.ccdd.eeff.1234 0000.0000.0000",
    "version 93.184.216.34",
    "app==93.184.216.34",
    "Chrome/93.184.216.34",
    "93.184.216.34.5",
    "127.0.0.1 192.168.1.20 172.16.3.4 169.254.10.20 224.0.0.251 8.8.8.8 203.0.113.77",
    "::1 fe80::1 2001:db8::1 std::dec 12:30:45",
    "ff:ff:ff:ff:ff:ff 00:00:00:00:00:00 01:00:5e:00:00:fb",
    "created: 1985-07-30, 30.07.1985",
    "phone: see below, telephones: 12345678, cellular 2026-01-01 10:00",
    "reborn 2020, stillborn, airborne 1985-07-30",
]


@pytest.mark.parametrize("text", NOT_FOUND)
async def test_a_wrong_check_digit_or_another_context_leaves_it(pipeline: FilterPipeline, vault: MemoryVault, text: str) -> None:
    cleaned = await pipeline.clean(text, vault)
    assert cleaned.tree == text


async def test_a_column_of_ids_is_not_taken_for_cards_but_a_named_card_among_them_is(
    pipeline: FilterPipeline, vault: MemoryVault
) -> None:
    source = random.Random(3)
    ids = [f"4{source.randrange(10**14, 10**15)}" for _ in range(300)]
    assert 10 < sum(is_card(text.encode()) for text in ids) < 50
    tree: Json = {"ids": [*ids], "card": "4111111111111111"}
    cleaned = await pipeline.clean(tree, vault)
    assert cleaned.tree == {"ids": ids, "card": vault.minted()[0].token}


def test_numbering_plans_say_what_the_library_says() -> None:
    source = random.Random(11)
    agree = 0
    for _ in range(3_000):
        code = source.choice([1, 7, 33, 34, 39, 44, 49, 61, 81, 91, 351, 420, 852, 972])
        number = source.randrange(10**7, 10**11)
        valid = phonenumbers.is_valid_number(phonenumbers.PhoneNumber(code, number))
        assert is_given_out(str(code), str(number)) == valid, (code, number)
        agree += valid
    assert agree > 100


@pytest.mark.parametrize("kind", PERSONAL_KINDS)
async def test_a_kind_that_is_switched_off_stays(vault: MemoryVault, kind: PersonalKind) -> None:
    others: tuple[PersonalKind, ...] = tuple(other for other in PERSONAL_KINDS if other != kind)
    text = "\n".join(made(kind, 5))
    cleaned = await FilterPipeline(FilterOptions(others)).clean(text, vault)
    assert kind not in cleaned.redactions


async def test_what_is_allowed_stays_and_the_rest_does_not(vault: MemoryVault) -> None:
    pipeline = FilterPipeline(FilterOptions(allow=("Help@Example.com", "@example.org", "93.184.216.34")))
    text = "help@example.com ann@example.com x@EXAMPLE.org x@sub.example.org 93.184.216.34 93.184.216.35"
    cleaned = await pipeline.clean(text, vault)
    assert [row.value for row in vault.minted()] == ["ann@example.com", "x@sub.example.org", "93.184.216.35"]
    assert cleaned.redactions == {"email": 2, "ip": 1}
