"""The engine without MCP: sessions, data in and out, a function of the host's that code may call."""

import anyio

from mcp_codeexec import Engine
from mcp_codeexec.model import Payload
from mcp_codeexec.ports import HostCall
from mcp_codeexec.settings import Settings


async def rate(asked: Payload) -> Payload:
    """What `await host.rate("EUR")` gives in the sandbox."""
    return Payload(data={"EUR": 1.08, "GBP": 1.27}.get(str(asked.data), 1.0))


HOST_CALLS: dict[str, HostCall] = {"rate": rate}


async def main() -> None:
    """Put data in, run a program over it, read the answer."""
    async with Engine(Settings.load({"ephemeral": True}), host_calls=HOST_CALLS) as engine:
        session = await engine.create_session()
        await engine.set_variable(session, "rows", [{"amount": 10, "currency": "EUR"}, {"amount": 5, "currency": "GBP"}])
        out = await engine.execute(
            """
            let dollars = 0;
            for (const row of rows) dollars += row.amount * await host.rate(row.currency);
            dollars.toFixed(2)
            """,
            session,
        )
        print(out.status, out.value)
        table = await engine.get_variable(session)
        print([f"{row.name}: {row.type}" for row in table.variables])


if __name__ == "__main__":
    anyio.run(main)
