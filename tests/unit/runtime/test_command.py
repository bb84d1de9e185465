"""What a worker may do, as its command says, and as Deno keeps to it."""

import json
import subprocess
from pathlib import Path

import pytest

from mcp_codeexec.model import Program, RawRun
from mcp_codeexec.runtime import command, host_files
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.worker import Job, SessionWorker
from tests.unit.runtime.sessions import Session


async def run(worker: SessionWorker, body: str) -> RawRun:
    return await worker.run(Job(1, Program("", body, {}, frozenset(), lambda line, column: None), 2_000, {}))


def test_every_permission_is_denied_but_the_inspector_that_the_worker_revokes() -> None:
    argv = command.argv(Path("/deno"), Path("/w.js"), Path("/map.json"), heap_mb=80, inspector=True)
    granted = [argument for argument in argv if argument.startswith("--allow")]
    assert granted == ["--allow-sys=inspector"]
    for permission in ("read", "write", "net", "env", "run", "ffi", "import"):
        assert f"--deny-{permission}" in argv
    for flag in ("--no-prompt", "--no-remote", "--no-npm", "--cached-only", "--no-config", "--no-lock", "--no-code-cache"):
        assert flag in argv
    assert "--allow-sys=inspector" not in command.argv(Path("/d"), Path("/t"), Path("/m"), heap_mb=1, inspector=False)


def test_the_environment_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("DENO_PERMISSION_BROKER_PATH", "x")
    ours = {"DENO_DIR", "DENO_EMIT_CACHE_MODE", "DENO_NO_UPDATE_CHECK", "HOME", "MALLOC_ARENA_MAX", "NO_COLOR", "TZ"}
    assert command.environment().keys() == ours


def test_every_builtin_of_this_deno_is_mapped_away(launcher: Launcher) -> None:
    code = 'import m from "node:module"; console.log(JSON.stringify(m.builtinModules))'
    listed = subprocess.run([str(launcher.deno), "eval", code], capture_output=True, check=True, timeout=60).stdout
    mapped = json.loads(launcher.files.import_map.read_text())["imports"]
    for name in json.loads(listed):
        bare = name.removeprefix("node:")
        assert mapped[bare] == mapped[f"node:{bare}"]
        assert mapped[bare].startswith("data:text/javascript,throw")
    scopes = json.loads(launcher.files.import_map.read_text())["scopes"]
    folder = command.seen(launcher.files.folder)
    files = {(folder / path.name).as_uri() for path in launcher.files.folder.glob("*.js") if path.name not in command.ENTRIES}
    assert {url: set(names) for url, names in scopes.items()} == {
        folder.as_uri() + "/": files,
        (folder / "evaluate.js").as_uri(): {"node:inspector"},
        (folder / "transpiler.js").as_uri(): {"node:module"},
    }
    assert files <= mapped.keys()
    assert not any("export" in (launcher.files.folder / entry).read_text() for entry in command.ENTRIES)


@pytest.mark.parametrize(
    "specifier",
    [
        "node:fs",
        "fs",
        "node:inspector",
        "node:module",
        "node:child_process",
        "file:///etc/passwd",
        "https://example.com/x.js",
        "npm:lodash",
        "jsr:@std/fs",
    ],
)
async def test_a_worker_cannot_import(worker: SessionWorker, specifier: str) -> None:
    raw = await run(worker, f"return await import({specifier!r} + '')")
    assert raw.status == "error"
    assert raw.error is not None
    assert "root:" not in raw.error.message


async def test_a_file_cannot_be_read_through_a_data_module(worker: SessionWorker) -> None:
    module = 'import text from "/etc/passwd" with { type: "text" }; export default text'
    raw = await run(worker, f"return (await import('data:text/javascript,' + encodeURIComponent({module!r}))).default")
    assert raw.status == "error"


