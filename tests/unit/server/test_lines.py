"""The transport over real descriptors: every message whole, whatever the other side sends, however slowly it reads."""

import json
import os
from collections.abc import Generator
from pathlib import Path

import anyio
import pytest
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCNotification, JSONRPCRequest

from mcp_codeexec.server.lines import LineSink, LineSource

LIMIT_S = 10
Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Generator[Pipe]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def method(name: str, **params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": name, "params": params}).encode() + b"\n"


def notice(name: str, text: str = "") -> SessionMessage:
    return SessionMessage(JSONRPCNotification(jsonrpc="2.0", method=name, params={"text": text}))


async def messages(source: LineSource) -> list[str]:
    """Methods of what comes, `!` for what is no message."""
    found: list[str] = []
    with anyio.fail_after(LIMIT_S):
        async for item in source:
            message = item.message if isinstance(item, SessionMessage) else None
            found.append(message.method if isinstance(message, JSONRPCRequest) else "!")
    return found


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"", []),
        (method("a") + method("b"), ["a", "b"]),
        (method("a").replace(b"\n", b"\r\n"), ["a"]),
        (b"\n[]\nnot json\n" + method("a"), ["!", "!", "!", "a"]),
        (method("a", text="\xff").replace(b"\\u00ff", b"\xff"), ["a"]),
        (method("a", half="\ud800"), ["a"]),
        (b'{"a": ' * 5_000 + b"\n" + method("a"), ["!", "a"]),
        (method("a") + method("b")[:-1], ["a", "b"]),
    ],
    ids=[
        "nothing",
        "two",
        "carriage returns",
        "no messages",
        "bytes that are no UTF-8",
        "half a pair",
        "nested",
        "no last line end",
    ],
)
async def test_every_line_is_a_message_or_said_to_be_none(pipe: Pipe, sent: bytes, found: list[str]) -> None:
    os.write(pipe[1], sent)
    os.close(pipe[1])
    assert await messages(LineSource(pipe[0])) == found


async def test_a_line_that_comes_in_pieces_is_one_message(pipe: Pipe) -> None:
    line = method("a", text="x" * 300_000)

    async def write() -> None:
        for at in range(0, len(line), 30_000):
            os.write(pipe[1], line[at : at + 30_000])
            await anyio.wait_writable(pipe[1])
        os.close(pipe[1])

    async with anyio.create_task_group() as group:
        group.start_soon(write)
        assert await messages(LineSource(pipe[0])) == ["a"]


async def test_a_plain_file_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_bytes(method("a") + method("b"))
    with path.open("rb") as file:
        assert await messages(LineSource(file.fileno())) == ["a", "b"]


async def test_the_wait_for_a_message_can_be_cancelled(pipe: Pipe) -> None:
    with anyio.fail_after(LIMIT_S):
        async with anyio.create_task_group() as group:
            group.start_soon(LineSource(pipe[0]).receive)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()


async def test_messages_stay_whole_though_the_reader_is_slow_and_a_sender_is_cancelled(pipe: Pipe) -> None:
    broken: list[bool] = []
    sink = LineSink(pipe[1], lambda: broken.append(True))
    received = b""
    with anyio.fail_after(LIMIT_S):
        async with anyio.create_task_group() as senders:
            senders.start_soon(sink.send, notice("long", "x" * 200_000))
            await anyio.wait_all_tasks_blocked()  # the pipe is full
            senders.cancel_scope.cancel()
        async with anyio.create_task_group() as senders:
            for number in range(5):
                senders.start_soon(sink.send, notice(f"n{number}", "y" * 50_000))
            while received.count(b"\n") < 6:
                await anyio.wait_readable(pipe[0])
                received += os.read(pipe[0], 8_192)
    assert [json.loads(line)["method"] for line in received.splitlines()] == ["long", "n0", "n1", "n2", "n3", "n4"]
    assert not broken


async def test_a_reader_that_is_gone_is_told_of(pipe: Pipe) -> None:
    broken: list[bool] = []
    os.close(pipe[0])
    with pytest.raises(anyio.BrokenResourceError):
        await LineSink(pipe[1], lambda: broken.append(True)).send(notice("a"))
    assert broken == [True]


async def test_a_plain_file_is_written_too(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with path.open("wb") as file:
        await LineSink(file.fileno(), lambda: None).send(notice("a", "x" * 100_000))
    assert json.loads(path.read_bytes())["method"] == "a"
