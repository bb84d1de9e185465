"""What a run made of a session's variables: the rows to write, and the names that it has no more."""

from dataclasses import replace

from mcp_codeexec.engine.heaps import Heap
from mcp_codeexec.engine.outcome import Draft
from mcp_codeexec.model import DELETED, Variable
from mcp_codeexec.sessions.session import Session


def deleted(draft: Draft) -> tuple[str, ...]:
    """Names that the run itself took away."""
    return tuple(segment.name for segment in draft.segments if segment.why == DELETED)


def changes(session: Session, draft: Draft, heap: Heap, run: int) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    """Rows of the variables that the run made or changed, or that are kept in another way now; and the names that are gone.

    Gone is what could not be brought back for this run, unless its text makes it anew, and what lived only in a process that died.
    """
    kept = {segment.name: segment for segment in draft.segments if segment.why != DELETED}
    rows: dict[str, Variable] = {}
    for seen in draft.variables:
        why = kept[seen.name].why if seen.name in kept else ""
        rows[seen.name] = Variable(seen.name, draft.kinds.get(seen.name, "global"), seen.type, seen.size, seen.kept, run, why)
    for name, segment in kept.items():
        if name in rows:
            continue
        old = session.variables.get(name)
        if old is None and "." in name:  # no variable, but what became of a built-in: it is lost like one
            old = Variable(name, "global", "built-in", 0, "exact", run)
        if old is None and name in draft.kinds:  # its worker had no time left to describe it
            rows[name] = Variable(name, draft.kinds[name], "not described", 0, segment.kept, run, segment.why)
        elif old is not None and (old.kept, old.why) != (segment.kept, segment.why):
            rows[name] = replace(old, kept=segment.kept, why=segment.why)
    died = () if draft.heap_kept else (v.name for v in session.variables.values() if v.kept == "live_only")
    afresh = {name for name in rows if name in draft.kinds}
    gone = {*heap.lost, *died}.difference(afresh)
    return tuple(rows.values()), tuple(sorted(gone))
