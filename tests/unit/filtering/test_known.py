"""What is known of a session's people is hidden wherever it stands, also where nothing around it says what it is."""

from mcp_codeexec.filtering import FilterPipeline
from tests.unit.filtering.memory_vault import MemoryVault


async def test_a_date_of_birth_stays_a_token_when_it_is_printed_alone(pipeline: FilterPipeline) -> None:
    vault = MemoryVault()
    first = await pipeline.clean("date of birth: 1984-03-17", vault)
    assert isinstance(first.tree, str)
    assert "1984" not in first.tree
    token = first.tree.split(": ")[1]
    again = await pipeline.clean(["1984-03-17", {"on 1984-03-17": "1984-03-18"}], vault)
    assert again.tree == [token, {f"on {token}": "1984-03-18"}]
    page = await pipeline.clean_page("x" * 50 + " 1984-03-17 " + "y" * 50, 0, 112, vault)
    assert page.text == "x" * 50 + f" {token} " + "y" * 50
    assert (await pipeline.clean("1984-03-17", MemoryVault())).tree == "1984-03-17"
