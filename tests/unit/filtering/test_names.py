"""Names of people and postal addresses, with pipelines that the tests make: off without one, and with one only what looks like it."""

import random
import re
from pathlib import Path
from threading import get_ident

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_codeexec.errors import SettingsError, Withheld
from mcp_codeexec.filter_options import FilterOptions, NameKind
from mcp_codeexec.filtering import FilterPipeline, NameFinder, revealed
from mcp_codeexec.filtering.names import MOST_READ
from mcp_codeexec.filtering.names.lines import readable
from mcp_codeexec.filtering.spans import settle
from mcp_codeexec.model import Json
from mcp_codeexec.settings import Settings
from tests.unit.filtering.memory_vault import MemoryVault
from tests.unit.filtering.spacy_pipelines import saved
from tests.unit.filtering.test_corpora import CORPORA

PEOPLE = ("Ann Smith", "Jürgen Müller", "Zoë", "Bob", "佐藤花子", "Maria de la Cruz", "INFO Server", "parseName", "iPhone Max")
PLACES = ("Berlin", "Köln", "Springfield", "London", "New York", "Paris", "Milano", "Main Street")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a pipeline that knows these people and places, as its trainer would save it."""
    people: list[dict[str, object]] = [{"label": "PERSON", "pattern": name} for name in PEOPLE]
    return saved(tmp_path_factory.mktemp("model"), [*people, *({"label": "GPE", "pattern": name} for name in PLACES)])


@pytest.fixture(scope="module")
def finder(model: str) -> NameFinder:
    return NameFinder(model)


@pytest.fixture(scope="module")
def named(model: str) -> FilterPipeline:
    """The filter as the setting makes it."""
    return FilterPipeline(Settings.load({"name_model": model}).filter_options)


def found(finder: NameFinder, text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(span.kind, data[span.start : span.end].decode()) for span in settle(finder.find(data), data)]


TREES: list[tuple[str, Json, Json]] = [
    ("a sentence", "Today Ann Smith paid.", "Today {} paid."),
    ("its possessive", "Ann Smith's order", "{}'s order"),
    ("a value", {"customer": "Ann Smith", "n": 1}, {"customer": "{}", "n": 1}),
    ("a key", {"Ann Smith": [1, 2]}, {"{}": [1, 2]}),
    ("nested", [[{"a": {"b": ["by Ann Smith."]}}]], [[{"a": {"b": ["by {}."]}}]]),
    ("lines", "x\n" * 500 + "Ann Smith\n" + "y\n" * 500, "x\n" * 500 + "{}\n" + "y\n" * 500),
    ("after letters of many bytes", "é😀漢 Ann Smith é", "é😀漢 {} é"),
    ("columns", "1001,Ann Smith,2024-03-01", "1001,{},2024-03-01"),
    ("columns with marks", "7;Ann Smith|x", "7;{}|x"),
    ("JSON as text", '{"id":7,"name":"Ann Smith","tags":["a","b"],"of":{"x":"Aaaaaaaaaaa"}}', None),
    ("escaped", "to Ann\\u0020Smith!", "to {}!"),
]


@pytest.mark.parametrize(("tree", "expected"), [row[1:] for row in TREES], ids=[row[0] for row in TREES])
async def test_a_name_becomes_a_token_and_comes_back(named: FilterPipeline, vault: MemoryVault, tree: Json, expected: Json) -> None:
    cleaned = await named.clean(tree, vault)
    (row,) = vault.minted()
    assert row.kind == "person"
    assert cleaned.redactions == {"person": 1}
    text = str(cleaned.tree)
    assert text == str(expected if expected is not None else tree).replace("{}" if expected is not None else "Ann Smith", row.token)
    assert revealed(text, vault) == text.replace(row.token, row.value)


async def test_a_page_has_tokens_too(named: FilterPipeline, vault: MemoryVault) -> None:
    text = "é" * 40 + " Jürgen Müller " + "x" * 40
    page = await named.clean_page(text, 0, 45, vault)
    assert page.text == "é" * 40 + f" {vault.minted()[0].token}"
    assert page.end == 54


@settings(max_examples=80, deadline=None)
@given(before=st.text("aé漢😀 ,.(\n", max_size=60), after=st.text("aé漢😀 ,.)\n", max_size=60))
def test_spans_are_the_bytes_of_the_name(finder: NameFinder, before: str, after: str) -> None:
    assert ("person", "Jürgen Müller") in found(finder, f"{before} Jürgen Müller {after}")


@pytest.mark.parametrize("fill", ["word ", "é ", "x" * 30 + " "])
def test_a_name_is_found_wherever_a_long_line_is_cut(finder: NameFinder, fill: str) -> None:
    for before in range(780, 1_060, 7):
        text = (fill * 1_100).encode()[:before].decode(errors="ignore") + " Ann Smith " + fill * 400
        assert found(finder, text) == [("person", "Ann Smith")], before


def test_every_line_of_a_long_text_is_read(finder: NameFinder) -> None:
    text = "\n".join(f"Line {n}: Ann Smith" for n in range(2_000))
    assert len(found(finder, text)) == 2_000


async def test_a_text_with_more_than_the_model_reads_is_withheld(named: FilterPipeline, vault: MemoryVault) -> None:
    with pytest.raises(Withheld, match="could not be checked") as caught:
        await named.clean("\n".join(f"Line {n} of A Long Text" for n in range(MOST_READ // 20)), vault)
    assert caught.value.hint == "Ask for less of it, or for another form of it."


async def test_what_has_no_capitals_or_stands_there_often_costs_nothing_of_that(named: FilterPipeline, vault: MemoryVault) -> None:
    text = "by Ann Smith\n" * 50_000 + "no name is here\n" * 50_000 + "0.1234 " * 100_000
    cleaned = await named.clean(text, vault)
    assert cleaned.redactions == {"person": 50_000}


NO_NAMES = ["INFO Server is up", "call parseName(x)", "iPhone Max", "Bob is a word here", "see Zoë", "ANN SMITH"]


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_a_model_takes_for_a_person_must_look_like_a_name(finder: NameFinder, text: str) -> None:
    assert found(finder, text) == []


ALONE = ["Dear Bob, it is late", "Thanks, Bob", "Mr. Bob", "Hi Bob!", "frau Zoë"]


@pytest.mark.parametrize("text", ALONE)
def test_a_single_word_is_a_name_after_a_title_or_a_greeting(finder: NameFinder, text: str) -> None:
    assert found(finder, text) in ([("person", "Bob")], [("person", "Zoë")])


def test_a_single_word_is_a_name_where_the_whole_name_is(tmp_path: Path) -> None:
    finder = NameFinder(saved(tmp_path, [{"label": "PER", "pattern": name} for name in ("Ann Smith", "Ann", "Carla")]))
    assert found(finder, "Ann Smith came. Ann saw Carla.") == [("person", "Ann Smith"), ("person", "Ann")]


UNDER_KEYS: list[tuple[str, str]] = [
    ('{"first_name": "Kwame", "lastName": "Ōta-Berg"}', "Kwame Ōta-Berg"),
    ("{ fullName: 'Kwame van den Berg' }", "Kwame van den Berg"),
    ('{"surname":"Berg","age":3}', "Berg"),
    ('{"first_name": "string", "last_name": "required", "surname": "Text"}', ""),
    ('{"last_name": "as in the passport"}', ""),
    ("first_name: Kwame", ""),
]


@pytest.mark.parametrize(("text", "names"), UNDER_KEYS)
def test_a_key_says_that_it_is_a_name(finder: NameFinder, text: str, names: str) -> None:
    assert " ".join(name for _, name in found(finder, text)) == names


async def test_a_name_that_is_known_is_hidden_where_the_model_does_not_see_it(named: FilterPipeline, vault: MemoryVault) -> None:
    first = await named.clean("first_name: 'Kwame'", vault)
    again = await named.clean(["kwame Kwame", "Kwamena", "x_Kwame"], vault)
    token = vault.minted()[0].token
    assert first.tree == f"first_name: '{token}'"
    assert again.tree == ["kwame Kwame", "Kwamena", "x_Kwame"]  # five letters: too short to be looked for
    await named.clean("surname: 'Asantehene'", vault)
    again = await named.clean(["asantehene, Asantehene.", "Asantehenes", "éAsantehene"], vault)
    assert again.tree == [f"asantehene, {vault.minted()[1].token}.", "Asantehenes", "éAsantehene"]


ADDRESSES: list[tuple[str, str]] = [
    ("He lives at 12 Main Street in Springfield now.", "12 Main Street in Springfield"),
    ("Ship to 221B Baker Street, London NW1 6XE, please", "221B Baker Street, London NW1 6XE"),
    ("350 Fifth Avenue, New York, NY 10118", "350 Fifth Avenue, New York, NY 10118"),
    ("Ann Smith\n9 Elm Road, Apt 4\nSpringfield, IL 62701\nUSA", "9 Elm Road, Apt 4\nSpringfield, IL 62701"),
    ("an Lindenstraße 14a, 50674 Köln.", "Lindenstraße 14a, 50674 Köln"),
    ("Kurfürstendamm 101, 10711 Berlin", "Kurfürstendamm 101, 10711 Berlin"),
    ("Jungfernstieg 7, 20354 Berlin", "Jungfernstieg 7, 20354 Berlin"),
    ("18 bis, rue de la Paix, 75002 Paris", "18 bis, rue de la Paix, 75002 Paris"),
    ("Via Garibaldi 12, 20121 Milano", "Via Garibaldi 12, 20121 Milano"),
    ("77 Oak Lane, 02139", "77 Oak Lane, 02139"),
    ("18 Hill Road, 99999 Nowhere", "18 Hill Road, 99999 Nowhere"),
    ('{"address": "5 Somewhere, Upstairs"}', "5 Somewhere, Upstairs"),
    ("street: 'Am Markt 3'", "Am Markt 3"),
    ("at 12 Main Street.", "12 Main Street"),
]
NO_ADDRESSES = [
    "Berlin, 10115 samples",
    "Sprint 12, Berlin: 5 Open Issues",
    "In 2024 Berlin had 3 Streets",
    "Version 5, 2024 Berlin",
    "12 Oak Street",
    "row 12 Park Lane closes; the office is in Berlin",
    "Marketing 12 45678, Engineering 24 55000",
    "London 8, Paris 7, Berlin 10115",
    '{"address": "10.0.0.1", "ip_address": "Server 5", "email_address": "ann@example.com"}',
    "address: '0x52908400098527886E0F7030069857D2E4169EE7'",
    "3 Apples from Springfield",
]


@pytest.mark.parametrize(("text", "address"), ADDRESSES)
def test_an_address_is_a_number_a_street_and_a_second_sign(finder: NameFinder, text: str, address: str) -> None:
    assert ("address", address) in found(finder, text)


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_without_a_second_sign_it_is_none(finder: NameFinder, text: str) -> None:
    assert [kind for kind, _ in found(finder, text)] == []


async def test_an_address_becomes_a_token_and_comes_back(named: FilterPipeline, vault: MemoryVault) -> None:
    cleaned = await named.clean({"to": "Lindenstraße 14, 50674 Köln"}, vault)
    token = vault.minted()[0].token
    assert (cleaned.tree, cleaned.redactions) == ({"to": token}, {"address": 1})
    assert vault.reveal(token) == "Lindenstraße 14, 50674 Köln"


async def test_an_allowed_name_stays(model: str, vault: MemoryVault) -> None:
    pipeline = FilterPipeline(FilterOptions(name_model=model, allow=("ann smith",)))
    cleaned = await pipeline.clean("Ann Smith and Maria de la Cruz", vault)
    assert cleaned.tree == f"Ann Smith and {vault.minted()[0].token}"


@pytest.mark.parametrize("kind", ["person", "address"])
async def test_one_kind_can_be_on_alone(model: str, vault: MemoryVault, kind: NameKind) -> None:
    pipeline = FilterPipeline(FilterOptions((kind,), name_model=model))
    cleaned = await pipeline.clean("Ann Smith, 12 Main Street, Springfield", vault)
    assert cleaned.redactions == {kind: 1}


class _Watched(MemoryVault):
    """Notes in which thread its tokens are made."""

    def tokenise(self, kind: str, value: str) -> str:
        self.thread = get_ident()
        return super().tokenise(kind, value)


async def test_also_a_short_text_is_read_off_the_loop(named: FilterPipeline, pipeline: FilterPipeline) -> None:
    vault = _Watched()
    await named.clean("Ann Smith", vault)
    assert vault.thread != get_ident()
    await pipeline.clean("ann@example.com", vault)
    assert vault.thread == get_ident()


async def test_without_a_model_they_stay(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    text = "Ann Smith, 12 Main Street, Springfield; first_name: 'Kwame'"
    assert (await pipeline.clean(text, vault)).tree == text


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
async def test_our_own_rules_hide_nothing_in_ordinary_answers(named: FilterPipeline, vault: MemoryVault, corpus: Json) -> None:
    assert (await named.clean(corpus, vault)).redactions == {}


async def test_a_recogniser_that_sees_people_everywhere_is_not_believed(tmp_path: Path, vault: MemoryVault) -> None:
    patterns: list[dict[str, object]] = [{"label": "PERSON", "pattern": [{"TEXT": {"REGEX": r"\w"}}]}]
    pipeline = FilterPipeline(FilterOptions(name_model=saved(tmp_path, patterns)))
    for name in ("TypeScript", "Python", "packages", "logs", "rows", "a schema"):
        assert (await pipeline.clean(CORPORA[name], vault)).redactions == {}, name


@pytest.mark.parametrize(("config", "says"), [("", "does not recognise people"), ("[nlp]\nlang = 5\n", "cannot be loaded")])
async def test_a_pipeline_of_no_use_withholds_every_answer(tmp_path: Path, vault: MemoryVault, config: str, says: str) -> None:
    model = saved(tmp_path, [{"label": "DATE", "pattern": "today"}])
    if config:
        (tmp_path / "config.cfg").write_text(config, "utf-8")
    with pytest.raises(SettingsError, match=f"name_model: .*{says}"):
        NameFinder(model)
    with pytest.raises(Withheld) as caught:
        await FilterPipeline(FilterOptions(name_model=model)).clean("x", vault)
    assert "doctor" in caught.value.hint


def test_a_kind_that_only_a_model_finds_wants_one(model: str) -> None:
    with pytest.raises(SettingsError, match="personal_data has person, which only a name_model finds"):
        Settings.load({"personal_data": ["email", "person"]})
    assert Settings.load({"personal_data": ["person"], "name_model": model}).filter_options.personal_data == ("person",)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text("Aa1('\"“«,;-_é漢😀 \t", max_size=300).map(str.encode))
def test_what_the_model_reads_is_as_long_and_has_no_long_run_of_marks(line: bytes) -> None:
    line = line.replace(b"\n", b"")
    text = readable(line)
    assert len(text.encode()) == len(line)
    run = longest = 0
    for letter in text:
        run = 0 if letter.isspace() or letter.isalnum() or letter == "_" else run + 1
        longest = max(longest, run)
    assert longest < 4


def test_hostile_texts_are_words_apart_for_the_tokenizer() -> None:
    source = random.Random(5)
    for alphabet in ("(", "Ab(", "A.b", "'\"“«A", "http://A.b", ",;:A"):
        text = readable("".join(source.choices(alphabet, k=900)).encode())
        assert not re.search(r"[!-~]{40}|[^\w\s]{4}", text), alphabet
