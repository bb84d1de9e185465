"""Kingfisher's catalogue of secrets, once for a process: loading it takes a quarter of a second of another processor's time, and some
seconds the first time on a machine, when it is compiled. So the entry point begins with it."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kingfisher_sdk import Rules

_loading = Lock()
_loaded: "dict[Path | None, Rules]" = {}


def catalogue(cache_dir: Path | None = None) -> "Rules":
    """All rules, of every confidence. `cache_dir` is where they are kept compiled; by default the user's cache folder."""
    with _loading:
        if cache_dir not in _loaded:
            from kingfisher_sdk import Rules  # noqa: PLC0415 - not before the thread that loads

            _loaded[cache_dir] = Rules(confidence="low", cache_dir=cache_dir)
        return _loaded[cache_dir]
