"""Clocks and turns that a test holds in its hand."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskStatus

from mcp_codeexec.sessions.session import Session


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def held(one: Session) -> AsyncGenerator[None]:
    """Somebody else has the turn."""
    done = anyio.Event()

    async def hold(*, task_status: TaskStatus[None]) -> None:
        async with one.turn():
            task_status.started()
            await done.wait()

    async with anyio.create_task_group() as group:
        await group.start(hold)
        yield
        done.set()
