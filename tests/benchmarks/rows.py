"""What a benchmark gives back: figures, each beside its floor and its aim, the plan's targets, and tables of what fits neither."""

from collections.abc import Sequence
from dataclasses import dataclass, field

PLAN = {  # the targets of the plan that this project was begun with, in its order
    "worker warm-up": "100 ms",
    "pool of ten workers, warm": "100 ms",
    "code execution, typical (50 to 100 ms of work)": "500 ms",
    "time-out": "5 s ± 100 ms",
    "memory limit": "100 MB ± 5 MB",
    "disk limit": "10 MB",
    "session look-up": "10 ms",
    "session persistence": "50 ms",
    "output filtering": "100 ms",
    "100 runs one after the other": "no failure, no growth",
    "10,000 runs one after the other": "no failure, no growth",
}


def shown(value: float, unit: str = "ms") -> str:
    """A figure with three digits that mean something."""
    digits = 3 if 0 < abs(value) < 0.1 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f} {unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Row:
    """A figure. Its aim is a bound of the figure (`at_most`) or of its ratio to the floor (`times`); 0 where there is none."""

    what: str
    here: float
    floor: float = 0.0
    beside: str = ""  # what the floor is
    times: float = 0.0
    at_most: float = 0.0
    unit: str = "ms"
    more: str = ""

    @property
    def ratio(self) -> float:
        """0 without a floor."""
        return self.here / self.floor if self.floor else 0.0

    @property
    def met(self) -> bool | None:
        """None without an aim."""
        if self.times:
            return self.ratio <= self.times
        return self.here <= self.at_most if self.at_most else None

    def cells(self) -> tuple[str, ...]:
        """As the table of rows shows it."""
        here = shown(self.here, self.unit) + (f", {self.more}" if self.more else "")
        floor = f"{shown(self.floor, self.unit)}, {self.beside}" if self.floor else ""
        aim = f"{self.times:g} times" if self.times else shown(self.at_most, self.unit) if self.at_most else ""
        return (self.what, here, floor, f"{self.ratio:.2f}" if self.floor else "", aim, VERDICTS[self.met])


VERDICTS = {True: "met", False: "**missed**", None: ""}


@dataclass(frozen=True, slots=True)
class Target:
    """A metric of `PLAN`, what was measured, and whether that is what the plan asks for."""

    metric: str
    measured: str
    met: bool
    how: str

    def cells(self) -> tuple[str, ...]:
        """As the plan's table shows it."""
        return (self.metric, PLAN[self.metric], self.measured, VERDICTS[self.met], self.how)


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of a form of their own."""

    title: str
    about: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Part:
    """All that one benchmark measured."""

    rows: list[Row] = field(default_factory=list[Row])
    targets: list[Target] = field(default_factory=list[Target])
    tables: list[Table] = field(default_factory=list[Table])
