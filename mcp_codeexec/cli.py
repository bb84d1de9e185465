"""The command line: serve over stdio (the default), run a file, look after sessions, and say what is wrong.

Exit codes: 0 done; 1 the program that was run failed, or a run came out otherwise when it was replayed; 2 wrong usage or settings;
3 Deno or the database cannot be used.
"""

import argparse
import gc
import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from mcp_codeexec import __version__, cli_history, logs
from mcp_codeexec.errors import CodeExecError, FileRefused, NotRun, SettingsError
from mcp_codeexec.settings import ENV_PREFIX, Settings

if TYPE_CHECKING:
    from mcp_codeexec.filtering import FilterPipeline
    from mcp_codeexec.runtime.launcher import Launcher

log = logging.getLogger(__name__)

OK, FAILED, USAGE, UNAVAILABLE = 0, 1, 2, 3


def run(argv: Sequence[str], early: "Launcher | None" = None) -> int:
    """Run one command; its exit code. What goes wrong is one sentence on stderr, and what to do about it.

    `early` has started a worker for the default settings; it is used where these are the settings, and else closed.
    """
    options = argument_parser().parse_args(argv)
    if options.config:
        os.environ[ENV_PREFIX + "CONFIG"] = options.config
    try:
        settings = Settings.load({name: getattr(options, name, None) for name in Settings.model_fields})
        logs.set_up(settings.log_level)
        if options.command == "serve":
            return _serve(settings, early)
        import anyio  # noqa: PLC0415 - not before serving: its first worker starts before the imports

        gc.enable()
        return anyio.run(_COMMANDS[options.command], settings, options)
    except CodeExecError as exc:
        sys.stderr.write(f"mcp-codeexec: {exc}\n" + (f"  {exc.hint}\n" if exc.hint else ""))
        return USAGE if isinstance(exc, (SettingsError, NotRun, FileRefused)) else UNAVAILABLE
    except KeyboardInterrupt:
        return 130
    finally:
        if early is not None:
            early.close()


def argument_parser() -> argparse.ArgumentParser:
    """What a command line may say."""
    parser = argparse.ArgumentParser(
        prog="mcp-codeexec",
        description="An MCP server that runs a model's TypeScript in hardened Deno workers.",
        parents=[_settings_flags(default=None)],
    )
    parser.add_argument("--version", action="version", version=f"mcp-codeexec {__version__}")
    parser.set_defaults(command="serve")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        # a flag that is not given after the command leaves alone what was given before it
        sub = commands.add_parser(name, help=text, description=text, parents=[_settings_flags(default=argparse.SUPPRESS)])
        sub.set_defaults(command=name)
        return sub

    command("serve", "Serve over stdio: what an MCP client starts; the default.")
    one = command("run", "Run a TypeScript file and print what a model would read.")
    one.add_argument("file", metavar="FILE|-", help="the file, or - for standard input")
    one.add_argument("--session", default="", help="session to go on with")
    one.add_argument("--timeout", type=int, default=0, metavar="MS", help="time limit in milliseconds")
    sessions = command("sessions", "List, show or delete sessions.")
    sessions.add_argument("action", nargs="?", choices=["list", "show", "delete"], default="list")
    sessions.add_argument("session", nargs="?", default="", metavar="ID")
    sessions.add_argument("--json", action="store_true", help="print JSON")
    files = command("files", "List, put, get or remove the files of a session.")
    files.add_argument("action", choices=["list", "put", "get", "remove"])
    files.add_argument("session", metavar="ID")
    files.add_argument("source", nargs="?", default="", metavar="PATH|NAME", help="put: the file to read; get, remove: the name")
    files.add_argument("target", nargs="?", default="", metavar="NAME|PATH", help="put: the name there; get: where to write it")
    command("cleanup", "Remove sessions that expired, or the oldest where the store is full, and give their space back.")
    cli_history.add_commands(command)
    command("doctor", "Check that everything works, and say what to do where it does not.")
    return parser


_LISTS = {"input": "PATH", "personal_data": "KIND", "allow": "TEXT", "secret_variables": "NAME"}
_NO_FLAG = ("secret_values",)  # every user of the machine can read a command line


def _settings_flags(default: object) -> argparse.ArgumentParser:
    """One flag for each setting."""
    flags = argparse.ArgumentParser(add_help=False)
    group = flags.add_argument_group("settings", "each also in the configuration file and as MCP_CODEEXEC_… in the environment")
    group.add_argument("--config", metavar="FILE", default=default, help="configuration file (TOML)")
    for name, field in Settings.model_fields.items():
        if not has_flag(name):
            continue
        flag, text = f"--{name.replace('_', '-')}", f"{field.description} (default: {shown_default(name)})".replace("%", "%%")
        if field.annotation is bool:
            group.add_argument(flag, action="store_const", const=True, default=default, help=text)
        elif name in _LISTS:
            group.add_argument(
                flag, metavar=_LISTS[name], action="append", default=default, help=f"{text}; may be given several times"
            )
        elif name == "log_level":
            group.add_argument(flag, choices=get_args(field.annotation), default=default, help=text)
        else:
            group.add_argument(flag, metavar="X", default=default, help=text)
    return flags


def has_flag(name: str) -> bool:
    """Whether a setting can be given on the command line."""
    return name not in _NO_FLAG


def shown_default(name: str) -> str:
    """A setting's default in words, where it is found at the start."""
    field = Settings.model_fields[name]
    if field.default_factory is None:
        return str(field.default)
    return {"data_dir": "the user's data folder", "owner": "the user's name", "concurrent_runs": "CPUs"}.get(name, "as found")


