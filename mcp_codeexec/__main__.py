"""`mcp-codeexec` and `python -m mcp_codeexec`."""

import sys

from mcp_codeexec.cli import run


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
