"""The commands that look back: `history`, `export` and `replay`. What goes wrong is told by cli.py."""

import argparse
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_codeexec.errors import SettingsError
from mcp_codeexec.model import Json
from mcp_codeexec.settings import Settings

if TYPE_CHECKING:
    from mcp_codeexec.engine import Engine
    from mcp_codeexec.engine.export import Format

_OK, _DIFFERENT = 0, 1  # exit codes, as cli.py tells them
_REVEAL = "with the values behind tokens such as [EMAIL_k3f9q2], for your own eyes; what is [REDACTED:…] has no way back"


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Declare them; `command` makes the parser of one."""
    history = command("history", "Show what happened in a session: its runs, one run, or a part of one.")
    history.add_argument("session", metavar="ID")
    history.add_argument("--status", default="", help="only runs that ended so: ok, error, timeout, …")
    history.add_argument("--run", type=int, default=0, metavar="N", help="one run, with its code and answer")
    history.add_argument("--part", default="", help="one part of that run: code, output, value or error")
    history.add_argument("--offset", type=int, default=0, metavar="N", help="where in the part to begin, in characters")
    history.add_argument("--limit", type=int, default=0, metavar="N", help="how many rows, or characters of the part")
    history.add_argument("--cursor", default="", help="the run that the page before ended with, as its last line says")
    history.add_argument("--json", action="store_true", help="print JSON")
    history.add_argument("--reveal", action="store_true", help=_REVEAL)
    export = command("export", "Write a session's history as a Jupyter notebook (for the deno kernel) or as Markdown.")
    export.add_argument("session", metavar="ID")
    export.add_argument("--format", choices=["ipynb", "md"], default="ipynb", help="default: ipynb, which needs nbformat")
    export.add_argument("-o", "--output", default="", metavar="FILE", help="where to write it (default: standard output)")
    export.add_argument("--reveal", action="store_true", help=_REVEAL)
    replay = command("replay", "Run a session's history again in a new session; exit code 1 where a run came out otherwise.")
    replay.add_argument("session", metavar="ID")


async def _history(settings: Settings, options: argparse.Namespace) -> int:
    from mcp_codeexec.engine import Engine  # noqa: PLC0415
    from mcp_codeexec.server.text import render  # noqa: PLC0415

    async with Engine(settings) as engine:
        answer = await engine.session_history(
            options.session,
            options.run,
            options.part,
            options.offset,
            options.limit,
            options.cursor,
            status=options.status,
        )
        told: Json = answer.structure() if options.json else render(answer)
        if options.reveal:
            told = await engine.reveal(options.session, told)
    print(json.dumps(told, ensure_ascii=False, indent=2) if options.json else told)
    return _OK


async def _export(settings: Settings, options: argparse.Namespace) -> int:
    from mcp_codeexec.engine import Engine  # noqa: PLC0415

    async with Engine(settings) as engine:
        text = await engine.export(options.session, options.format)
        if options.reveal:
            text = await _revealed(engine, options.session, text, options.format)
    data = text.encode("utf-8", "replace")  # JavaScript's text may hold what UTF-8 cannot
    if not options.output:
        sys.stdout.buffer.write(data)
        return _OK
    try:
        Path(options.output).write_bytes(data)  # noqa: ASYNC240 - nothing else runs
    except OSError as exc:
        raise SettingsError(f"{options.output} cannot be written: {exc.strerror}") from None
    return _OK


async def _revealed(engine: "Engine", session_id: str, text: str, form: "Format") -> str:
    if form == "md":
        return str(await engine.reveal(session_id, text))
    return json.dumps(await engine.reveal(session_id, json.loads(text)), ensure_ascii=False, indent=1) + "\n"


async def _replay(settings: Settings, options: argparse.Namespace) -> int:
    from mcp_codeexec.engine import Engine  # noqa: PLC0415
    from mcp_codeexec.engine.replay import ReplayedRun  # noqa: PLC0415

    def say(run: ReplayedRun) -> None:
        verdict = f"not replayed: {run.skipped}" if run.skipped else "different" if run.differences else "same"
        print(f"run {run.run} · {verdict}")
        for part in run.differences:
            print(f"  {part.part} was {json.dumps(part.before, ensure_ascii=False)}")
            print(f"  {part.part} is  {json.dumps(part.after, ensure_ascii=False)}", flush=True)

    async with Engine(settings) as engine:
        replayed = await engine.replay(options.session, on_run=say)
    skipped = sum(bool(run.skipped) for run in replayed.runs)
    different = sum(bool(run.differences) for run in replayed.runs)
    same = len(replayed.runs) - skipped - different
    print(f"{options.session} again in {replayed.session_id}: {same} same, {different} different, {skipped} not replayed")
    return _DIFFERENT if replayed.different else _OK


COMMANDS: dict[str, Callable[[Settings, argparse.Namespace], Awaitable[int]]] = {
    "history": _history,
    "export": _export,
    "replay": _replay,
}
