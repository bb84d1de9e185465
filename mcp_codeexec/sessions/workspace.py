"""A session's files, as one run sees them: what is stored, and over it what the run has done. Nothing is written before the run is."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from mcp_codeexec.errors import FileRefused
from mcp_codeexec.model import FileChange, Json, Payload
from mcp_codeexec.ports import HostCall

MOST_FILES = 1_000
_LONGEST_NAME = 200  # bytes
INPUTS = "inputs/"

Read = Callable[[str], Awaitable[bytes | None]]


class Inputs(Protocol):
    """Files that the operator offers to every session, under `inputs/`, to be read only."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Name, with `inputs/`, to bytes."""
        ...

    async def read(self, name: str) -> bytes:
        """The content. Raises FileRefused."""
        ...


class Workspace:
    """Lives as long as one run; `changes` is what the store has to write for it. All sizes are bytes of content.

    `stored` are the session's files and their sizes, `read` gets the content of one of them.
    """

    def __init__(self, stored: Mapping[str, int], read: Read, limit: int, inputs: Inputs) -> None:
        self._stored = stored
        self._read = read
        self._limit = limit
        self._inputs = inputs
        self._changed: dict[str, bytes | None] = {}

    @property
    def sizes(self) -> dict[str, int]:
        """The session's files as they are now."""
        sizes = {name: size for name, size in self._stored.items() if name not in self._changed}
        sizes.update((name, len(content)) for name, content in self._changed.items() if content is not None)
        return sizes

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """What the run did, by name."""
        changed = sorted(self._changed.items())
        return tuple(FileChange(name, content) for name, content in changed if content is not None or name in self._stored)

    def write(self, name: str, content: bytes) -> None:
        """Make a file what it is to be, whole. Raises FileRefused: nothing changed then."""
        _check_name(name)
        if name.startswith(INPUTS):
            raise FileRefused(f"{INPUTS} can only be read; write {_shown(name)} under another name.")
        sizes = self.sizes
        if name not in sizes and len(sizes) >= MOST_FILES:
            raise FileRefused(f"the session has {MOST_FILES} files, which is the most; remove some with files.remove(name).")
        used = sum(sizes.values()) - sizes.get(name, 0)
        if used + len(content) > self._limit:
            raise FileRefused(
                f"{_shown(name)} needs {len(content)} bytes; the session's other files use {used} of {self._limit}, "
                f"{self._limit - used} are free. It was not written; files.list() tells what there is."
            )
        self._changed[name] = content

    async def read(self, name: str) -> bytes:
        """The content of a file. Raises FileRefused."""
        if name in self._inputs.sizes:
            return await self._inputs.read(name)
        content = self._changed[name] if name in self._changed else await self._stored_content(name)
        if content is None:
            raise self._not_found(name)
        return content

    def remove(self, name: str) -> bool:
        """Remove a file; False if there was none. Raises FileRefused."""
        if name.startswith(INPUTS):
            raise FileRefused(f"{INPUTS} can only be read.")
        there = name in self.sizes
        if there:
            self._changed[name] = None
        return there

    def listed(self) -> list[Json]:
        """The operator's files and the session's, by name."""
        return [{"name": name, "bytes": size} for name, size in sorted({**self._inputs.sizes, **self.sizes}.items())]

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return name in self.sizes or name in self._inputs.sizes

    def calls(self) -> dict[str, HostCall]:
        """What code in the sandbox may ask: `files.write` and the like, deno_host/files.ts being the other side."""

        async def write(asked: Payload) -> Payload:
            self.write(_name(asked), asked.blob)
            return Payload(len(asked.blob))

        async def read(asked: Payload) -> Payload:
            return Payload(None, await self.read(_name(asked)))

        async def remove(asked: Payload) -> Payload:
            return Payload(self.remove(_name(asked)))

        async def listed(asked: Payload) -> Payload:
            return Payload(self.listed())

        async def exists(asked: Payload) -> Payload:
            return Payload(self.exists(_name(asked)))

        return {"files.write": write, "files.read": read, "files.remove": remove, "files.list": listed, "files.exists": exists}

    async def _stored_content(self, name: str) -> bytes | None:
        return await self._read(name) if name in self._stored else None

    def _not_found(self, name: str) -> FileRefused:
        names = [str(file["name"]) for file in self.listed() if isinstance(file, dict)]
        there = f"there are {', '.join(names[:20])}{' …' if len(names) > 20 else ''}" if names else "there are no files yet"
        return FileRefused(f"there is no file {_shown(name)}; {there}.")


def _name(asked: Payload) -> str:
    if not isinstance(asked.data, str):
        raise FileRefused("the name of a file is a string.")
    return asked.data


def _check_name(name: str) -> None:
    fits = 0 < len(name.encode(errors="replace")) <= _LONGEST_NAME and name.isprintable() and "\\" not in name
    if not fits or any(part in ("", ".", "..") or part != part.strip() for part in name.split("/")):
        raise FileRefused(
            f"{_shown(name)} cannot be the name of a file: 1 to {_LONGEST_NAME} bytes of printable text, parts separated by /, "
            "none of them empty, . or .., no backslash."
        )


def _shown(name: str) -> str:
    return json.dumps(name[:80], ensure_ascii=False) + ("…" if len(name) > 80 else "")
