"""The kernel layers as a worker meets them: Deno works under them, and nothing of the server's is left to it."""

# ruff: noqa: PLW1509 - preexec_fn is what is tested here, beside threads too

import contextlib
import fcntl
import io
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import get_args

import pytest
from deno import find_deno_bin

from mcp_codeexec.errors import RuntimeUnavailable, WorkerDied
from mcp_codeexec.runtime.layers import LAYER_FAILED, LayerName, Layers
from tests.unit.runtime.layered import DENO_ENVIRONMENT, MEMORY_MB, ROOT, USERS, deno_argv, run

DENO = Path(find_deno_bin())
WAITS_TO_READ = 'console.log("warm"); Deno.stdin.readSync(new Uint8Array(9));'


def probe(program: Path = DENO, only: frozenset[LayerName] | None = None, memory_mb: int = MEMORY_MB) -> Layers:
    return Layers.probe(deno=program, readable=[], open_files=24, memory_mb=memory_mb, only=only)


@contextlib.contextmanager
def warm_worker(layers: Layers) -> Generator[subprocess.Popen[bytes]]:
    """A Deno process that has started and waits for a line."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        deno_argv(WAITS_TO_READ), stdin=pipe, stdout=pipe, env=DENO_ENVIRONMENT, close_fds=False, preexec_fn=layers.in_child
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"warm\n"
        yield process
        process.kill()


def proc(pid: int, name: str) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/{name}").read_text().splitlines()
    return {line[:25].split(":")[0].strip(): " ".join(line.split()[1:]) for line in lines}


# ---- what is reported --------------------------------------------------------------------------------------------------------


def test_every_layer_is_reported_with_what_it_does_or_what_its_absence_means():
    layers = probe()
    layers.close()
    assert tuple(layer.name for layer in layers.report) == get_args(LayerName)
    assert all(layer.detail and layer.active == ("; without it " not in layer.detail) for layer in layers.report)


def test_this_kernel_has_every_layer_or_the_other_tests_mean_nothing():
    layers = probe()
    layers.close()
    assert [layer.detail for layer in layers.report if not layer.active] == []


@pytest.mark.parametrize(
    ("only", "active"),
    [
        (frozenset[LayerName](), set[str]()),
        (frozenset[LayerName]({"rlimits"}), {"rlimits"}),
        (frozenset[LayerName]({"seccomp"}), {"seccomp", "no_new_privs"}),
    ],
)
def test_only_the_chosen_layers_are_active_and_what_they_need(only: frozenset[LayerName], active: set[str]):
    layers = probe(only=only)
    layers.close()
    assert {layer.name for layer in layers.report if layer.active} == active
    assert all("switched off" in layer.detail for layer in layers.report if not layer.active)


ELSEWHERE = """
import os, ctypes, pathlib, platform, struct, sys
%s
from mcp_codeexec.runtime.layers import Layers
layers = Layers.probe(deno=pathlib.Path(sys.executable), readable=[], open_files=24, memory_mb=100)
layers.in_child()
layers.limit_memory(os.getpid())
layers.close()
print(any(layer.active for layer in layers.report), {layer.detail.split(";")[0] for layer in layers.report})
"""


@pytest.mark.parametrize("difference", ["sys.platform = 'darwin'", "platform.machine = lambda: 'riscv64'"])
def test_elsewhere_every_layer_is_missing_and_does_nothing(difference: str):
    argv = [sys.executable, "-B", "-c", ELSEWHERE % difference]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False {'it needs Linux on x86_64 or aarch64'}\n"


# ---- what a worker can still do -----------------------------------------------------------------------------------------------

HONEST = """
import inspector from "node:inspector";
const session = new inspector.Session();
session.connect();
session.post("Runtime.evaluate", {expression: "6 * 7"}, (error, answer) => console.log(answer.result.value));
await new Promise((done) => setTimeout(done, 2));
console.log(new Intl.DateTimeFormat("de", {timeZone: "Asia/Tokyo"}).format(new Date(0)));
console.log(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(9))).length);
const pair = await crypto.subtle.generateKey({name: "ECDSA", namedCurve: "P-256"}, true, ["sign", "verify"]);
console.log(pair.privateKey.type);
console.log((await import("data:text/javascript,export default 5")).default);
const zipped = new Blob(["x".repeat(100_000)]).stream().pipeThrough(new CompressionStream("gzip"));
console.log((await new Response(zipped).arrayBuffer()).byteLength < 1_000);
let kept = [];
for (let i = 0; i < 500_000; i++) { kept.push({i, list: [i]}); if (kept.length > 50_000) kept = []; }
console.log(kept.length > 0);
const deep = () => deep() + 1;
try { deep(); } catch (error) { console.log(error.name); }
console.log(Deno.memoryUsage().heapUsed > 0);
"""


@pytest.mark.parametrize("user", USERS)
def test_deno_works_under_all_layers(user: int | None):
    ended = run(deno_argv(HONEST, "--allow-sys=inspector"), user=user)
    assert ended.out.split() == ["42", "1.1.1970", "32", "private", "5", "true", "true", "RangeError", "true"], ended.err
    assert ended.status == 0


PARSES = """
import {stripTypeScriptTypes as strip} from "node:module";
const text = "function f(a: number, b: {x: string}) { return [a, b.x, (b as any).y ?? (() => ({z: [1, {q: a}]}))()]; }\\n".repeat(1_000);
const nested = `const x: any = ${"[".repeat(1_000)}${"]".repeat(1_000)};`;
console.log(strip(text).length === text.length, strip(nested).length === nested.length);
"""


@pytest.mark.parametrize("user", USERS)
def test_deno_parses_typescript_where_it_can_read_its_own_maps(user: int | None):
    ended = run(deno_argv(PARSES), user=user, own_maps=True)
    assert ended.out == "true true\n", ended.err


def test_a_parser_starts_from_a_server_that_has_more_files_open_than_a_worker_may():
    layers = Layers.probe(deno=DENO, readable=[], open_files=24, memory_mb=MEMORY_MB, own_maps=True)
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(Path(os.devnull).open())
        argv = deno_argv(PARSES)
        done = subprocess.run(
            argv, check=False, env=DENO_ENVIRONMENT, capture_output=True, stdin=subprocess.DEVNULL, preexec_fn=layers.in_child
        )
    layers.close()
    assert done.stdout == b"true true\n", done.stderr


@pytest.mark.parametrize("user", USERS)
def test_a_worker_can_still_abort_as_v8_and_rust_do_when_memory_ends(user: int | None):
    ended = run(deno_argv("process.abort();"), user=user)
    assert ended.status == -signal.SIGABRT, ended.err


# ---- what a worker has lost ---------------------------------------------------------------------------------------------------


def test_a_worker_has_no_privilege_no_core_dump_and_few_files():
    layers = probe()
    with warm_worker(layers) as worker:
        status, limits = proc(worker.pid, "status"), proc(worker.pid, "limits")
    layers.close()
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    only_reading = 1 << 2
    for held in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[held], 16) & ~only_reading == 0
    assert {name: limits[name].split()[-3:-1] for name in ("Max file size", "Max core file size", "Max open files")} == {
        "Max file size": ["0", "0"],
        "Max core file size": ["0", "0"],
        "Max open files": ["24", "24"],
    }


def test_a_worker_inherits_no_descriptor_even_above_its_limit_of_open_files(tmp_path: Path):
    layers = probe()
    with (tmp_path / "of the server").open("w") as file:
        high = fcntl.fcntl(file, fcntl.F_DUPFD, 100)  # inheritable, unlike what Python opens
        try:
            with warm_worker(layers) as worker:
                links = [os.readlink(entry) for entry in Path(f"/proc/{worker.pid}/fd").iterdir()]
        finally:
            os.close(high)
    layers.close()
    assert len(links) >= 3
    assert not [link for link in links if link.startswith(str(tmp_path))]


SERVER = f"""
import os, subprocess, sys
from pathlib import Path
from mcp_codeexec.runtime.layers import Layers
argv = sys.argv[1:]
layers = Layers.probe(deno=Path(argv[0]), readable=[], open_files=24, memory_mb=100)
start = lambda: subprocess.Popen(argv, env={DENO_ENVIRONMENT!r}, preexec_fn=layers.in_child, stderr=subprocess.PIPE)
"""


def test_a_worker_ends_with_a_server_that_is_killed():
    lives = "console.log(Deno.pid); setInterval(() => {}, 1e6);"
    argv = [sys.executable, "-B", "-c", SERVER + "start().wait()", *deno_argv(lives)]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout
        pid = int(server.stdout.readline())
        server.kill()
        try:
            ready, _, _ = select.select([server.stdout], [], [], 20)
            assert ready, "the worker still holds the server's stdout"
            assert server.stdout.read() == b""
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_worker_whose_parent_is_not_the_server_does_not_start():
    orphan = """
