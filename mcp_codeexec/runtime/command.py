"""The command line, environment and import map of a Deno process of ours: pure functions, so that what a worker may do can be read,
and tested, in one place. Sources of the facts: Deno's security documentation, and measurements told in docs/.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

DENIED = ("read", "write", "net", "env", "run", "ffi", "import")
_MAPPED_AWAY = "data:text/javascript,throw%20new%20Error(%22imports%20are%20disabled%22)"

# Which module of the host side may import which builtin; nothing else may import any.
BUILTINS_OF: Mapping[str, tuple[str, ...]] = {"evaluate.js": ("node:inspector",), "transpiler.js": ("node:module",)}

ENTRIES = ("session_worker.js", "transpiler.js")  # the map applies to these too when they are started; they export nothing


def seen(folder: Path) -> Path:
    """What a process that works in `folder` calls it: a name that tells nothing of the host. V8 prints it in some stacks (thrown.ts)."""
    return Path("/proc/self/cwd") if sys.platform == "linux" else folder


def argv(deno: Path, script: Path, import_map: Path, *, heap_mb: int, inspector: bool, arguments: Iterable[str] = ()) -> list[str]:
    """The command of one process: every permission denied (the session worker revokes `inspector` once it is connected), nothing
    fetched, nothing cached, code from strings refused by V8 itself, regular expressions with a linear-time fallback."""
    flags = [
        f"--max-heap-size={heap_mb}",
        "--optimize-for-size",  # of the young generation: it is not slower, and leaves more to the session
        "--expose-gc",  # to the host side alone: deno_host/memory.ts
        "--disallow-code-generation-from-strings",
        "--enable-experimental-regexp-engine-on-excessive-backtracks",
    ]
    return [
        str(deno),
        "run",
        *("--no-prompt", "--no-remote", "--no-npm", "--cached-only", "--no-config", "--no-lock", "--no-code-cache"),
        *(f"--deny-{permission}" for permission in DENIED),
        "--allow-sys=inspector" if inspector else "--deny-sys",
        f"--import-map={import_map}",
        f"--v8-flags={','.join(flags)}",
        str(script),
        *arguments,
    ]


def argv_without_walls(deno: Path, script: Path, *, heap_mb: int, arguments: Iterable[str]) -> list[str]:
    """The same with none of Deno's own walls: for tests of the layers around it."""
    return [
        str(deno),
        "run",
        "--no-prompt",
        "--no-config",
        "--no-lock",
        "--allow-all",
        f"--v8-flags=--max-heap-size={heap_mb},--optimize-for-size,--expose-gc",
        str(script),
        *arguments,
    ]


def environment() -> dict[str, str]:
    """Nothing of ours but what Deno needs to hear: no cache, no home, no colours, no update check, UTC."""
    return {
        "DENO_DIR": "/proc/none",  # nobody, root included, can make it
        "DENO_EMIT_CACHE_MODE": "disable",
        "DENO_NO_UPDATE_CHECK": "1",
        "HOME": "/proc/none",
        "NO_COLOR": "1",
        "MALLOC_ARENA_MAX": "1",  # memory that a thread has freed serves the others: 2 to 4 MB of 100
        "TZ": "UTC",
    }


def import_map(folder: Path, builtins: Iterable[str], files: Iterable[str]) -> dict[str, dict[str, object]]:
    """Every builtin of Deno, with and without `node:`, and every host file mapped to a module that throws: a session that knew where
    they are could import what is loaded already. Only host files may import one another, and the builtins that they need."""
    names = sorted({name.removeprefix("node:") for name in builtins})
    own = [(folder / file).as_uri() for file in sorted(files) if file not in ENTRIES]
    needed = {(folder / file).as_uri(): {name: name for name in allowed} for file, allowed in BUILTINS_OF.items()}
    return {
        "imports": dict.fromkeys([prefix + name for name in names for prefix in ("", "node:")] + own, _MAPPED_AWAY),
        "scopes": {folder.as_uri() + "/": {file: file for file in own}, **needed},
    }
