"""A session's history run again in a new session, and how it came out: what depends on time, chance or the host shows as a difference."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mcp_codeexec.engine.executor import CodeExecutor
from mcp_codeexec.engine.heaps import Heaps
from mcp_codeexec.engine.history import History, answer_of
from mcp_codeexec.engine.record import WITHHELD, act, is_act
from mcp_codeexec.filtering import FilterPipeline, redacted_kinds, revealed
from mcp_codeexec.language.literals import with_tokens
from mcp_codeexec.model import Record, RunDraft
from mcp_codeexec.ports import SessionStore
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.settings import Settings

_SHOWN, _BEFORE = 120, 20  # characters of a text from where it differs, and before that
_PLACE = re.compile(r"(\brun )\d+(, line \d)")


@dataclass(frozen=True, slots=True)
class Difference:
    """A part that came out otherwise: `status`, `value` or `output`, from a little before its first difference. Filtered."""

    part: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ReplayedRun:
    """One run: where it was run again as `again`, with what differs; else 0, and `skipped` says why it cannot be."""

    run: int
    again: int = 0
    differences: tuple[Difference, ...] = ()
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay: the session that it made, and every run of the old one that its history has."""

    session_id: str
    runs: tuple[ReplayedRun, ...]

    @property
    def different(self) -> bool:
        """Whether any run came out otherwise."""
        return any(run.differences for run in self.runs)


class Replay:
    """Runs histories again. Lives as long as the engine."""

    def __init__(
        self,
        settings: Settings,
        sessions: SessionManager,
        heaps: Heaps,
        store: SessionStore,
        history: History,
        executor: CodeExecutor,
        filters: FilterPipeline,
    ) -> None:
        self._filters = filters
        self._settings = settings
        self._sessions = sessions
        self._heaps = heaps
        self._store = store
        self._history = history
        self._executor = executor

    async def replay(self, old: Session, on_run: Callable[[ReplayedRun], None] | None) -> Replayed:
        """Run what can be run, in a new session. What cannot is noted in its history, so that run numbers stay the same."""
        new = await self._sessions.create()
        runs: list[ReplayedRun] = []
        async for record in self._history.records(old):
            why = _obstacle(record)
            run = await (self._skip(new, record, why) if why else self._again(old, new, record))
            runs.append(run)
            if on_run is not None:
                on_run(run)
        return Replayed(new.id, tuple(runs))

    async def _skip(self, new: Session, record: Record, why: str) -> ReplayedRun:
        async with new.turn():
            skipped = await act(new, f"// run {record.run} was not replayed: {why}", self._filters)
            await self._heaps.record(new, RunDraft(skipped))
        return ReplayedRun(record.run, skipped=why)

    async def _again(self, old: Session, new: Session, record: Record) -> ReplayedRun:
        outcome = await self._executor.execute(new, _code_for(new, record.code, old), self._timeout_ms(record), None)
        after = await self._store.record(new.id, outcome.run)
        if after is None:  # the new history has no room for it any more
            return ReplayedRun(record.run, outcome.run)
        return ReplayedRun(record.run, outcome.run, _differences(old, record, new, after))

    def _timeout_ms(self, record: Record) -> int:
        """The limit of a run that met it; else twice what it took, and the default at least."""
        wanted = record.ms if record.status == "timeout" else max(self._settings.timeout_ms, 2 * record.ms)
        return max(1, min(wanted, self._settings.max_timeout_ms))


def _obstacle(record: Record) -> str:
    """Why a run cannot be run again; empty where it can."""
    if is_act(answer_of(record)):
        return f"the host did it: {record.code}"
    if record.status == "crashed" and not record.code:
        return "its server was stopped in it, before its code was recorded"
    kinds = redacted_kinds(record.code)
    if kinds:
        return f"its code holds {', '.join(f'[REDACTED:{kind}]' for kind in kinds)}, which has no way back"
    return "its code was withheld" if record.code == WITHHELD else ""


def _code_for(new: Session, code: str, old: Session) -> str:
    """Recorded code with the new session's tokens for the values behind the old one's, which its run turns back as any run does.

    A token that is code itself, such as a number's, was a value when it was submitted, and is one again.
    """

    def token(known: str) -> str:
        value = old.vault.reveal(known)
        return known if value is None else new.vault.tokenise(known[1:].rpartition("_")[0], value)

    return with_tokens(code, token, lambda known: old.vault.reveal(known) or known) if "[" in code else code


def _differences(old: Session, before: Record, new: Session, after: Record) -> tuple[Difference, ...]:
    """Compared with the real values behind tokens, which each session has its own of; shown with the tokens."""
    found: list[Difference] = []
    for part in ("status", "value", "output"):
        was, now = str(getattr(before, part)), str(getattr(after, part))
        if _comparable(revealed(was, old.vault)) != _comparable(revealed(now, new.vault)):
            found.append(Difference(part, *_from_first_difference(was, now)))
    return tuple(found)


def _comparable(text: str) -> str:
    """Without the numbers of runs in stack frames: they shift where the oldest runs were trimmed."""
    return _PLACE.sub(r"\1\2", text)


def _from_first_difference(was: str, now: str) -> tuple[str, str]:
    alike = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    begin = max(0, alike - _BEFORE)
    return _shown(was, begin), _shown(now, begin)


def _shown(text: str, begin: int) -> str:
    end = begin + _SHOWN
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
