"""A real MCP client does a small data analysis through the server, over stdio, and prints the conversation as a model reads it.

Run by `make demo`. It also checks what it sees, and fails if anything is not as it should be.
"""

import re
import sys
from typing import Any

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import TextContent

SERVER = StdioServerParameters(command=sys.executable, args=["-m", "mcp_codeexec", "--ephemeral"])

# (what the model wants, tool, arguments, what the answer must say)
CONVERSATION: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "put the data into a variable",
        "execute_code",
        {
            "code": """\
interface Order { sku: string; qty: number; price: number; day: string; buyer: string }
const orders: Order[] = [
  {sku: "tea", qty: 2, price: 9.5, day: "2026-03-02", buyer: "ann@example.com"},
  {sku: "cup", qty: 1, price: 20, day: "2026-03-02", buyer: "bob@example.org"},
  {sku: "tea", qty: 5, price: 9.5, day: "2026-03-03", buyer: "ann@example.com"},
];
orders.length"""
        },
        "value: 3",
    ),
    (
        "sum per product; the types are erased, the variable is still there",
        "execute_code",
        {
            "code": """\
enum Unit { Cent = 100 }
function total(list: Order[]): number { return list.reduce((sum, o) => sum + o.qty * o.price, 0) }
const perSku = Object.fromEntries(Object.entries(Object.groupBy(orders, o => o.sku)).map(([sku, list]) => [sku, total(list!)]));
console.log("in cents:", total(orders) * Unit.Cent);
perSku"""
        },
        '{"tea": 66.5, "cup": 20}',
    ),
    (
        "who buys most? personal data comes back as tokens",
        "execute_code",
        {"code": "Object.entries(Object.groupBy(orders, o => o.buyer)).map(([buyer, list]) => ({ buyer, total: total(list!) }))"},
        "[EMAIL_",
    ),
    (
        "a token in a string is the real value for the code",
        "execute_code",
        {"code": 'orders.filter(o => o.buyer === "[EMAIL_…]").length'},
        "value: 2",
    ),
    (
        "a secret does not come back at all",
        "execute_code",
        {"code": 'const key = ["ghp", "a1B2c3D4e5a1B2c3D4e5a1B2c3D4e5F6g7H8"].join("_");\nconsole.log(`the key is ${key}`)'},
        "the key is [REDACTED:",
    ),
    (
        "a mistake is answered with its place",
        "execute_code",
        {"code": "const first = orders[3];\nfirst.sku.toUpperCase()"},
        "(line 2, column 7)",
    ),
    (
        "a habit from elsewhere is answered with what to write instead",
        "execute_code",
        {"code": "const fs = require('fs');\nprocess.stdout.write('done')"},
        "use console.log instead of process.stdout.write",
    ),
    (
        "an endless loop costs its time, not the session",
        "execute_code",
        {"code": "while (true) {}", "timeout_ms": 300},
        "Variables are kept",
    ),
    (
        "a loop that only a kill can end is undone, and the session goes on as before it",
        "execute_code",
        {"code": "total = null; await null; while (true) {}", "timeout_ms": 300},
        "variables and files are as after run 8",
    ),
    ("in another process", "execute_code", {"code": "total(orders)"}, "brought back"),
    (
        "a large result is cut, and says how to get the rest",
        "execute_code",
        {"code": "const series = Array.from({length: 2000}, (_, i) => ({ i, square: i * i }));\nseries"},
        "rest: value",
    ),
    ("read it in pages", "get_variable", {"name": "series", "offset": 1998}, '[{"i": 1998, "square": 3992004}'),
    ("look at what there is", "get_variable", {}, "orders"),
    ("and at what happened", "session_history", {"limit": 3}, "run 11"),
]


async def main() -> None:
    """Hold the conversation."""
    session: dict[str, Any] = {}
    token = ""
    async with Client(SERVER) as client:
        for wish, tool, planned, expected in CONVERSATION:
            arguments = {**planned, "code": planned["code"].replace("[EMAIL_…]", token)} if "code" in planned else planned
            result = await client.call_tool(tool, {**arguments, **session})
            text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
            structure: dict[str, Any] = result.structured_content or {}
            session = {"session_id": structure["session_id"]}
            token = next(iter(re.findall(r"\[EMAIL_\w+\]", text)), token)
            shown = (
                text
                if len(text) < 1_200
                else f"{text[:500]}\n   [… {len(text) - 800} characters of the answer not printed here …]\n{text[-300:]}"
            )
            code = arguments.get("code", "")
            print(f"\n### {wish}\n> {tool}({', '.join(f'{k}={v!r}' for k, v in arguments.items() if k != 'code')})")
            print("".join(f"> {line}\n" for line in code.splitlines()) + shown)
            if expected not in text:
                sys.exit(f"\nThis should have been in the answer: {expected}")
    print("\nAll as it should be.")


if __name__ == "__main__":
    anyio.run(main)
