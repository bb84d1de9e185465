"""Names of people and postal addresses, where the operator chose a model for them."""

from mcp_codeexec.filtering.names.finder import MOST_READ, NameFinder

__all__ = ["MOST_READ", "NameFinder"]
