"""A process that speaks the wire and lies on it. Run as `python liar.py LIE`."""

import json
import struct
import sys
import threading


def send(header: object, blob: bytes = b"", raw: bytes | None = None) -> None:
    head = json.dumps(header).encode() if raw is None else raw
    sys.stdout.buffer.write(struct.pack(">II", 4 + len(head) + len(blob), len(head)) + head + blob)
    sys.stdout.buffer.flush()


def receive() -> dict[str, object]:
    length, head = struct.unpack(">II", sys.stdin.buffer.read(8))
    body = sys.stdin.buffer.read(length - 4)
    return json.loads(body[:head])


DONE: dict[str, object] = {
    "op": "done",
    "status": "ok",
    "ms": 1.0,
    "timers": 0,
    "calls": 0,
    "omitted": 0,
    "late": 0,
    "blocks": True,
}
SEGMENT: dict[str, object] = {"op": "segment", "name": "x", "kept": "exact", "why": "", "first": 1, "classes": []}
VALUE = {"type": "number", "text": "1", "json": "1", "unit": "chars", "total": 1, "hidden": 0}


def lie(name: str, request: dict[str, object]) -> None:
    done = {**DONE, "id": request["id"]}
    match name:
        case "a reply to nobody":
            send({**done, "id": 99})
        case "two replies":
            send({**done, "value": VALUE})
            send({**done, "value": VALUE})
        case "a header that is no JSON":
            send(None, raw=b"{")
        case "a header that is no object":
            send([1])
        case "a frame too large":
            send({**done, "value": VALUE}, b"x" * 3_000_000)
        case "a length that is a lie":
            sys.stdout.buffer.write(struct.pack(">II", 2**31, 5) + b"abc")
            sys.stdout.buffer.flush()
        case "a status of its own":
            send({**done, "status": "excellent"})
        case "a wrong type":
            send({**done, "variables": "all"})
        case "an unknown field":
            send({**done, "value": VALUE, "admin": True})
        case "a negative count":
            send({**done, "late": -1})
        case "output without end":
            for _ in range(200):
                send({"op": "output"}, b"x" * 100_000)
        case "an unknown message":
            send({"op": "sudo"})
        case "a malformed call":
            send({"op": "call", "call": "one", "name": "rate", "data": 1})
        case "calls without end":
            for i in range(2_000):
                send({"op": "call", "call": i, "name": "rate", "data": i})
        case "too many calls at once":
            for i in range(9):
                send({"op": "call", "call": i, "name": "never", "data": i})
        case "sources without end":
            for i in range(1_000):
                send({**SEGMENT, "name": f"x{i}", "classes": [[n, "x" * 100_000] for n in range(10)]})
        case "a malformed segment":
            send({**SEGMENT, "first": -1})
        case "a segment after the end":
            send({**done, "value": VALUE})
            send(SEGMENT)
        case "a call after the end":
            send({**done, "value": VALUE})
            send({"op": "call", "call": 1, "name": "rate", "data": 1})
        case "output after the end":
            send({**done, "value": VALUE})
            send({"op": "output"}, b"late")
        case "JSON that is too deep":
            send({**done, "value": {**VALUE, "json": "[" * 5_000 + "]" * 5_000}})
        case "a name without end":
            send({**done, "made": ["x" * 500]})
        case "a text without end":
            send({**done, "value": {**VALUE, "text": "x" * 700_000}})
        case "true for a number":
            send({**done, "id": True})
        case "silence":
            threading.Event().wait()
        case "an early end":
            sys.exit(0)
        case "JSON that is none":
            send({**done, "value": {**VALUE, "json": "{'a'"}})
        case "a claim to be still":
            send({**done, "value": VALUE})
            while True:
                pass
        case _:
            raise ValueError(name)


send({"op": "ready"})
while True:
    lie(sys.argv[1], receive())
