"""`mcp-codeexec doctor`: versions, the sandbox's layers, the store, the pool and a real test run, with what to do about each problem."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from anyio import to_thread

from mcp_codeexec import __version__
from mcp_codeexec.engine import Engine, EngineStatus
from mcp_codeexec.errors import CodeExecError, SettingsError
from mcp_codeexec.filtering import NameFinder
from mcp_codeexec.settings import Settings, config_file

_PACKAGES = ("mcp", "pydantic", "deno", "kingfisher-secret-scanner", "tree-sitter", "tree-sitter-typescript", "aiosqlite")
_CODE = "const answer: number = 6 * 7; answer"


@dataclass(slots=True)
class Report:
    """What was found, line by line, and whether it all works."""

    healthy: bool = True
    lines: list[str] = field(default_factory=list[str])

    def good(self, what: str, detail: str) -> None:
        self.lines.append(f"ok       {what}: {detail}")

    def missing(self, what: str, detail: str) -> None:
        """Something that is not there, but not needed to work."""
        self.lines.append(f"missing  {what}: {detail}")

    def bad(self, what: str, detail: str, cure: str) -> None:
        self.healthy = False
        self.lines.append(f"BROKEN   {what}: {detail}" + (f"\n         {cure}" if cure else ""))


async def examine(settings: Settings) -> Report:
    """Look at everything once; takes a second or two."""
    report = Report()
    report.good("mcp-codeexec", f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    report.good("packages", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES))
    report.good("settings", f"{config_file()}{'' if config_file().exists() else ' (not there; defaults and environment)'}")
    if settings.name_model:
        await _names(settings.name_model, report)
    async with Engine(settings.model_copy(update={"strict": False})) as engine:  # else nothing would start that could be looked at
        stored = await _stored(engine, report)
        if stored:
            await _test_run(engine, report)
        status = await engine.status()
    if stored:
        report.good("store", status.store)
    _runtime(status, report, strict=settings.strict)
    return report


async def _names(model: str, report: Report) -> None:
    try:
        finder = await to_thread.run_sync(NameFinder, model)
    except SettingsError as exc:
        report.bad("names", str(exc), exc.hint)
    else:
        report.good("names", f"{finder.description}, spaCy {_version('spacy')}")


async def _stored(engine: Engine, report: Report) -> bool:
    try:
        await engine.session_history(limit=1)
    except CodeExecError as exc:
        report.bad("store", str(exc), exc.hint)
        return False
    return True


async def _test_run(engine: Engine, report: Report) -> None:
    try:
        outcome = await engine.execute(_CODE)
        again = await engine.execute("answer + 1", outcome.session_id)
        await engine.delete_session(outcome.session_id)
    except CodeExecError as exc:
        report.bad("test run", str(exc), exc.hint)
        return
    if outcome.value == 42 and again.value == 43:
        report.good("test run", "a program ran and its variable was there in the next call")
    else:
        error = outcome.error or again.error
        report.bad("test run", error.message if error else f"gave {outcome.value!r} and {again.value!r}", outcome.hint)


def _runtime(status: EngineStatus, report: Report, *, strict: bool) -> None:
    if status.deno_version:
        report.good("Deno", f"{status.deno_version} at {status.deno_path}")
    else:
        report.bad("Deno", "not started", "pip install --force-reinstall 'deno>=2.9.4,<2.10'")
    for name, active, detail in status.layers:
        if active:
            report.good(f"layer {name}", detail)
        elif strict:
            report.bad(f"layer {name}", detail, "`strict` is set: no code runs until it is there.")
        else:
            report.missing(f"layer {name}", detail)
    pool = status.figures.get("pool")
    if isinstance(pool, Mapping):
        report.good("pool", f"{pool.get('available')} workers ready, {pool.get('memory_mb')} MB in all")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
