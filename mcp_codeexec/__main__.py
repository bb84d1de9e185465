"""`mcp-codeexec` and `python -m mcp_codeexec`."""

import contextlib
import gc
import sys
from threading import Thread

from mcp_codeexec.catalogue import catalogue  # light, as what follows: neither pydantic nor asyncio
from mcp_codeexec.errors import CodeExecError
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.worker_options import WorkerOptions

_OTHER_COMMANDS = {"run", "sessions", "files", "history", "export", "replay", "cleanup", "doctor", "--help", "-h", "--version"}


def main() -> None:
    """The console script."""
    gc.disable()  # collections cost a tenth of the start, and find nothing; the command line enables them
    argv = sys.argv[1:]
    early = None
    if not _OTHER_COMMANDS.intersection(argv):
        Thread(target=_early_catalogue, daemon=True).start()
        early = _early_worker()
    from mcp_codeexec.cli import run  # noqa: PLC0415

    sys.exit(run(argv, early))


def _early_catalogue() -> None:
    """What the first answer waits for longest. Where it fails, the filter tries again, and answers are withheld if that fails too."""
    with contextlib.suppress(Exception):  # a thread would print it, with paths of this machine
        catalogue()


def _early_worker() -> Launcher | None:
    """A first worker for the default settings: it starts while Python imports what takes long."""
    try:
        launcher = Launcher(WorkerOptions())
        launcher.start_early()
    except CodeExecError:  # the settings may name another Deno, and the command line tells what is wrong
        return None
    return launcher


if __name__ == "__main__":
    main()
