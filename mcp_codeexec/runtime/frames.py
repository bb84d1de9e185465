"""The wire between us and a Deno process: frames on its stdin and stdout.

    u32 big-endian   bytes that follow
    u32 big-endian   bytes of the header
    header           JSON object, UTF-8, with at least `op`
    blob             the rest, any bytes

The other side is deno_host/frames.ts; tests hold both to the same examples. What comes in is hostile: the first frame that breaks a
rule ends the conversation.
"""

import asyncio
import json
import struct
from collections.abc import Callable, Mapping

from pydantic_core import PydanticSerializationError, from_json, to_json

from mcp_codeexec.model import Json

MB = 1_048_576
_PREFIX = struct.Struct(">II")

OnFrame = Callable[[dict[str, Json], bytes], None]


class BadFrame(ValueError):
    """A frame broke a rule of the wire; the text says which, for the log."""


def encode(header: Mapping[str, object], blob: bytes = b"") -> bytes:
    """One frame. A lone surrogate, which UTF-8 cannot carry, goes as the escape that JSON has for it; NaN and infinities as null.

    Raises:
        TypeError, ValueError, RecursionError: the header is not JSON data.
    """
    try:
        head = to_json(header, inf_nan_mode="null")
    except PydanticSerializationError:
        head = json.dumps(header, allow_nan=False).encode()
    return _PREFIX.pack(4 + len(head) + len(blob), len(head)) + head + blob


class FrameReader:
    """Cuts a stream of bytes into frames. `limit` bounds every header and frame, `call_limit` frames whose `op` is `call`, in bytes.

    Headers stay small because JSON can take twenty times its size once it is read.
    """

    def __init__(self, on_frame: OnFrame, limit: int, call_limit: int) -> None:
        self._on_frame = on_frame
        self._limit = limit
        self._call_limit = max(limit, call_limit)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what arrived and hand on every complete frame. Raises BadFrame; the reader is of no use after that."""
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _PREFIX.size:
            length, head_bytes = _PREFIX.unpack_from(buffer)
            if length > self._call_limit or head_bytes > min(length - 4, self._limit):
                raise BadFrame(f"a frame of {length} bytes with a header of {head_bytes}")
            if len(buffer) < 4 + length:
                return
            body = bytes(memoryview(buffer)[_PREFIX.size : 4 + length])
            del buffer[: 4 + length]
            header = self._header(body[:head_bytes])
            if length > self._limit and header.get("op") != "call":
                raise BadFrame(f"a frame of {length} bytes")
            self._on_frame(header, body[head_bytes:])

    @staticmethod
    def _header(data: bytes) -> dict[str, Json]:
        try:
            header = from_json(data, allow_inf_nan=False)
        except ValueError:
            raise BadFrame("a header that is not JSON") from None
        if not isinstance(header, dict):
            raise BadFrame("a header that is not an object")
        return header  # pyright: ignore[reportUnknownVariableType]


class FramePipe(asyncio.Protocol):
    """A FrameReader on a pipe's read end; `on_end` is called once, with the reason, when the pipe closes or breaks a rule."""

    def __init__(self, reader: FrameReader, on_end: Callable[[str], None]) -> None:
        self._reader = reader
        self._on_end = on_end
        self._ended = False

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        try:
            self._reader.feed(data)
        except BadFrame as exc:
            self._end(str(exc))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("")

    def _end(self, reason: str) -> None:
        if not self._ended:
            self._ended = True
            self._on_end(reason)
