"""`mcp-codeexec` and `python -m mcp_codeexec`."""

import gc
import sys


def main() -> None:
    """The console script."""
    gc.disable()  # collections cost a tenth of the start, and find nothing; the command line enables them
    from mcp_codeexec.cli import run  # noqa: PLC0415

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
