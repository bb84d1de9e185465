"""What a worker process is started with. Apart from Settings, whose fields these are, because a first process starts before pydantic is
imported: for the defaults, in the hope that the settings will not say otherwise."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WorkerOptions:
    """The settings that a process cannot change later; what each means, and its bounds, is said in Settings."""

    deno: Path | None = None
    memory_mb: int = 100
    open_files: int = 24
    console_head_kb: int = 700
    console_tail_kb: int = 300
    strict: bool = False
    without_deno_walls: bool = False
