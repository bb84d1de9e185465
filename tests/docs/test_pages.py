"""The pages that are made from the code are up to date, and what pages point to is there."""

import re
from pathlib import Path

import pytest

from tests.docs import counts
from tests.docs.blocks import ROOT
from tests.docs.pages import DOCS, PAGES

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)\s]+))?\)")
_PATH = re.compile(r"`((?:mcp_codeexec|deno_host|tests|docs|examples)/[\w/.-]*)`")
WRITTEN = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md")])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_made_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), f"docs/{name} is stale: `make docs` renews it"


def test_every_file_of_tests_is_counted_once_for_its_component() -> None:
    assert counts.of_no_component() == [], "tests/docs/counts.py says which component a file is of"


def test_the_table_of_counts_has_the_components_that_there_are() -> None:
    shown = counts.components((DOCS / "tests.md").read_text("utf-8"))
    assert [each.name for each in counts.COMPONENTS if each.name in shown] == shown, "docs/tests.md is stale: `make docs` renews it"
    planned = {each.name for each in counts.COMPONENTS if each.planned != (0, 0)}
    assert planned <= set(shown)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [page.parent / target for target, _ in _LINK.findall(text) if "://" not in target]
    named = [ROOT / path for path in _PATH.findall(text)]
    assert [str(path) for path in (*links, *named) if not path.exists()] == []


def test_the_guide_is_short() -> None:
    assert len((DOCS / "PHASE2_EXECUTION_GUIDE.md").read_text("utf-8").splitlines()) <= 350
