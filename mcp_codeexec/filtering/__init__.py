"""What may reach the model: secrets out, personal data as tokens, then the budget. No state of its own."""

from mcp_codeexec.filtering.budget import fit
from mcp_codeexec.filtering.excerpt import token_around
from mcp_codeexec.filtering.names import NameFinder
from mcp_codeexec.filtering.pipeline import Cleaned, FilterPipeline, Page
from mcp_codeexec.filtering.sample import dumped
from mcp_codeexec.filtering.tokens import NoTokens, behind, redacted_kinds, revealed, revealed_tree

__all__ = [
    "Cleaned",
    "FilterPipeline",
    "NameFinder",
    "NoTokens",
    "Page",
    "behind",
    "dumped",
    "fit",
    "redacted_kinds",
    "revealed",
    "revealed_tree",
    "token_around",
]
