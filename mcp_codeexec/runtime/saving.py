"""What a worker sends of its session's variables after a run: opaque bytes, piece by piece, and what is known of them."""

from collections.abc import Mapping

from pydantic import ValidationError

from mcp_codeexec.model import Json, Segment
from mcp_codeexec.runtime.wire import SaidSegment

_MOST = 40_000_000  # bytes of one run's pieces: a session may keep 32 MB, and one that was begun may be left


class Saving:
    """Lives as long as one run. `segments` are the variables that came whole, by name."""

    def __init__(self) -> None:
        self.segments: dict[str, Segment] = {}
        self.begun = False
        self._pieces: list[bytes] = []
        self._left = _MOST

    def add(self, header: Mapping[str, Json], blob: bytes) -> bool:
        """Take one frame; False where it is none that a worker may send."""
        self._left -= len(blob)
        if self._left < 0:
            return False
        match header.get("op"):
            case "ended":
                self.begun = True
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

    def _close(self, header: Mapping[str, Json], blob: bytes) -> bool:
        try:
            said = SaidSegment.model_validate(header)
        except ValidationError:
            return False
        data = b"".join([*self._pieces, blob]) if said.kept != "live_only" else b""
        self._pieces.clear()
        self.segments[said.name] = Segment(said.name, said.kept, said.why, said.first, data, dict(said.classes))
        return True
