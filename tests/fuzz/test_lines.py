"""Any lines before a request over real stdio: the request is answered."""

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.profile import LONG, fuzzed
from tests.integration.stdio import handshake_line, raw_server

noise = st.one_of(
    st.binary(max_size=80),
    st.text(max_size=80).map(str.encode),
    st.tuples(st.integers(0, 200), st.binary(max_size=3)).map(lambda cut: handshake_line()[: cut[0]] + cut[1]),
    st.sampled_from(
        [b"{}", b"[]", b"null", b'{"jsonrpc":"2.0"}', b'{"jsonrpc":"2.0","id":null,"method":"ping"}', b"\xff\xfe", b" "]
    ),
)


async def test_what_is_no_request_costs_no_request() -> None:
    async with raw_server() as server:
        await server.initialize()
        assert server.process.stdin is not None
        lines: list[bytes] = []

        @fuzzed
        @given(noise)
        def collect(line: bytes) -> None:
            lines.append(line.replace(b"\n", b"").replace(b"initialize", b"initial"))

        collect()
        assert len(lines) >= (1_000 if LONG else 30)
        for request in range(1, 6):
            for line in lines[request::5]:
                await server.process.stdin.send(line + b"\n")
            await server.send(id=request, method="ping")
            assert (await server.answer(request))["result"] == {}
        await server.execute(9, "1 + 1")
        assert (await server.answer(9))["result"]["structuredContent"]["value"] == 2
