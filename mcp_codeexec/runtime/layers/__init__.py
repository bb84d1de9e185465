"""Kernel layers: what Linux lets a process give up without being root, so that even a broken Deno harms nothing.

    probe          in the server, once: find out what this kernel has, build all that a child needs
    in_child       in every worker, between fork and exec: take it all on, or die
    limit_memory   from outside, on a worker that is warm

`limits`, `privileges`, `landlock` and `seccomp` hold the layers and can each be read alone; `kernel` and `syscalls` are their
tools. On other systems the module loads, and every layer reports that it is missing.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from mcp_codeexec.runtime.layers import limits, privileges
from mcp_codeexec.runtime.layers.landlock import Ruleset
from mcp_codeexec.runtime.layers.seccomp import Filter

LayerName = Literal["no_new_privs", "parent_death_signal", "landlock", "rlimits", "seccomp", "memory_limit"]

LAYER_FAILED = 119
"""Exit status of a worker that could not take a layer on; its stderr names the layer."""

_Step: TypeAlias = Callable[[], None]
_NAMES: tuple[LayerName, ...] = get_args(LayerName)

_WITHOUT: dict[LayerName, str] = {
    "rlimits": "a worker can open any number of files and dump core",
    "no_new_privs": "a broken Deno could use set-user-ID programs, and root's powers",
    "parent_death_signal": "workers outlive a server that is killed",
    "landlock": "a broken Deno could read this user's files",
    "seccomp": "a broken Deno could use the network and start programs",
    "memory_limit": "the kernel does not limit a worker's memory",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as found: `detail` says what holds, or why it is missing and what that means."""

    name: LayerName
    active: bool
    detail: str


@dataclass(frozen=True, slots=True)
class _Ready:
    """A layer that this kernel has: what the child does, and what the server gives back in the end."""

    detail: str
    step: _Step | None = None
    close: _Step | None = None


class Layers:
    """The layers of one server process, from `probe` until `close`. Holds one file descriptor.

    Workers must be children of the process that probed, and be started from a thread that lives as long as they should: the kernel
    ends them with it. Their stdin, stdout and stderr must be pipes or /dev/null, since files cannot be written to. They inherit no
    other descriptor: `pass_fds` has no effect.
    """

    def __init__(self, found: Sequence[tuple[LayerName, "_Ready | OSError"]], memory_mb: int) -> None:
        self.report = tuple(
            Layer(name, True, ready.detail)
            if isinstance(ready, _Ready)
            else Layer(name, False, f"{ready.strerror}; without it {_WITHOUT[name]}")
            for name, ready in found
        )
        ready = [(name, ready) for name, ready in found if isinstance(ready, _Ready)]
        self._steps = [(f"sandbox: {name} failed\n".encode(), layer.step) for name, layer in ready if layer.step]
        self._closes = [layer.close for _, layer in ready if layer.close]
        self._memory_mb = memory_mb if any(name == "memory_limit" for name, _ in ready) else None

    @classmethod
    def probe(
        cls,
        *,
        deno: Path,
        readable: Sequence[Path],
        open_files: int,
        memory_mb: int,
        only: frozenset[LayerName] | None = None,
        own_maps: bool = False,
    ) -> "Layers":
        """Ask the kernel for each layer, and build what the children will need.

        Args:
            deno: the one program that a worker may execute; it may read it too.
            readable: files and folders that workers may read, besides the system's libraries.
            open_files: file descriptors of a worker; Deno itself needs 14.
            memory_mb: resident memory of a worker, in MB.
            only: layers to use, for tests; Landlock and seccomp bring no_new_privs, without which the kernel refuses them.
            own_maps: for processes that parse TypeScript, which must read their own /proc/self/maps (landlock.py).
        """
        wanted = set(_NAMES if only is None else only)
        if wanted & {"landlock", "seccomp"}:
            wanted.add("no_new_privs")

        def landlock() -> _Ready:
            rules = Ruleset(program=deno, readable=readable, own_maps=own_maps)
            return _Ready(f"ABI {rules.abi}", rules.enforce, rules.close)

        def seccomp() -> _Ready:
            program = Filter()
            return _Ready(f"{program.refused} system calls refused", program.install)

        # In the child's order: Landlock and seccomp need no_new_privs; Landlock may open a file, which a server with many open ones
        # leaves no room for under the limit of open files; seccomp refuses some of what comes before it.
        prepare: dict[LayerName, Callable[[], _Ready]] = {
            "no_new_privs": lambda: _Ready("no capabilities", privileges.no_new_privileges()),
            "parent_death_signal": lambda: _Ready("killed with the server", privileges.die_with_server()),
            "landlock": landlock,
            "rlimits": lambda: _Ready(f"{open_files} open files", limits.starting_limits(open_files)),
            "seccomp": seccomp,
            "memory_limit": lambda: _Ready(f"{memory_mb} MB", limits.probe_memory_limit()),
        }
        return cls(
            [(name, _try(make) if name in wanted else OSError(0, "switched off")) for name, make in prepare.items()], memory_mb
        )

    def in_child(self) -> None:
        """Take every active layer on: the `preexec_fn` of a worker. Whatever goes wrong, the child ends with `LAYER_FAILED`.

        All that it needs was built by `probe`, so that it neither imports nor locks nor logs: the threads that hold the server's
        locks do not exist in the child.
        """
        for complaint, step in self._steps:
            try:
                step()
            except BaseException:  # nobody is left to handle it, and running on unprotected is the one wrong way out
                try:
                    os.write(2, complaint)
                finally:
                    os._exit(LAYER_FAILED)

    @property
    def limits_memory(self) -> bool:
        """Whether the kernel holds the memory limit."""
        return self._memory_mb is not None

    def limit_memory(self, pid: int) -> None:
        """Limit the memory of a worker that is warm and idle; does nothing where the layer is missing.

        Raises:
            WorkerDied: the worker is gone.
            RuntimeUnavailable: it takes all of its memory already, or may not be limited.
        """
        if self._memory_mb is not None:
            limits.limit_memory(pid, self._memory_mb)

    def close(self) -> None:
        """Give the descriptor back; no worker can be started after it. Safe to call twice."""
        for close in self._closes:
            close()


def _try(make: Callable[[], _Ready]) -> _Ready | OSError:
    try:
        return make()
    except OSError as exc:
        return exc
