"""The last stage: an outcome, whole and filtered, to one that fits the budget. Pure.

Error first, then value, then output; of what does not fit, the middle goes. Every cut is listed in `truncated` with its true total
and the exact call that fetches the rest. Lengths are characters of what is shown; of plain data that is shown as a sample, entries.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mcp_codeexec.answers import Change, Cut, ErrorInfo, Outcome
from mcp_codeexec.filtering.excerpt import excerpt
from mcp_codeexec.filtering.media import described, has_media
from mcp_codeexec.filtering.sample import ENCODED, PATH, SHAPE, dumped, is_encoded, sample
from mcp_codeexec.model import Json

HEADLINE = 150  # the answer's first line and the labels of its parts
VARIABLES = 20  # entries
SAMPLE = 2_000  # characters of plain data that does not fit as it is
_NAME = 80  # of a type, of an error's name
_CUTTABLE = ("error", "violations", "lost", "variables", "value", "output")
_T = TypeVar("_T")


def weight(outcome: Outcome) -> int:
    """Characters that an outcome takes as text, rounded up: what the budget limits."""
    return _weight(outcome, _plain(outcome))


def _weight(outcome: Outcome, plain: str) -> int:
    return (
        HEADLINE
        + (_error_weight(outcome.error) if outcome.error else 0)
        + sum(map(_error_weight, outcome.violations))
        + len(plain)
        + sum(map(len, (outcome.value_text, outcome.value_type, outcome.output, outcome.hint, outcome.state)))
        + sum(map(_name_weight, outcome.lost))
        + sum(map(_change_weight, outcome.variables))
        + sum(map(_cut_weight, outcome.truncated))
    )


def fit(outcome: Outcome, budget: int) -> Outcome:
    """`outcome` itself if its `weight` is at most `budget` characters and no file is printed in it, else one of which that is true,
    with cuts. What is unset stays unset."""
    plain = _plain(outcome)
    fits = len(outcome.variables) <= VARIABLES and _weight(outcome, plain) <= budget
    if fits and not any(map(has_media, (plain, outcome.value_text, outcome.output))):
        return outcome
    fitting = _Fitting(outcome, budget, plain)
    fitting.cut_error()
    fitting.cut_names()
    fitting.cut_value()
    fitting.cut_output()
    return fitting.result()


def _plain(outcome: Outcome) -> str:
    """The value as JSON, which takes longest of all that is done here; empty where it is no plain data."""
    return dumped(outcome.value) if "value" in outcome.model_fields_set else ""


class _Fitting:
    """One outcome on its way to fit; lives for one call. `left` is the room that no part has taken yet."""

    def __init__(self, outcome: Outcome, budget: int, plain: str) -> None:
        self.whole = outcome
        self.plain = plain
        self.budget = budget
        self.fields: dict[str, Any] = {name: getattr(outcome, name) for name in outcome.model_fields_set}
        self.cuts = {cut.part: cut for cut in outcome.truncated}
        present = [part for part in _CUTTABLE if self.fields.get(part) or (part == "value" and outcome.value_text)]
        possible = {part: self._cut(part, 0, 10**8, self._history(part, 10**8)) for part in present}
        self.left = budget - HEADLINE - len(outcome.state) - sum(map(_cut_weight, (self.cuts | possible).values()))

    def result(self) -> Outcome:
        """The outcome with its cuts, in the order in which the answer has its parts."""
        if self.cuts:
            self.fields["truncated"] = sorted(
                self.cuts.values(), key=lambda cut: _CUTTABLE.index(cut.part) if cut.part in _CUTTABLE else len(_CUTTABLE)
            )
        return Outcome.model_construct(set(self.fields), **self.fields)

    def cut_error(self) -> None:
        """The error, or the violations, to a quarter of the budget."""
        room = min(self.left, self.budget // 4)
        error = self.whole.error
        if error is not None:
            if _error_weight(error) > room:
                error = self._short_error(error, room)
            self.fields["error"] = error
            room -= _error_weight(error)
            self.left -= _error_weight(error)
        if self.whole.violations:
            get = self._history("error", 0)
            self.left -= self._keep_first(
                "violations", self.whole.violations, _error_weight, room=room, most=len(self.whole.violations), get=get
            )

    def cut_names(self) -> None:
        """Hint, type, lost names and variables: short as a rule, and bounded for when they are not."""
        for name, room in (("hint", self.budget // 16), ("value_type", _NAME)):
            if name in self.fields:
                self.fields[name] = _short(self.fields[name], min(room, self.left))
                self.left -= len(self.fields[name])
        table = f'get_variable("{self.whole.session_id}")'
        room = min(self.left, self.budget // 16)
        self.left -= self._keep_first("lost", self.whole.lost, _name_weight, room=room, most=len(self.whole.lost), get=table)
        room = min(self.left, self.budget // 4)
        self.left -= self._keep_first("variables", self.whole.variables, _change_weight, room=room, most=VARIABLES, get=table)

    def cut_value(self) -> None:
        """The value, to all that is left but a quarter for the output."""
        plain = "value" in self.fields
        if not plain and not self.whole.value_text:
            return
        value = self.whole.value
        room = self.left - min(len(self.whole.output), self.left // 4)
        text = self.whole.value_text
        if plain:
            taken = len(self.plain) + len(text)
            if taken <= room and not has_media(self.plain):
                self.left -= taken
                return
            del self.fields["value"]
            if not text and isinstance(value, (list, dict)) and self._sample(value, room if taken <= room else min(room, SAMPLE)):
                return
            room = min(room, ENCODED) if isinstance(value, str) and is_encoded(value) else room
            text = text or (value if isinstance(value, str) else self.plain)
        part = excerpt(shown := described(text), room)
        self.fields["value_text"] = part.text
        self.left -= len(part.text)
        if part.kept < len(text):
            head = part.head if shown == text else 0
            known = self.cuts.get("value")
            get = known.get if known and shown != text else self._history("value", head)
            if plain and not self.whole.value_text and not self.whole.redactions:  # where filtered and raw offsets are the same
                get = f'get_variable("{self.whole.session_id}", "_", offset={_units_in(value, head)})'
            self.cuts["value"] = self._cut("value", part.kept, len(text), get)

    def _sample(self, value: Json, room: int) -> bool:
        """Plain data as a sample, with its shape for a type; False where there is no room for one."""
        part = sample(value, room - SHAPE - 2 * PATH)
        gap = part.gap
        if gap is None or len(part.text) > room - SHAPE - 2 * PATH:
            return False
        told = f"{gap.path}: {gap.shape}" if gap.path else gap.shape
        self.fields.setdefault("value_type", told if len(told) <= SHAPE else told[: SHAPE - 1] + "…")
        self.fields["value_text"] = part.text
        self.left -= len(part.text) + SHAPE + 2 * PATH
        path = f", path={dumped(gap.path)}" if gap.path else ""
        offset = f", offset={gap.offset}" if gap.offset else ""
        get = f'get_variable("{self.whole.session_id}", "_"{path}{offset})'
        self.cuts["value"] = self._cut("value", gap.kept, gap.total, get)
        return True

    def cut_output(self) -> None:
        """The output, to what is left."""
        output = self.whole.output
        if not output:
            return
        part = excerpt(shown := described(output), self.left)
        self.fields["output"] = part.text
        if part.kept < len(output):
            get = self._history("output", part.head if shown == output else 0)
            self.cuts["output"] = self._cut("output", part.kept, len(output), get)

    def _short_error(self, error: ErrorInfo, room: int) -> ErrorInfo:
        fields: dict[str, Any] = {name: getattr(error, name) for name in error.model_fields_set}
        fields["name"] = _short(error.name, min(_NAME, room // 4))
        if error.rule:
            fields["rule"] = _short(error.rule, min(_NAME, room // 8))
        room = max(0, room - _error_weight(ErrorInfo(name=fields["name"], message="", rule=fields.get("rule", ""))))
        message = excerpt(error.message, room - min(len(error.stack), room // 3))
        fields["message"] = message.text
        kept, total = message.kept, len(error.message) + len(error.stack)
        if error.stack:
            stack = excerpt(error.stack, room - len(message.text))
            fields["stack"] = stack.text
            kept += stack.kept
        if kept < total:
            self.cuts["error"] = self._cut("error", kept, total, self._history("error", message.head))
        return ErrorInfo.model_construct(set(fields), **fields)

    def _keep_first(self, part: str, entries: Sequence[_T], weigh: Callable[[_T], int], *, room: int, most: int, get: str) -> int:
        """Keep the first entries of a list that fit, leave out those too large; what they take together."""
        kept: list[_T] = []
        taken = 0
        for entry in entries:
            if len(kept) < most and taken + weigh(entry) <= room:
                kept.append(entry)
                taken += weigh(entry)
        if len(kept) < len(entries):
            self.fields[part] = kept
            self.cuts[part] = self._cut(part, len(kept), len(entries), get)
        return taken

    def _history(self, part: str, offset: int) -> str:
        return f'session_history("{self.whole.session_id}", run={self.whole.run}, part="{part}", offset={offset})'

    def _cut(self, part: str, kept: int, total: int, get: str) -> Cut:
        """A cut; a total that is already known to be larger (the worker cut first) stands."""
        known = self.cuts.get(part)
        return Cut(part=part, kept=kept, total=max(total, known.total) if known else total, get=get)


def _units_in(value: Json, characters: int) -> int:
    """What `get_variable` counts of a string whose first `characters` are shown: UTF-16 units. Of other data nothing whole is shown."""
    return len(value[:characters].encode("utf-16-le", "surrogatepass")) // 2 if isinstance(value, str) else 0


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(0, room - 1)] + "…"[: max(0, room)]


def _error_weight(error: ErrorInfo) -> int:
    return len(error.name) + len(error.message) + len(error.stack) + len(error.rule) + 40  # `line 12, column 7` and marks


def _name_weight(name: str) -> int:
    return len(name) + 2


def _change_weight(change: Change) -> int:
    return len(change.name) + len(change.type) + len(change.preview) + 6


def _cut_weight(cut: Cut) -> int:
    return len(cut.part) + len(cut.get) + 30  # `3000 of 41203`
