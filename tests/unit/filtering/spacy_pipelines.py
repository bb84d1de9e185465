"""spaCy pipelines that know what a test tells them, saved to a folder as a trainer would save one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import spacy
from spacy.pipeline import EntityRuler


def saved(folder: Path, patterns: Sequence[Mapping[str, object]]) -> str:
    """The folder of a blank English pipeline whose entities are by these patterns of an `entity_ruler`."""
    pipeline = spacy.blank("en")
    ruler = cast(EntityRuler, pipeline.add_pipe("entity_ruler"))  # pyright: ignore[reportUnknownMemberType]
    ruler.add_patterns([*patterns])  # pyright: ignore[reportUnknownMemberType, reportArgumentType]
    pipeline.to_disk(folder)  # pyright: ignore[reportUnknownMemberType]
    return str(folder)
