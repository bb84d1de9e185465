"""Shapes to database rows and back."""

import json
from collections.abc import Mapping
from typing import Any, cast

from mcp_codeexec.errors import BadArguments
from mcp_codeexec.model import HEAD_CHARS, Json, Kept, Kind, Record, RunHead, Segment, SessionInfo, Status, Variable, VaultRow

Row = tuple[Any, ...]
HEAD_BYTES = 4 * HEAD_CHARS


def packed(text: str) -> str | bytes:
    """`text` for a column: itself, or bytes where it holds lone surrogates, which SQLite's text cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unpacked(column: str | bytes) -> str:
    """The text that was packed."""
    return column if isinstance(column, str) else column.decode("utf-8", "surrogatepass")


def unpacked_head(column: str | bytes) -> str:
    """The first `HEAD_CHARS` characters of the text of which at least `HEAD_BYTES` characters or bytes are given, if it has them."""
    if isinstance(column, str):
        return column[:HEAD_CHARS]
    for end in range(len(column), -1, -1):  # the cut may have split a last character, of at most four bytes
        try:
            return column[:end].decode("utf-8", "surrogatepass")[:HEAD_CHARS]
        except UnicodeDecodeError:
            continue
    return ""


def json_text(what: str, data: Mapping[str, Json]) -> str:
    """`data` as JSON text. Raises BadArguments, naming `what`, where it is not plain JSON."""
    try:
        return json.dumps(dict(data), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as exc:
        raise BadArguments(f"{what} is not plain JSON data: {exc}") from None


def session_row(info: SessionInfo) -> Row:
    return (
        info.session_id,
        packed(info.owner),
        info.created,
        info.last_used,
        info.runs,
        info.variables,
        json_text("metadata", info.metadata),
        json_text("tool_state", info.tool_state),
    )


def session_info(row: Row) -> SessionInfo:
    session_id, owner, created, last_used, runs, variables, metadata, tool_state = row
    return SessionInfo(
        session_id, unpacked(owner), created, last_used, runs, variables, json.loads(metadata), json.loads(tool_state)
    )


def record_row(record: Record) -> Row:
    texts = (record.code, record.answer, record.output, record.value, record.error)
    return record.session_id, record.run, record.at, record.status, record.ms, *map(packed, texts)


def record(row: Row) -> Record:
    session_id, run, at, status, ms, *texts = row
    return Record(session_id, run, at, cast(Status, status), ms, *map(unpacked, texts))


def record_size(row: Row) -> int:
    """Bytes that the texts of a record's row take: what the bound of a session's history counts."""
    return sum(len(text) if isinstance(text, bytes) or text.isascii() else len(text.encode()) for text in row[5:])


def run_head(row: Row) -> RunHead:
    run, at, status, ms, code, value = row
    return RunHead(run, at, cast(Status, status), ms, unpacked_head(code), unpacked_head(value))


def variable_row(variable: Variable) -> Row:
    return packed(variable.name), variable.kind, packed(variable.type), variable.size, variable.kept, variable.run, variable.why


def variable(row: Row) -> Variable:
    name, kind, type_, size, kept, run, why = row
    return Variable(unpacked(name), cast(Kind, kind), unpacked(type_), size, cast(Kept, kept), run, why)


def segment_row(segment: Segment) -> Row:
    classes = packed(json.dumps(segment.classes, ensure_ascii=False))
    return packed(segment.name), segment.kept, segment.first, segment.format, classes, segment.data


def segment(row: Row) -> Segment:
    name, kept, first, format_, classes, data = row
    sources = {int(number): source for number, source in json.loads(unpacked(classes)).items()}
    return Segment(unpacked(name), cast(Kept, kept), "", first, data, sources, format_)


def token_row(token: VaultRow) -> Row:
    return token.token, token.kind, packed(token.value)


def token(row: Row) -> VaultRow:
    text, kind, value = row
    return VaultRow(text, kind, unpacked(value))
