"""The host side as JavaScript in a cache folder: starting a worker from TypeScript costs twice the time.

Built once for each version of Deno and of deno_host/, by Deno itself; the folder also holds the import map made from that
Deno's own list of builtin modules.
"""

import hashlib
import json
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.runtime import command


@dataclass(frozen=True, slots=True)
class HostFiles:
    """Where the built files are; scripts as a process that works in the folder calls them."""

    folder: Path
    deno_version: str

    @property
    def session_worker(self) -> Path:
        return command.seen(self.folder) / "session_worker.js"

    @property
    def transpiler(self) -> Path:
        return command.seen(self.folder) / "transpiler.js"

    @property
    def import_map(self) -> Path:
        return self.folder / "import_map.json"


def sources() -> Path:
    """deno_host/: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "deno_host"
    return inside if inside.is_dir() else package.parent / "deno_host"


def prepare(deno: Path, cache: Path | None = None) -> HostFiles:
    """The built host files for this Deno, from the cache where they are there already.

    Raises:
        RuntimeUnavailable: Deno cannot be run, or the files cannot be built.
    """
    key = _key(deno)
    for root in (cache or user_cache_path("mcp-codeexec"), Path(tempfile.gettempdir()) / f"mcp-codeexec-{_owner()}"):
        folder = root / f"host-{key}"
        version = folder / "deno_version"
        if version.is_file() and _ours(root) and _ours(folder):
            return HostFiles(folder, version.read_text("utf-8"))
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _ours(root):  # whoever owns it can put another folder in place of ours
                continue
            return _build(deno, folder)
        except OSError:
            continue  # a read-only home: the next place
    raise RuntimeUnavailable(
        "There is no folder for the worker's files: neither the cache folder nor the temporary folder is writable."
    )


def _key(deno: Path) -> str:
    try:
        binary = deno.stat()
    except OSError:
        raise RuntimeUnavailable(f"There is no Deno at {deno}.", hint="pip install --force-reinstall deno") from None
    digest = hashlib.sha256(f"{deno}\0{binary.st_size}\0{binary.st_mtime_ns}\0{Path(command.__file__).read_bytes()!r}".encode())
    for file in sorted(sources().glob("*.ts")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:24]


def _owner() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _ours(folder: Path) -> bool:
    """Whether it is a folder, not a link, and nobody else can have put something into it."""
    if not hasattr(os, "getuid"):
        return True
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def _build(deno: Path, folder: Path) -> HostFiles:
    from mcp_codeexec.runtime.host_build import build  # noqa: PLC0415 - once a machine; what it needs takes longer than the rest

    built = build(deno, sources())
    work = Path(tempfile.mkdtemp(prefix=".build-", dir=folder.parent))
    try:
        for name, text in built.files.items():
            (work / name).write_text(text, "utf-8")
        import_map = command.import_map(command.seen(folder), built.builtins, built.files)
        (work / "import_map.json").write_text(json.dumps(import_map), "utf-8")
        (work / "deno_version").write_text(built.deno, "utf-8")
        work.chmod(0o755)
        try:
            work.rename(folder)
        except OSError:
            if not ((folder / "deno_version").is_file() and _ours(folder)):
                raise
            # else another process was faster: its files are the same
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return HostFiles(folder, built.deno)
