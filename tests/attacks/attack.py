"""The shape of a hostile program and of what is safe. A program tells how its try went, so that a test sees that it really tried."""

from dataclasses import dataclass

RULED, UNRULED, UNWALLED = "the full stack", "without the validator", "without Deno's walls"
WAYS = (RULED, UNRULED, UNWALLED)

_TRY = "await (async () => { %body })().then((v) => `done: ${String(v)}`, (e) => `${e?.name}: ${e?.message ?? e}`)"


@dataclass(frozen=True, slots=True)
class Attack:
    """One program, and the safe outcome of each way that it is run; None where a way claims nothing about it.

    An outcome is the id of the rule that refuses the text; `status: …`; `= …`, the JSON of a value; or a pattern for what the try came
    to: `done: …`, `ErrorName: message`, or the value as printed. `before` are earlier runs; a `plain` program is run as it is.
    """

    name: str
    body: str
    ruled: str
    unruled: str | None
    unwalled: str | None = None
    before: tuple[str, ...] = ()
    plain: bool = False
    timeout_ms: int = 5_000

    @property
    def text(self) -> str:
        return self.body if self.plain else _TRY.replace("%body", self.body)

    def expected(self, way: str) -> str | None:
        return {RULED: self.ruled, UNRULED: self.unruled, UNWALLED: self.unwalled}[way]
