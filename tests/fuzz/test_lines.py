"""Any lines before a request over real stdio: the request is answered."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.profile import examples
from tests.integration.stdio import handshake_line, raw_server


def message(**fields: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **fields}).encode()


DRAWN = examples(100, 2_000)
CALL = {"name": "execute_code", "arguments": {"code": "1 + 1"}, "_meta": {"progressToken": 5}}
VALID = [
    handshake_line().rstrip(),
    message(id=77_777, method="ping"),
    message(id=77_777, method="tools/list", params={"cursor": None}),
    message(id="a", method="tools/call", params=CALL),
    message(method="notifications/cancelled", params={"requestId": 77_777, "reason": "é"}),
    message(id=77_777, result={"tools": []}),
    message(id=None, error={"code": -1, "message": "m", "data": [1.5, True, None]}),
]
PIECES = b'{ } [ ] " \\ \\ud800 , : null - 1e999 99999999999999999999999999 \xff \xc3 \0 \r'.split(b" ")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with bytes changed, taken out, put in, or at another place."""
    line = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 3))):
        at, end = sorted((draw(st.integers(0, len(line))), draw(st.integers(0, len(line)))))
        more = draw(st.sampled_from(PIECES) | st.binary(max_size=4))
        line[at : draw(st.sampled_from([at, at + 1, end]))] = more
    return bytes(line)


noise = st.one_of(
    damaged(),
    st.binary(max_size=80),
    st.text(max_size=80).map(str.encode),
    st.sampled_from(
        [b"{}", b"[]", b"null", b"\xff\xfe", b" ", *(b"[%s]" % line for line in VALID), *(b"[" * n for n in (50, 5_000))]
    ),
)


def drawn() -> list[bytes]:
    """Lines, without line ends in them, and without a second handshake, which is another matter."""
    lines: list[bytes] = []

    @DRAWN
    @given(noise)
    def collect(line: bytes) -> None:
        lines.append(re.sub(rb"\n|initialize", b"", line))

    collect()
    return lines


async def test_what_is_no_request_costs_no_request() -> None:
    lines = drawn()
    assert len(lines) > DRAWN.max_examples // 2
    async with raw_server() as server:
        await server.initialize()
        assert server.process.stdin is not None
        for number, line in enumerate(lines):
            await server.process.stdin.send(line + b"\n")
            if number % 10 == 9:
                await server.send(id=number, method="ping")
                assert (await server.answer(number))["result"] == {}
        await server.execute(100_000, "1 + 1")
        assert (await server.answer(100_000))["result"]["structuredContent"]["value"] == 2
