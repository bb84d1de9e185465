"""Programs that make variables, and expressions that tell whether these are the same after they were kept and brought back.

`§` in a row stands for something that makes its names its own, so that many rows share a session.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`kept` is `name:how` of the variables that matter; `probes` are evaluated alive and brought back."""

    title: str
    program: str
    kept: str
    probes: tuple[str, ...]


def row(title: str, program: str, kept: str, *probes: str) -> Row:
    return Row(title, program, kept, probes)
