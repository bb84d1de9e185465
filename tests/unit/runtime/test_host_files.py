"""The worker's files: built once, never taken from a folder that somebody else can write, whole whoever else builds them."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.runtime import host_files
from mcp_codeexec.runtime.launcher import Launcher


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place that is used when the cache cannot be."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_files_are_built_once(launcher: Launcher, cache: Path) -> None:
    first = host_files.prepare(launcher.deno, cache)
    built = {path.name: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    assert host_files.prepare(launcher.deno, cache) == first
    assert {path.name: path.stat().st_mtime_ns for path in first.folder.iterdir()} == built
    assert {"session_worker.js", "transpiler.js", "import_map.json", "deno_version"} <= set(built)
    assert not any(path.name.endswith(".ts") for path in first.folder.iterdir())
    assert [path.name for path in cache.iterdir()] == [first.folder.name]


def test_many_may_build_at_once(launcher: Launcher, cache: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        made = [future.result() for future in [threads.submit(host_files.prepare, launcher.deno, cache) for _ in range(4)]]
    assert len(set(made)) == 1
    assert [path.name for path in cache.iterdir()] == [made[0].folder.name]


@pytest.mark.parametrize("mode", [0o777, 0o720, 0o1777])
def test_a_cache_folder_that_others_can_write_is_left_alone(launcher: Launcher, cache: Path, temporary: Path, mode: int) -> None:
    host_files.prepare(launcher.deno, cache)
    cache.chmod(mode)
    assert host_files.prepare(launcher.deno, cache).folder.is_relative_to(temporary)


def test_built_files_that_others_can_write_are_not_used(launcher: Launcher, cache: Path, temporary: Path) -> None:
    host_files.prepare(launcher.deno, cache).folder.chmod(0o777)
    assert host_files.prepare(launcher.deno, cache).folder.is_relative_to(temporary)


def test_a_link_in_place_of_a_folder_is_not_followed(launcher: Launcher, cache: Path, temporary: Path, tmp_path: Path) -> None:
    real = host_files.prepare(launcher.deno, tmp_path / "real")
    cache.mkdir(mode=0o700)
    (cache / real.folder.name).symlink_to(real.folder)
    assert host_files.prepare(launcher.deno, cache).folder.is_relative_to(temporary)
    cache.rename(tmp_path / "moved")
    cache.symlink_to(tmp_path / "real")
    assert host_files.prepare(launcher.deno, cache).folder.is_relative_to(temporary)


def test_a_folder_that_somebody_else_owns_is_not_used(
    launcher: Launcher, cache: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host_files.prepare(launcher.deno, cache)
    us = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: us + 1)
    with pytest.raises(RuntimeUnavailable):
        host_files.prepare(launcher.deno, cache)
    assert os.listdir(temporary / f"mcp-codeexec-{us + 1}") == []


def test_without_any_folder_there_is_a_sentence(launcher: Launcher, cache: Path, temporary: Path) -> None:
    cache.write_text("a file")
    (temporary / f"mcp-codeexec-{os.getuid()}").write_text("a file")
    with pytest.raises(RuntimeUnavailable, match="neither the cache folder nor the temporary folder is writable"):
        host_files.prepare(launcher.deno, cache)


def test_without_deno_there_is_a_sentence(cache: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="There is no Deno at /nowhere/deno"):
        host_files.prepare(Path("/nowhere/deno"), cache)
