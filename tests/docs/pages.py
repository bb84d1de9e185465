"""The pages that are made: `make docs`, which is `python -m tests.docs.pages`, writes all of them anew."""

from collections.abc import Callable
from pathlib import Path

from tests.docs import configuration, counts, refused_names, tools

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": configuration.page,
    "refused-names.md": refused_names.page,
    "tools.md": tools.page,
}


def write() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), "utf-8")
    counts.renew(DOCS / "tests.md")


if __name__ == "__main__":
    write()
