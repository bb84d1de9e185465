# pyright: basic, reportMissingImports=false
"""A session of Monty, by its Python library with its defaults."""

import asyncio
import contextlib

from bridge import Bridge
from pydantic_monty import AsyncMonty


class Session:
    """One session of a pool."""

    def __init__(self) -> None:
        self.stack = contextlib.AsyncExitStack()
        self.running: asyncio.Task[str] | None = None

    async def start(self) -> None:
        pool = await self.stack.enter_async_context(AsyncMonty())
        self.session = await self.stack.enter_async_context(pool.checkout())

    async def run(self, code: str) -> str:
        self.running = asyncio.create_task(self.said(code))
        return await self.running

    async def said(self, code: str) -> str:
        try:
            return repr(await self.session.feed_run(code))
        except asyncio.CancelledError:
            return "cancelled"
        except Exception as exc:  # its errors have no common base that is told of; each is an answer here
            return f"{type(exc).__name__}: {exc}"

    async def interrupt(self) -> None:
        if self.running is not None:
            self.running.cancel()

    async def stop(self) -> None:
        await self.stack.aclose()


if __name__ == "__main__":
    asyncio.run(Bridge(Session()).serve())
