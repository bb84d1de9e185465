"""CodeExecutor: the pipeline of one call, in the order of docs/architecture.md, with its states."""

import asyncio
import itertools
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio

from mcp_codeexec.answers import Outcome
from mcp_codeexec.engine.changes import changes, deleted
from mcp_codeexec.engine.files import Files
from mcp_codeexec.engine.heaps import Heap, Heaps
from mcp_codeexec.engine.outcome import Draft, explained, failed_draft, outcome_of, rejected_draft, run_draft, withheld_fields
from mcp_codeexec.engine.record import record_of, told_code
from mcp_codeexec.engine.wording import fate
from mcp_codeexec.errors import StoreUnavailable, Withheld, WorkerDied
from mcp_codeexec.filtering import FilterPipeline, behind, fit
from mcp_codeexec.language.meant import as_meant
from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.language.validator import CodeValidator, syntax_fault
from mcp_codeexec.logs import event
from mcp_codeexec.model import CodeMetrics, Erased, Kind, Position, Program, RawRun, RunDraft, Stage, SyntaxFault, Verdict
from mcp_codeexec.ports import HostCall
from mcp_codeexec.runtime.executor import DenoExecutor
from mcp_codeexec.runtime.worker import Job
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.sessions.workspace import Workspace
from mcp_codeexec.settings import Settings

log = logging.getLogger(__name__)

_INLINE_CODE = 10_000  # bytes; longer texts are validated in a thread
_PROGRAMS_KEPT = 2_000  # earlier runs whose places an error can still name
_FINISH_S = 5.0


@dataclass(slots=True)
class Execution:
    """One call on its way, as metrics and progress show it."""

    session_id: str
    stage: Stage
    started: float


@dataclass(frozen=True, slots=True)
class _Text:
    """What was submitted, and what history will keep of it."""

    code: str
    told: asyncio.Task[str]
    queue_ms: int


