"""Giving a blank process the variables that were kept of a session: the way back of `saving`."""

import asyncio
from collections.abc import Mapping, Sequence

from mcp_codeexec.model import Segment
from mcp_codeexec.runtime.process import DenoProcess
from mcp_codeexec.runtime.wire import RestoredReply

_WITHIN_S = 10.0
_PIECE = 65_536


async def read_again(process: DenoProcess, segments: Sequence[Segment], texts: Mapping[str, str], **how: object) -> list[str]:
    """The names of those that could not be read. `texts` make classes again, by their sources; `how` is the request's.

    Raises:
        WorkerDied: it did not survive that, or took too long.
    """
    asked = process.begin({"op": "restore", "segments": len(segments), **how})
    process.resume()
    try:
        async with asyncio.timeout(_WITHIN_S):
            for segment in segments:
                await _give(process, segment, texts)
    except TimeoutError:
        process.kill()
    header, _ = await process.reply(asked, _WITHIN_S)
    process.pause()
    return process.checked(RestoredReply, header).lost


async def _give(process: DenoProcess, segment: Segment, texts: Mapping[str, str]) -> None:
    """One variable, in pieces: no more of it waits here than the pipe takes."""
    data = segment.data
    classes = [[number, source, texts[source]] for number, source in segment.classes.items() if source in texts]
    header = {"op": "segment", "name": segment.name, "first": segment.first, "kept": segment.kept, "classes": classes}
    process.send({**header, "bytes": len(data)}, data[:_PIECE])
    for at in range(_PIECE, len(data), _PIECE):
        await process.flow()
        process.send({"op": "piece"}, data[at : at + _PIECE])