def _serve(settings: Settings, early: "Launcher | None") -> int:
    """Start what takes time first: a session's process, then the filter's rules on a thread, while Python imports the SDK."""
    from mcp_codeexec.runtime.launcher import Launcher  # noqa: PLC0415

    settings.refuse_unsafe()
    launcher = early
    if launcher is None or launcher.options != settings.worker_options:
        if early is not None:
            early.close()
        launcher = None
        try:
            launcher = Launcher(settings.worker_options)
            launcher.start_early()
        except CodeExecError as exc:  # the server still starts: its calls answer with this sentence
            sys.stderr.write(f"mcp-codeexec: {exc}\n")
    loading: Future[FilterPipeline] = Future()
    threading.Thread(target=_load, args=(loading, settings), daemon=True).start()

    import anyio  # noqa: PLC0415

    from mcp_codeexec.engine import Engine  # noqa: PLC0415
    from mcp_codeexec.server.app import build_server  # noqa: PLC0415
    from mcp_codeexec.server.stdio import serve  # noqa: PLC0415
    from mcp_codeexec.sessions.inputs import OfferedFiles  # noqa: PLC0415

    OfferedFiles.of(settings)  # what is wrong with them is said before a client waits
    gc.freeze()  # what was imported stays: later collections need not look at it
    gc.enable()
    return anyio.run(serve, build_server(settings, lambda: Engine(settings, launcher=launcher, filters=loading.result())))


def _load(made: "Future[FilterPipeline]", settings: Settings) -> None:
    """Make the filter, and then load what the first answers need."""
    try:
        from mcp_codeexec.filtering import FilterPipeline  # noqa: PLC0415

        filters = FilterPipeline(settings.filter_options)
    except BaseException as exc:
        made.set_exception(exc)
        raise
    made.set_result(filters)
    try:
        try:
            filters.load()
        except SettingsError as exc:  # the server still starts: its answers are withheld
            sys.stderr.write(f"mcp-codeexec: {exc}\n")
        from mcp_codeexec.language.prepare import prepare  # noqa: PLC0415
        from mcp_codeexec.language.validator import CodeValidator  # noqa: PLC0415
        from mcp_codeexec.model import Erased  # noqa: PLC0415

        CodeValidator().check("1")  # these two compile their queries at their first use
        prepare(Erased("1"), "", {})
    except Exception:  # the first answer tries again, and is withheld if it still fails
        logs.event(log, "filter rules not loaded")


async def _run_file(settings: Settings, options: argparse.Namespace) -> int:
    from mcp_codeexec.engine import Engine  # noqa: PLC0415
    from mcp_codeexec.server.text import render  # noqa: PLC0415

    try:
        code = sys.stdin.read() if options.file == "-" else Path(options.file).read_text("utf-8")  # noqa: ASYNC240 - nothing else runs yet
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{options.file} cannot be read: {exc}") from None
    async with Engine(settings) as engine:
        outcome = await engine.execute(code, options.session, options.timeout)
    print(render(outcome))
    return OK if outcome.status == "ok" else FAILED


async def _sessions(settings: Settings, options: argparse.Namespace) -> int:
    from mcp_codeexec.engine import Engine  # noqa: PLC0415
    from mcp_codeexec.server.text import render  # noqa: PLC0415

    if options.action != "list" and not options.session:
        raise SettingsError(f"`sessions {options.action}` needs the ID of a session")
    async with Engine(settings) as engine:
        if options.action == "delete":
            await engine.delete_session(options.session)
            print(f"deleted {options.session}")
            return OK
        answer = await engine.session_history(options.session if options.action == "show" else "", limit=100)
    print(json.dumps(answer.structure(), ensure_ascii=False, indent=2) if options.json else render(answer))
    return OK


async def _files(settings: Settings, options: argparse.Namespace) -> int:
    from mcp_codeexec.engine import Engine  # noqa: PLC0415

    action, session = options.action, options.session
    if action != "list" and not options.source:
        raise SettingsError(f"`files {action}` needs {'the PATH of a file' if action == 'put' else 'the NAME of a file'}")
    content = _content(options.source) if action == "put" else b""
    async with Engine(settings) as engine:
        match action:
            case "put":
                await engine.write_file(session, options.target or Path(options.source).name, content)
            case "get":
                content = await engine.read_file(session, options.source)
            case "remove" if not await engine.remove_file(session, options.source):
                raise FileRefused(f"the session has no file {options.source!r}")
            case "list":
                for file in await engine.files(session):
                    print(f"{file.size:>10}  {file.name}")
            case _:
                pass
    if action == "get" and options.target:
        Path(options.target).write_bytes(content)  # noqa: ASYNC240 - nothing else runs
    elif action == "get":
        sys.stdout.buffer.write(content)
    return OK


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise SettingsError(f"{path} cannot be read: {exc.strerror}") from None


async def _cleanup(settings: Settings, options: argparse.Namespace) -> int:
    from mcp_codeexec.sessions.manager import SessionManager  # noqa: PLC0415
    from mcp_codeexec.sessions.store import SqliteStore  # noqa: PLC0415

    store = SqliteStore.of(settings)
    await store.open()
    try:
        done = await SessionManager.of(settings, store).cleanup()
    finally:
        await store.close()
    print(
        f"removed {done.expired} expired, {done.for_room} for room; {done.left_bytes / 1_048_576:.1f} of {settings.store_mb} MB in use"
    )
    return OK


async def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from mcp_codeexec.doctor import examine  # noqa: PLC0415

    report = await examine(settings)
    print("\n".join(report.lines))
    return OK if report.healthy else UNAVAILABLE


_COMMANDS = {
    "run": _run_file,
    "sessions": _sessions,
    "files": _files,
    "cleanup": _cleanup,
    "doctor": _doctor,
    **cli_history.COMMANDS,
}
