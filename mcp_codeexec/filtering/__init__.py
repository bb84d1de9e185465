"""What may reach the model: secrets out, personal data as tokens, then the budget. No state of its own."""

from mcp_codeexec.filtering.budget import fit
from mcp_codeexec.filtering.pipeline import Cleaned, FilterPipeline, Page

__all__ = ["Cleaned", "FilterPipeline", "Page", "fit"]