async def test_a_data_module_runs_and_can_do_what_any_code_can(worker: SessionWorker) -> None:
    """Deno loads it without a permission. It is no way out: it has the same globals, and no import of its own. The validator
    refuses every import, because it is code in a string."""
    raw = await run(worker, "return (await import('data:text/javascript,export default typeof Deno + typeof process')).default")
    assert raw.value is not None
    assert raw.value.json == '"undefinedundefined"'
    for statement in (
        "import 'node:fs'",
        "import 'node:inspector'",
        "import 'https://example.com/'",
        "await import('file:///etc/passwd')",
    ):
        raw = await run(worker, f"return await import('data:text/javascript,' + encodeURIComponent({statement!r}))")
        assert raw.status == "error", statement
    raw = await run(worker, "return await import('data:text/javascript,' + encodeURIComponent('eval(\"1\")'))")
    assert raw.error is not None
    assert raw.error.name == "EvalError"


async def test_a_script_cannot_pass_for_a_file_of_ours(worker: SessionWorker, launcher: Launcher) -> None:
    for folder in (launcher.files.folder, command.seen(launcher.files.folder)):
        ours = (folder / "evaluate.js").as_uri()
        for trick in (f"\n//# sourceURL={ours}\n", f"\n/*\n//# sourceURL={ours}\n*/"):
            raw = await run(worker, f"return await import('node:inspector'){trick}")
            assert raw.status == "error"


@pytest.mark.parametrize("name", ["as the host has it", "as a worker has it"])
async def test_the_harness_cannot_be_imported_by_who_knows_where_it_is(session: Session, launcher: Launcher, name: str) -> None:
    folder = launcher.files.folder if name == "as the host has it" else command.seen(launcher.files.folder)
    for path in (folder / file.name for file in launcher.files.folder.iterdir()):
        for specifier in (path.as_uri(), str(path), f"{folder.as_uri()}/./{path.name}", f"{path.as_uri()}?x", f"{path.as_uri()}#x"):
            module = f"export * from {specifier!r}"
            for imported in (f"{specifier!r}", f"'data:text/javascript,' + encodeURIComponent({module!r})"):
                raw = await session.run(f"return Object.keys(await import({imported}))", ms=100)
                if raw.status != "error":  # the program itself, which exports nothing, and whose end does not come
                    assert path.name == "session_worker.js", specifier
                    assert raw.heap_kept
                    assert raw.value is None or raw.value.json == "[]"


@pytest.mark.parametrize(
    "code",
    [
        "eval('1')",
        "(0, eval)('1')",
        "new Function('return 1')()",
        "(() => {}).constructor('return 1')()",
        "(async () => {}).constructor('return 1')()",
        "(function* () {}).constructor('yield 1')()",
        "setTimeout('1', 0)",
        "Reflect.construct(Function, ['return 1'])()",
    ],
)
async def test_code_in_strings_never_runs(worker: SessionWorker, code: str) -> None:
    raw = await run(worker, f"return {code}")
    assert raw.status == "error"
    assert raw.error is not None
    assert raw.error.name in ("EvalError", "TypeError")


async def test_no_dangerous_global_is_left(worker: SessionWorker) -> None:
    names = """Deno process Buffer global self Worker WebAssembly SharedArrayBuffer Atomics fetch Request Response WebSocket EventSource
        caches localStorage sessionStorage prompt alert confirm navigator location setImmediate MessageChannel BroadcastChannel GPU"""
    raw = await run(worker, f"return {names.split()!r}.filter(name => typeof globalThis[name] !== 'undefined')")
    assert raw.value is not None
    assert raw.value.json == "[]"


def test_host_files_are_built_once_and_found_again(launcher: Launcher, tmp_path: Path) -> None:
    first = host_files.prepare(launcher.deno, tmp_path)
    script = first.folder / first.session_worker.name
    built = script.stat().st_mtime_ns
    again = host_files.prepare(launcher.deno, tmp_path)
    assert again == first
    assert script.stat().st_mtime_ns == built
    assert ": string" not in script.read_text()


def test_a_cache_that_others_can_write_is_not_used(launcher: Launcher, tmp_path: Path) -> None:
    first = host_files.prepare(launcher.deno, tmp_path)
    first.folder.chmod(0o777)
    assert host_files.prepare(launcher.deno, tmp_path).folder != first.folder