if os.fork() == 0:
    worker = start()
    print(worker.stderr.read(), worker.wait(), flush=True)
    os._exit(0)
os.wait()
"""
    argv = [sys.executable, "-B", "-c", SERVER + orphan, *deno_argv("console.log(1)")]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{b'sandbox: parent_death_signal failed' + bytes([10])} {LAYER_FAILED}\n"


def test_a_worker_that_cannot_take_a_layer_on_does_not_start():
    layers = probe()
    layers.close()
    layers.close()
    done = subprocess.run(
        deno_argv("console.log(1)"), env=DENO_ENVIRONMENT, capture_output=True, preexec_fn=layers.in_child, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (LAYER_FAILED, b"", b"sandbox: landlock failed\n")


# ---- starting -----------------------------------------------------------------------------------------------------------------


def test_500_starts_beside_threads_that_allocate_and_log_never_hang():
    program = shutil.which("true")
    assert program
    layers = probe(Path(program))
    over = threading.Event()
    log = logging.Logger("busy")  # not in the tree, where the test runner would keep every record
    log.addHandler(logging.StreamHandler(io.StringIO()))

    def busy() -> None:
        while not over.is_set():
            log.warning("%s", len([bytearray(size) for size in range(1_000, 2_000, 50)]))
            over.wait(0.001)

    threads = [threading.Thread(target=busy) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(500):
            assert subprocess.Popen([program], preexec_fn=layers.in_child).wait(20) == 0
    finally:
        over.set()
        for thread in threads:
            thread.join()
        layers.close()


# ---- memory -------------------------------------------------------------------------------------------------------------------

BUFFERS = "const kept = []; for (let i = 0; i < 200; i++) kept.push(new Uint8Array(1 << 20).fill(1));"
CAUGHT = f"try {{ {BUFFERS} }} catch (error) {{ console.log(error.name); }}"
OBJECTS = "const kept = []; for (let i = 0; i < 4e6; i++) kept.push({i, list: [i]});"


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("grow", [BUFFERS, CAUGHT, OBJECTS], ids=["buffers", "buffers, caught", "objects"])
def test_a_limited_worker_ends_or_is_refused_at_its_limit(grow: str, user: int | None):
    ended = run(deno_argv(WAITS_TO_READ + grow), user=user, limited=True)
    assert ended.status in (1, -signal.SIGTRAP, -signal.SIGABRT, -signal.SIGSEGV) or ended.out == "warm\nRangeError\n"
    assert MEMORY_MB - 25 < ended.peak_mb < MEMORY_MB + 10


@pytest.mark.parametrize("grow", [BUFFERS, OBJECTS], ids=["buffers", "objects"])
def test_without_the_limit_the_same_programs_grow_beyond_it(grow: str):
    ended = run(deno_argv(WAITS_TO_READ + grow), only=[], limited=True)
    assert ended.status == 0
    assert ended.peak_mb > MEMORY_MB + 50


def test_what_fits_into_the_limit_runs():
    garbage = 'for (let i = 0; i < 500; i++) new Uint8Array(1 << 20).fill(1); console.log("done");'
    ended = run(deno_argv(WAITS_TO_READ + garbage), limited=True)
    assert (ended.status, ended.out) == (0, "warm\ndone\n")


def test_a_worker_too_large_for_its_limit_is_an_error_that_says_so():
    layers = probe(memory_mb=20)
    with warm_worker(layers) as worker, pytest.raises(RuntimeUnavailable, match=r"takes \d+ MB .* of 20 MB allowed") as raised:
        layers.limit_memory(worker.pid)
    layers.close()
    assert raised.value.hint == "raise memory_mb"


def test_a_worker_that_is_gone_cannot_be_limited():
    layers = probe()
    with warm_worker(layers) as worker:
        worker.kill()
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(WorkerDied):  # a zombie
            layers.limit_memory(worker.pid)
        worker.wait()
        with pytest.raises(WorkerDied):
            layers.limit_memory(worker.pid)
    layers.close()


def test_without_the_layer_no_limit_is_set():
    layers = probe(only=frozenset[LayerName]({"rlimits"}))
    with warm_worker(layers) as worker:
        layers.limit_memory(worker.pid)
        assert proc(worker.pid, "limits")["Max data size"].split()[-3:-1] == ["unlimited", "unlimited"]
    layers.close()
