"""Pages of a long text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_codeexec.errors import BadArguments
from mcp_codeexec.filtering import FilterPipeline
from tests.unit.filtering.memory_vault import MemoryVault
from tests.unit.filtering.samples import BY_VENDOR, PASSWORD

GITHUB = BY_VENDOR["github_token"]
TEXT = (
    f"\x1b[1mé😀 start\x1b[0m\r\n{GITHUB[:9]}\x00{GITHUB[9:]}\r\n ann@example.com, [EMAIL_k3f9q2] \ud800 password={PASSWORD}\n" * 3
)


@pytest.mark.parametrize("size", [1, 7, 40, 1_000])
async def test_pages_one_after_another_are_the_whole_text(pipeline: FilterPipeline, vault: MemoryVault, size: int) -> None:
    whole = await pipeline.clean(TEXT, vault)
    parts: list[str] = []
    counts: dict[str, int] = {}
    at = 0
    while at < len(TEXT):
        page = await pipeline.clean_page(TEXT, at, at + size, vault)
        assert page.start == at
        assert page.end > at
        parts.append(page.text)
        for kind, count in page.redactions.items():
            counts[kind] = counts.get(kind, 0) + count
        at = page.end
    assert "".join(parts) == whole.tree
    assert counts == whole.redactions == {"secret": 6, "email": 3}


@given(start=st.integers(0, len(TEXT)), size=st.integers(0, 80))
async def test_no_page_splits_a_redaction_or_a_token(pipeline: FilterPipeline, start: int, size: int) -> None:
    vault = MemoryVault()
    page = await pipeline.clean_page(TEXT, start, start + size, vault)
    rest = page.text
    for whole in ("[REDACTED:github_token]", "[REDACTED:password]", "[EMAIL_k3f9q2]", *(row.token for row in vault.minted())):
        rest = rest.replace(whole, "")
    assert not set("[]:_@") & set(rest)
    if size:
        assert page.start <= start
        assert page.end >= min(start + size, len(TEXT))


async def test_a_secret_is_known_by_what_stands_outside_the_page(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    text = f"x = 1; password = {PASSWORD} # really"
    page = await pipeline.clean_page(text, text.index(PASSWORD) + 3, text.index(PASSWORD) + 6, vault)
    assert (page.text, page.redactions) == ("[REDACTED:password]", {"secret": 1})
    assert text[page.start : page.end] == PASSWORD


@pytest.mark.parametrize("start", range(0, 60, 7))
async def test_a_token_inside_a_secret_goes_with_it(pipeline: FilterPipeline, vault: MemoryVault, start: int) -> None:
    text = 'x: 1, password: "ab12[EMAIL_k3f9q2]cd34", y: [EMAIL_k3f9q2], password: "sesame"'
    page = await pipeline.clean_page(text, start, len(text), vault)
    assert 'x: 1, password: "[REDACTED:password]", y: [EMAIL_k3f9q2], password: "[REDACTED:password]"'.endswith(page.text)


async def test_only_addresses_of_the_page_get_a_token(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    await pipeline.clean_page("ann@example.com bob@example.com", 20, 25, vault)
    assert [row.value for row in vault.minted()] == ["bob@example.com"]


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 3), (5, 99), (99, 120)])
async def test_a_page_without_characters_is_empty(pipeline: FilterPipeline, vault: MemoryVault, start: int, end: int) -> None:
    page = await pipeline.clean_page("plain", start, end, vault)
    assert (page.text, page.start, page.end) == ("", min(start, 5), min(start, 5))


@pytest.mark.parametrize(("start", "end"), [(-1, 4), (4, 3)])
async def test_an_impossible_page_is_refused(pipeline: FilterPipeline, vault: MemoryVault, start: int, end: int) -> None:
    with pytest.raises(BadArguments, match=f"from {start} to {end}"):
        await pipeline.clean_page("plain", start, end, vault)
