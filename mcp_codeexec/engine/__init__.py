"""The pipeline of one call, and the Python API. The only room that knows the others; loads no `mcp`."""

from mcp_codeexec.engine.engine import MOST, Engine, EngineStatus

__all__ = ["MOST", "Engine", "EngineStatus"]
