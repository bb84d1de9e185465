"""Launcher: finds Deno, builds what its processes need, and forks them, with every layer of the sandbox on.

Fork from a thread that lives as long as the server (the main thread): the kernel's parent-death signal follows the forking thread.
"""

import contextlib
import json
import subprocess
from collections import deque
from pathlib import Path

from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.runtime import command, host_files
from mcp_codeexec.runtime.layers import Layers
from mcp_codeexec.worker_options import WorkerOptions

KB = 1_024
_HEAP_OF_LIMIT = 0.8  # V8's own heap limit, as a part of the process' memory limit: the error it gives is the better one
_TRANSPILER_MB = 512
WARM = b'\0\0\0\x11\0\0\0\x0d{"op":"warm"}'  # the frame, written out: what encodes frames is not light


class Launcher:
    """Lives as long as the engine. An early process was forked before the engine existed; it is handed out first."""

    def __init__(self, options: WorkerOptions) -> None:
        """Find Deno and prepare its files; blocking, some milliseconds, about a second the first time on a machine.

        Raises:
            RuntimeUnavailable: there is no Deno, it is too old, or it does not answer; or a layer is missing that has to be there.
        """
        self.options = options
        self.deno = options.deno or _installed_deno()
        self.files = host_files.prepare(self.deno)
        self.layers = self._probe(own_maps=False)
        missing = [layer.name for layer in self.layers.report if not layer.active]
        if options.strict and missing:
            self.layers.close()
            raise RuntimeUnavailable(
                f"The sandbox lacks {', '.join(missing)}, and `strict` is set.",
                hint="`mcp-codeexec doctor` says what is missing and why.",
            )
        self._parser_layers = self._probe(own_maps=True)
        bounds = {"head": options.console_head_kb * KB, "tail": options.console_tail_kb * KB, "memory": options.memory_mb}
        worker, heap_mb = self.files.session_worker, int(options.memory_mb * _HEAP_OF_LIMIT)
        if options.without_deno_walls:
            arguments = [json.dumps({**bounds, "walls": False})]
            self._session = command.argv_without_walls(self.deno, worker, heap_mb=heap_mb, arguments=arguments)
        else:
            self._session = command.argv(
                self.deno, worker, self.files.import_map, heap_mb=heap_mb, inspector=True, arguments=[json.dumps(bounds)]
            )
        self._transpiler = command.argv(
            self.deno, self.files.transpiler, self.files.import_map, heap_mb=_TRANSPILER_MB, inspector=False
        )
        self._early: deque[subprocess.Popen[bytes]] = deque()

    def start_early(self) -> None:
        """Fork a first session process now, so that it starts and warms itself while Python imports the rest."""
        popen = self._spawn(self._session, self.layers)
        self._early.append(popen)
        assert popen.stdin is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(BrokenPipeError):  # it is dead: whoever takes it will see
            popen.stdin.write(WARM)

    def session(self) -> subprocess.Popen[bytes]:
        """A process for one session. It warms itself when it is first spoken to."""
        return self._early.popleft() if self._early else self._spawn(self._session, self.layers)

    def transpiler(self) -> subprocess.Popen[bytes]:
        """The process that erases types."""
        return self._spawn(self._transpiler, self._parser_layers)

    def close(self) -> None:
        """End early processes that nobody took, and release what the layers hold."""
        for popen in self._early:
            popen.kill()
            popen.wait()
            for pipe in (popen.stdin, popen.stdout, popen.stderr):
                if pipe is not None:
                    pipe.close()
        self._early.clear()
        self.layers.close()
        self._parser_layers.close()

    def _probe(self, *, own_maps: bool) -> Layers:
        return Layers.probe(
            deno=self.deno,
            readable=[self.files.folder],
            open_files=self.options.open_files,
            memory_mb=self.options.memory_mb,
            own_maps=own_maps,
        )

    def _spawn(self, argv: list[str], layers: Layers) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - our own command
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=command.environment(),
                cwd=self.files.folder,
                start_new_session=True,
                preexec_fn=layers.in_child,  # noqa: PLW1509 - prebuilt system calls only, see layers/
            )
        except (OSError, subprocess.SubprocessError) as exc:
            raise RuntimeUnavailable(f"Deno cannot be started: {exc}.", hint="`mcp-codeexec doctor` says more.") from None


def _installed_deno() -> Path:
    from deno import find_deno_bin  # noqa: PLC0415 - the package is data around a binary: loaded only where it is needed

    try:
        return Path(find_deno_bin())
    except FileNotFoundError:
        raise RuntimeUnavailable(
            "The Deno binary of the `deno` package is missing.", hint="pip install --force-reinstall deno"
        ) from None
