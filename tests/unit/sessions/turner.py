"""A process of its own that takes turns in a session; it prints each run, or that it holds the session and goes no further."""

import sys
import time
from pathlib import Path

import anyio

from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.retention import Retention
from mcp_codeexec.sessions.store import SqliteStore
from tests.unit.sessions.drafts import draft

DAY = 86_400.0


async def main(path: Path, session_id: str, enough: int) -> None:
    store = SqliteStore(path)
    await store.open()
    manager = SessionManager(store, "ann", Retention(7 * DAY), 8)
    one = await manager.get(session_id)
    for _ in range(enough):
        async with one.turn():
            await manager.record(one, draft(one.next_run, session_id, time.time(), names=[f"v{one.next_run}"]))
            print(one.info.runs, flush=True)
    if not enough:
        async with one.turn():
            print("holds", flush=True)
            await anyio.sleep_forever()
    await store.close()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
