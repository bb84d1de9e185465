"""The programs that every peer is given, in the language that it runs."""

from collections.abc import Callable
from dataclasses import dataclass

X = 424_242  # what the probes look for again
SIZE = 10_000_000
KEY = "AKIA" + "Z7QX3N5R2LKD4WJP"  # of the form of an AWS key id; nobody's
ADDRESS = "ann.lee" + "@" + "northwind-trading.com"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One language's way of saying them. `sum` has the value n + 100,000."""

    language: str
    sum: Callable[[int], str]
    set_x: str
    get_x: str
    loop: str
    hungry: str
    large: str
    secret: str


TYPESCRIPT = Dialect(
    language="TypeScript",
    sum=lambda n: f"{n} + 100_000",
    set_x=f"let x = {X}",
    get_x="x",
    loop="for (;;) {}",
    hungry="const all = []; for (let i = 0;; i++) all.push({ i })",
    large=f"'x'.repeat({SIZE})",
    secret=f"'the key is {KEY}, ask {ADDRESS}'",
)
MONTY = Dialect(
    language="a subset of Python",
    sum=lambda n: f"return {n} + 100_000",
    set_x=f"x = {X}",
    get_x="return x",
    loop="while True:\n    pass",
    hungry="rows = []\nwhile True:\n    rows.append([1, 2, 3])",
    large=f"return 'x' * {SIZE}",
    secret=f"return 'the key is {KEY}, ask {ADDRESS}'",
)
MONTY_SESSION = Dialect(  # the last expression is the value
    language=MONTY.language,
    sum=lambda n: f"{n} + 100_000",
    set_x=MONTY.set_x,
    get_x="x",
    loop=MONTY.loop,
    hungry=MONTY.hungry,
    large=f"'x' * {SIZE}",
    secret=f"'the key is {KEY}, ask {ADDRESS}'",
)
