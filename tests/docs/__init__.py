"""The documentation, held to the code: pages that are made from it, and examples that run."""
