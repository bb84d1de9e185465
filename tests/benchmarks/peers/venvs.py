"""An environment of its own for each peer, from PyPI, under .venv-peers/; kept for the next time."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[3] / ".venv-peers"
LIMIT_S = 300.0


class NotInstalled(Exception):
    """A peer that could not be had."""


class Venv:
    """A peer's environment."""

    def __init__(self, name: str, packages: Sequence[str]) -> None:
        self.folder, self._packages = FOLDER / name, packages
        self.python = self.program("python")

    def program(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.folder / "bin" / name)

    async def install(self) -> None:
        """Make it, unless it is there with these packages. Raises NotInstalled."""
        stamp, wanted = self.folder / ".installed", " ".join(self._packages)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        await _run(sys.executable, "-m", "venv", str(self.folder))
        await _run(self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *self._packages)
        stamp.write_text(wanted)

    async def version(self, package: str) -> str:
        return (await _run(self.python, "-c", f"from importlib.metadata import version; print(version({package!r}))")).strip()

    def environment(self, home: Path) -> Mapping[str, str]:
        """What its processes see: nothing of the caller's, so that they cannot show it."""
        return {"PATH": f"{self.folder / 'bin'}{os.pathsep}{os.defpath}", "HOME": str(home), "LANG": "C.UTF-8"}


async def _run(*argv: str) -> str:
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    try:
        out, _ = await asyncio.wait_for(process.communicate(), LIMIT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NotInstalled(f"no end within {LIMIT_S:.0f} s") from None
    if process.returncode:
        raise NotInstalled(f"{' '.join(argv[1:3])} ended with exit code {process.returncode}")
    return out.decode()
