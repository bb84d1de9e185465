"""A run whose worker had no time left to describe what came of it: the answer says so, and its variables are known all the same."""

from mcp_codeexec.engine.changes import changes
from mcp_codeexec.engine.heaps import Heap
from mcp_codeexec.engine.outcome import run_draft
from mcp_codeexec.model import Kind, Program, RawError, RawRun, Segment
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.retention import Retention
from mcp_codeexec.sessions.store import SqliteStore
from mcp_codeexec.settings import Settings

KINDS: dict[str, Kind] = {"n": "let", "f": "function"}
RAW = RawRun(
    "ok",
    error=RawError("Undescribed", "the value took too long to describe"),
    segments=(Segment("n", "exact"), Segment("f", "live_only", "a closure"), Segment("_", "exact")),
)


async def test_a_value_and_variables_that_nobody_described_are_told_of() -> None:
    store = SqliteStore(None)
    await store.open()
    session = await SessionManager(store, "ann", Retention(1_000), 1).create()
    program = Program("", "", KINDS, frozenset(KINDS), lambda line, column: None)
    draft = run_draft(RAW, session.id, 1, program, KINDS, 5_000, (), lambda run, line, column: None, Settings.load({}))
    assert draft.fields["hint"] == f'The value took too long to be shown. get_variable("{session.id}", "_") reads it in pages.'
    rows, gone = changes(session, draft, Heap({}), 1)
    assert [(row.name, row.kind, row.type, row.kept, row.why) for row in rows] == [
        ("n", "let", "not described", "exact", ""),
        ("f", "function", "not described", "live_only", "a closure"),
    ]
    assert gone == ()
    await store.close()
