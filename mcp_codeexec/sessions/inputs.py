"""The data door: files and folders that the operator names, for every session to read under `inputs/`."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

from anyio import to_thread

from mcp_codeexec.errors import FileRefused, SettingsError
from mcp_codeexec.sessions.workspace import INPUTS, MOST_FILES
from mcp_codeexec.settings import Settings


class OfferedFiles:
    """Found once, at the start; read when they are asked for. Links inside a folder are not followed."""

    def __init__(self, paths: Iterable[Path], limit: int) -> None:
        """`limit` is the most bytes of one file.

        Raises:
            SettingsError: a path is not there, a file is too large, or there are too many.
        """
        self._paths: dict[str, Path] = {}
        self._limit = limit
        self._sizes: dict[str, int] = {}
        for path in paths:
            for name, file in _found(path):
                self._add(INPUTS + name, file)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings offer. Raises SettingsError."""
        return cls(settings.input, settings.workspace_bytes)

    @property
    def sizes(self) -> Mapping[str, int]:
        """Name, with `inputs/`, to bytes, as they were found."""
        return self._sizes

    async def read(self, name: str) -> bytes:
        """The content now. Raises FileRefused: it is gone or has grown too large meanwhile."""
        try:
            content = await to_thread.run_sync(self._content, self._paths[name])
        except OSError as exc:
            raise FileRefused(f"{name} cannot be read any more: {exc.strerror}.") from None
        if len(content) > self._limit:
            raise FileRefused(f"{name} has grown beyond {self._limit} bytes, the most that can be read.")
        return content

    def _content(self, path: Path) -> bytes:
        with path.open("rb") as file:
            return file.read(self._limit + 1)

    def _add(self, name: str, file: Path) -> None:
        size = file.stat().st_size
        if size > self._limit:
            raise SettingsError(f"bad setting: input: {file} has {size} bytes, {self._limit} is the most for one file")
        if name in self._paths:
            raise SettingsError(f"bad setting: input: {file} and {self._paths[name]} would both be {name}")
        if len(self._paths) >= MOST_FILES:
            raise SettingsError(f"bad setting: input: more than {MOST_FILES} files")
        self._paths[name] = file
        self._sizes[name] = size


def _found(path: Path) -> Iterator[tuple[str, Path]]:
    """Name below `inputs/`, and the file."""
    path = path.expanduser()
    if path.is_file():
        yield path.name, path
    elif path.is_dir():
        for folder, folders, files in os.walk(path):
            folders.sort()
            for name in sorted(files):
                file = Path(folder) / name
                if file.is_file() and not file.is_symlink():
                    yield f"{path.resolve().name}/{file.relative_to(path).as_posix()}", file
    else:
        raise SettingsError(f"bad setting: input: there is no file or folder {path}")