class CodeExecutor:
    """Takes a text through validation, transpiling, the worker, the filter and the store. Lives as long as the engine."""

    def __init__(
        self,
        settings: Settings,
        deno: DenoExecutor,
        heaps: Heaps,
        files: Files,
        filters: FilterPipeline,
        host_calls: Mapping[str, HostCall],
    ) -> None:
        self._settings = settings
        self._deno = deno
        self._heaps = heaps
        self._files = files
        self._filters = filters
        self._host_calls = host_calls
        self._validator = CodeValidator(code_kb=settings.code_kb, string_kb=settings.string_kb, depth=settings.code_depth)
        self._serial = itertools.count(1)
        self.active: dict[int, Execution] = {}
        self._programs: OrderedDict[tuple[str, int], Program] = OrderedDict()

    async def execute(self, session: Session, code: str, timeout_ms: int, on_stage: Callable[[Stage], None] | None) -> Outcome:
        """Run `code` as the session's next run and write it down before the answer leaves.

        A cancelled call ends its run, records it, and then is cancelled.

        Raises:
            Busy: too many calls wait.
            RuntimeUnavailable: no worker can be had; nothing ran.
            StoreUnavailable: the run could not be recorded, and is not kept.
        """
        call, key = Execution(session.id, "queued", time.monotonic()), next(self._serial)
        self.active[key] = call

        def stage(name: Stage) -> None:
            call.stage = name
            run = session.info.runs if name == "done" else session.next_run
            event(log, name, session=session.id, run=run, ms=round((time.monotonic() - call.started) * 1_000, 1))
            if on_stage is not None:
                on_stage(name)

        try:
            stage("queued")
            async with session.turn(), self._deno.place():
                told = asyncio.create_task(told_code(session, code, self._filters))  # filtered while the worker runs
                try:
                    waited = round((time.monotonic() - call.started) * 1_000)
                    return await self._turn(session, _Text(code, told, waited), timeout_ms, stage)
                finally:
                    told.cancel()
        except BaseException:
            call.stage = "error"
            raise
        finally:
            del self.active[key]

    async def _turn(self, session: Session, text: _Text, timeout_ms: int, stage: Callable[[Stage], None]) -> Outcome:
        stage("validating")
        heap = await self._heaps.of(session)
        verdict = await self._check(text.code, heap.names)
        if verdict.violations:
            return await self._finish(session, text, rejected_draft(verdict.violations), heap, stage)
        erased = Erased(text.code) if verdict.plain else await self._deno.erase(as_meant(text.code, heap.names))
        if isinstance(erased, SyntaxFault):
            return await self._finish(session, text, _unparsable(text.code, erased), heap, stage)
        stage("executing")
        draft, heap = await self._run(session, text, erased, timeout_ms, heap, stage)
        if draft.unparsed and verdict.plain:  # V8 says so, and nothing ran: the transpiler knows TypeScript and tells it better
            erased = await self._deno.erase(as_meant(text.code, heap.names))
            if isinstance(erased, Erased):
                draft, heap = await self._run(session, text, erased, timeout_ms, heap, stage)
            elif erased.line:  # else V8 says more
                draft = _unparsable(text.code, erased)
        return await self._finish(session, text, draft, heap, stage)

    async def _check(self, code: str, known: Mapping[str, Kind]) -> Verdict:
        if self._settings.without_validator:
            return Verdict((), (), CodeMetrics(0, 0, 0))
        if len(code) <= _INLINE_CODE:
            return self._validator.check(code, known)
        return await anyio.to_thread.run_sync(self._validator.check, code, known)

    async def _run(
        self, session: Session, text: _Text, erased: Erased, timeout_ms: int, heap: Heap, stage: Callable[[Stage], None]
    ) -> tuple[Draft, Heap]:
        """One run in the session's process, and the heap that it began with."""
        again = bool(heap.names)
        while True:
            program = prepare(erased, text.code, heap.names, behind(erased.text, session.vault))
            workspace = self._files.workspace(session)
            job = Job(session.next_run, program, timeout_ms, heap.names, {**self._host_calls, **workspace.calls()})
            self._remember(session.id, job.run, program)
            try:
                raw = await self._deno.execute(session.id, job)
                return self._ran(session, raw, program, timeout_ms, heap.names, workspace), heap
            except WorkerDied:  # its heap went between our look at it and the run
                if not again:
                    raise
                heap, again = await self._heaps.of(session), False
            except asyncio.CancelledError:
                with anyio.CancelScope(shield=True), anyio.move_on_after(_FINISH_S):
                    stopped = await self._deno.stop(session.id, {**heap.names, **program.names})
                    if stopped is not None:
                        draft = self._ran(session, stopped, program, timeout_ms, heap.names, workspace)
                        await self._finish(session, text, draft, heap, stage)
                raise

    def _ran(
        self, session: Session, raw: RawRun, program: Program, timeout_ms: int, known: Mapping[str, Kind], workspace: Workspace
    ) -> Draft:
        def locate(run: int, line: int, column: int) -> Position | None:
            made = self._programs.get((session.id, run))
            return made.locate(line, column) if made is not None else None

        return run_draft(
            raw,
            session.id,
            session.next_run,
            program,
            {**known, **program.names},
            timeout_ms,
            workspace.changes,
            locate,
            self._settings,
        )

    def _remember(self, session_id: str, run: int, program: Program) -> None:
        self._programs[session_id, run] = program
        while len(self._programs) > _PROGRAMS_KEPT:
            self._programs.popitem(last=False)

    async def _finish(self, session: Session, text: _Text, draft: Draft, heap: Heap, stage: Callable[[Stage], None]) -> Outcome:
        """Filter, fit, record. Nothing reaches a caller or the history around here."""
        stage("filtering")
        run, began = session.next_run, time.time()
        rows, gone = changes(session, draft, heap, run)
        fields = explained(draft, text.code)
        if not draft.heap_kept:
            fields["state"] = "rolled_back"
        elif heap.restored:
            fields["state"] = "restored"
        if gone:
            fields["lost"] = list(gone)
        if more := fate(gone, session.variables, rows):
            fields["hint"] = f"{fields['hint']} {more}" if fields.get("hint") else more
        try:
            cleaned = await self._filters.clean(fields, session.vault)
            outcome = outcome_of(session.id, run, draft.status, cleaned.tree, cleaned.redactions)
        except Withheld as exc:
            event(log, "withheld", level=logging.ERROR, session=session.id, run=run)
            outcome = outcome_of(session.id, run, "withheld", withheld_fields(exc, draft), {})
        answer = fit(outcome, self._settings.answer_chars)
        code = await text.told
        record = record_of(session, draft, outcome, answer, at=began, code=code, queue_ms=text.queue_ms)
        left = tuple(name for name in (*gone, *deleted(draft)) if name in session.variables)
        try:
            await self._heaps.record(session, RunDraft(record, rows, left, session.vault.minted(), draft.files, draft.segments))
        except StoreUnavailable as exc:
            raise StoreUnavailable(f"{exc} This run is not kept: the session is as before it.", hint=exc.hint) from exc
        stage("done")
        return answer


def _unparsable(code: str, fault: SyntaxFault) -> Draft:
    return failed_draft(fault.message, Position(fault.line, fault.column) if fault.line else syntax_fault(code))
