"""A process of its own that records runs in a session until it has enough or is killed; it prints each run that was written."""

import sys
from pathlib import Path

import anyio

from mcp_codeexec.model import SessionInfo
from mcp_codeexec.sessions.store import SqliteStore
from tests.unit.sessions.drafts import KEY, draft, token


async def main(path: Path, session_id: str, enough: int) -> None:
    store = SqliteStore(path)
    await store.open()
    info = await store.info(session_id)
    if info is None:
        info = SessionInfo(session_id, "ann", 1.0, 1.0)
        await store.create(info, KEY)
    for run in range(info.runs + 1, info.runs + enough + 1):
        new = token(f"{run:06}", f"user{run}@example.com")
        await store.commit(draft(run, session_id, names=[f"v{run % 10}"], gone=[f"v{(run + 1) % 10}"], tokens=[new]))
        print(run, flush=True)
    await store.close()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
