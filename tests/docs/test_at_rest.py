"""What docs/security.md says of data at rest: which tables hold real values in clear text, and which never do."""

import sqlite3
from contextlib import closing
from pathlib import Path

from mcp_codeexec import Engine
from mcp_codeexec.settings import Settings
from tests.docs.blocks import ROOT

MAIL, SECRET = "ann@example.com", "ghp_a1B2c3D4e5a1B2c3D4e5a1B2c3D4e5F6g7H8"
CODE = f"""
const mail = "{MAIL}", key = ["ghp", "{SECRET.removeprefix("ghp_")}"].join("_");
console.log(mail, key);
await files.write("note.txt", mail + " " + key);
throw new Error(mail + " " + key);
"""
REAL, FILTERED = {"segment", "file"}, {"run", "variable", "session"}


async def stored(folder: Path) -> dict[str, list[str]]:
    """The rows of each table of a store in which a run has left both."""
    async with Engine(Settings.load({"data_dir": folder, "spare_workers": 1})) as engine:
        await engine.execute(CODE)
    with closing(sqlite3.connect(folder / "sessions.db")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [repr(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in names}


async def test_real_values_stand_where_the_page_says_and_nowhere_else(tmp_path: Path) -> None:
    tables = await stored(tmp_path / "store")
    assert {name for name, rows in tables.items() if any(SECRET in row for row in rows)} == REAL
    assert {name for name, rows in tables.items() if any(MAIL in row for row in rows)} == {*REAL, "token"}
    assert all(tables[name] for name in FILTERED)


async def test_the_page_names_every_table_of_the_store(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    assert [name for name in await stored(tmp_path / "store") if f"\n| `{name}` |" not in page] == []
