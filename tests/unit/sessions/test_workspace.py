"""A session's files as one run sees them: names, the quota to the byte, what is written and what is not."""

from pathlib import Path

import pytest

from mcp_codeexec.errors import FileRefused, SettingsError
from mcp_codeexec.model import FileChange, Payload
from mcp_codeexec.sessions.inputs import OfferedFiles
from mcp_codeexec.sessions.workspace import MOST_FILES, Workspace

LIMIT = 100
NOTHING = OfferedFiles((), LIMIT)


def workspace(inputs: OfferedFiles = NOTHING, **stored: bytes) -> Workspace:
    async def read(name: str) -> bytes | None:
        return stored.get(name)

    return Workspace({name: len(content) for name, content in stored.items()}, read, LIMIT, inputs)


@pytest.mark.parametrize("name", ["a", "a.csv", "data/2026/a b.csv", ".env", "ü/日本", "a" * 200, "...", "a..b"])
async def test_a_name_that_says_where_is_taken(name: str) -> None:
    files = workspace()
    files.write(name, b"1")
    assert await files.read(name) == b"1"
    assert files.exists(name)


REFUSED = [
    "",
    "/",
    "/etc/passwd",
    "a//b",
    "a/",
    "../a",
    "a/../b",
    "./a",
    "a\\b",
    "a\0b",
    "a\nb",
    " a",
    "a/ b",
    "é" * 101,
    "\ud800",
    "\u202ea",
]


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_does_not_is_refused_and_nothing_changes(name: str) -> None:
    files = workspace()
    with pytest.raises(FileRefused, match="cannot be the name of a file"):
        files.write(name, b"1")
    assert files.changes == ()


def test_the_quota_holds_to_the_byte_and_what_fitted_stays() -> None:
    files = workspace(old=b"x" * 60)
    files.write("new", b"y" * 40)
    with pytest.raises(FileRefused, match=r'"more" needs 1 bytes; the session\'s other files use 100 of 100, 0 are free'):
        files.write("more", b"z")
    files.write("old", b"x" * 59)  # a file makes room for itself
    files.write("more", b"z")
    with pytest.raises(FileRefused, match="needs 61 bytes"):
        files.write("old", b"x" * 61)
    assert files.remove("old")
    files.write("new", b"y" * 99)
    assert files.sizes == {"new": 99, "more": 1}


def test_there_can_be_only_so_many_files() -> None:
    files = workspace()
    for number in range(MOST_FILES):
        files.write(f"{number}", b"")
    with pytest.raises(FileRefused, match=f"has {MOST_FILES} files, which is the most"):
        files.write("one more", b"")
    files.write("0", b"x")
    files.remove("1")
    files.write("one more", b"")


async def test_only_what_changed_is_to_be_written() -> None:
    files = workspace(kept=b"1", gone=b"2", changed=b"3")
    files.write("changed", b"4")
    files.write("new", b"5")
    files.write("passing", b"6")
    assert (files.remove("gone"), files.remove("passing"), files.remove("never")) == (True, True, False)
    assert files.changes == (FileChange("changed", b"4"), FileChange("gone", None), FileChange("new", b"5"))
    assert [await files.read(name) for name in ("kept", "changed", "new")] == [b"1", b"4", b"5"]
    with pytest.raises(FileRefused, match='there is no file "gone"; there are changed, kept, new'):
        await files.read("gone")


@pytest.mark.parametrize("asked", [None, 1, ["a"], {"name": "a"}])
async def test_a_name_that_is_no_text_is_refused(asked: object) -> None:
    for name, call in workspace(a=b"1").calls().items():
        if name != "files.list":
            with pytest.raises(FileRefused, match="the name of a file is a string"):
                await call(Payload(asked))  # pyright: ignore[reportArgumentType]


# ---- the operator's files --------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files, a secret outside it, and a link to that."""
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"1")
    (folder / "deep" / "b.csv").write_bytes(b"22")
    (tmp_path / "secret").write_bytes(b"s")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "links").symlink_to(tmp_path)
    return folder


async def test_offered_files_are_read_under_inputs_and_links_are_not_followed(folder: Path) -> None:
    files = workspace(OfferedFiles([folder, folder / "a.csv"], LIMIT), own=b"333")
    assert files.listed() == [
        {"name": "inputs/a.csv", "bytes": 1},
        {"name": "inputs/data/a.csv", "bytes": 1},
        {"name": "inputs/data/deep/b.csv", "bytes": 2},
        {"name": "own", "bytes": 3},
    ]
    assert await files.read("inputs/data/deep/b.csv") == b"22"
    for name in ("inputs/data/link", "inputs/data/links/secret", "inputs/../secret", "inputs/secret"):
        assert not files.exists(name)
        with pytest.raises(FileRefused, match="there is no file"):
            await files.read(name)


def test_offered_files_can_only_be_read(folder: Path) -> None:
    files = workspace(OfferedFiles([folder], LIMIT))
    with pytest.raises(FileRefused, match="inputs/ can only be read"):
        files.write("inputs/data/a.csv", b"")
    with pytest.raises(FileRefused, match="inputs/ can only be read"):
        files.remove("inputs/data/a.csv")


async def test_an_offered_file_that_changed_is_read_as_it_is_or_told(folder: Path) -> None:
    offered = OfferedFiles([folder], LIMIT)
    (folder / "a.csv").write_bytes(b"x" * LIMIT)
    assert await offered.read("inputs/data/a.csv") == b"x" * LIMIT
    (folder / "a.csv").write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(FileRefused, match="has grown beyond 100 bytes"):
        await offered.read("inputs/data/a.csv")
    (folder / "a.csv").unlink()
    with pytest.raises(FileRefused, match="cannot be read any more"):
        await offered.read("inputs/data/a.csv")


@pytest.mark.parametrize(
    ("paths", "limit", "says"),
    [
        (["nowhere"], LIMIT, "there is no file or folder"),
        (["data"], 1, "has 2 bytes, 1 is the most for one file"),
        (["data/a.csv", "data/a.csv"], LIMIT, "would both be inputs/a.csv"),
    ],
)
def test_what_cannot_be_offered_is_said_at_the_start(folder: Path, paths: list[str], limit: int, says: str) -> None:
    with pytest.raises(SettingsError, match=f"bad setting: input: .*{says}"):
        OfferedFiles([folder.parent / path for path in paths], limit)
