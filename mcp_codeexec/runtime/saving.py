"""What a worker sends of its session's variables after a run: opaque bytes, piece by piece, and what is known of them."""

import asyncio
from collections.abc import Mapping

from pydantic import ValidationError

from mcp_codeexec.model import Json, Segment
from mcp_codeexec.runtime.wire import SaidSegment

FORMAT = 1  # of the bytes: deno_host/snapshot_format.ts
_MOST = 45_000_000  # bytes held of one run: a session may keep 32 MB, and a value that is then left may have 8 MB
_FRAME = 400  # bytes that a frame takes here, whatever is in it
_CLASS = 100  # and the source of a class


class Saving:
    """Lives as long as one run. `ended` is done when the run itself is over, `segments` are the variables that came whole, by
    name; `format` is what they say of themselves."""

    def __init__(self, format_: str) -> None:
        self._format = format_
        self.segments: dict[str, Segment] = {}
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pieces: list[bytes] = []
        self._left = _MOST

    @property
    def begun(self) -> bool:
        """Whether the run itself is over."""
        return self.ended.done()

    def add(self, header: Mapping[str, Json], blob: bytes) -> bool:
        """Take one frame; False where it is none that a worker may send."""
        if not self._has_room(_FRAME + len(blob)):
            return False
        match header.get("op"):
            case "ended":
                if not self.begun:
                    self.ended.set_result(None)
            case "piece":
                self._pieces.append(blob)
            case "segment":
                return self._close(header, blob)
            case "again":  # it had to learn something first
                self.segments.clear()
                self._pieces.clear()
                self._left = _MOST
            case _:
                return False
        return True

    def _has_room(self, size: int) -> bool:
        self._left -= size
        return self._left >= 0

    def _close(self, header: Mapping[str, Json], blob: bytes) -> bool:
        try:
            said = SaidSegment.model_validate(header)
        except ValidationError:
            return False
        if not self._has_room(sum(_CLASS + len(source) for _, source in said.classes)):
            return False
        if said.kept == "live_only":
            data, self._left = b"", self._left + len(blob) + sum(map(len, self._pieces))
        else:
            data = b"".join([*self._pieces, blob])
        self._pieces.clear()
        self.segments[said.name] = Segment(said.name, said.kept, said.why, said.first, data, dict(said.classes), self._format)
        return True


def format_of(deno_version: str) -> str:
    """What a segment says of the program that wrote it."""
    return f"{FORMAT} deno {deno_version}"


def is_readable(segment: Segment) -> bool:
    """Whether our workers know its words. Another Deno may still lack what it names: then that variable cannot be read."""
    return segment.format.split(" ", 1)[0] == str(FORMAT)
