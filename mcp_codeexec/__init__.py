"""Run a model's TypeScript in hardened Deno workers, keep its variables, filter what comes back.

`from mcp_codeexec import Engine` is the Python API; `python -m mcp_codeexec` is the MCP server.
The engine is loaded on first use: the server starts its first worker before it pays for that import.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp_codeexec.engine import Engine

__version__ = "0.1.0"
__all__ = ["Engine", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Engine":
        from mcp_codeexec.engine import Engine  # noqa: PLC0415

        return Engine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
