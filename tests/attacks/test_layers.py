"""Deno with every permission, as if its own walls had fallen: the kernel layers alone must hold.

Each probe tries one thing and tells how it went. Bare, where trying is harmless, it must succeed: otherwise it would prove nothing.
Landlock and seccomp are also tried alone, since each would hide a hole in the other.
"""

import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Collection, Generator
from pathlib import Path

import pytest
from deno import find_deno_bin

from mcp_codeexec.runtime.layers import LayerName, Layers
from tests.unit.runtime.layered import USERS, deno_argv, run

# Name, the Landlock ABI since which Landlock alone refuses it (0: never), whether seccomp alone does, and a JavaScript body. It
# may use `target`, a folder of the test's own; `tcp`, `udp`, ports that the test listens on; `unix`, its socket's path; `victim`, a
# process of the test's; `home`, the tester's home folder; `c`, functions of the C library: their result `must` not be -1.
PROBES: list[tuple[str, int, bool, str]] = [
    ("read a file of the system", 1, False, "Deno.readTextFileSync('/etc/passwd')"),
    ("read a file of the user", 1, False, "Deno.readTextFileSync(target + '/old')"),
    ("read a file through a link of /proc", 1, False, "Deno.readTextFileSync('/proc/self/root/etc/passwd')"),
    ("list the home folder", 1, False, "[...Deno.readDirSync(home)]"),
    ("list the root folder", 1, False, "[...Deno.readDirSync('/')]"),
    ("list processes", 1, False, "[...Deno.readDirSync('/proc')]"),
    ("list libraries", 1, False, "[...Deno.readDirSync('/usr/lib')]"),
    ("read the parent's environment", 1, False, "Deno.readFileSync(`/proc/${Deno.ppid}/environ`)"),
    ("read the parent's command line", 1, False, "Deno.readFileSync(`/proc/${Deno.ppid}/cmdline`)"),
    ("read its own environment", 1, False, "Deno.readFileSync('/proc/self/environ')"),
    ("list the host's connections", 1, False, "Deno.readFileSync('/proc/self/net/tcp')"),
    ("write a new file", 1, True, "Deno.writeTextFileSync(target + '/new', '1')"),
    ("append to a file", 1, True, "Deno.writeTextFileSync(target + '/old', '1', {append: true})"),
    ("truncate a file", 3, True, "must(c.truncate(text(target + '/old'), 0))"),
    ("write to shared memory", 1, True, "Deno.removeSync(Deno.makeTempFileSync({dir: '/dev/shm'}))"),
    ("make a folder", 1, True, "Deno.mkdirSync(target + '/folder')"),
    ("make a symbolic link", 1, True, "Deno.symlinkSync('/etc/passwd', target + '/symlink')"),
    ("make a hard link", 1, True, "Deno.linkSync(target + '/old', target + '/link')"),
    ("rename a file", 1, True, "Deno.renameSync(target + '/renamed', target + '/renamed again')"),
    ("remove a file", 1, True, "Deno.removeSync(target + '/removed')"),
    ("change a file's mode", 0, True, "Deno.chmodSync(target + '/old', 0o777)"),
    ("change a file's times", 0, True, "Deno.utimeSync(target + '/old', 1, 1)"),
    ("watch files", 0, True, "Deno.watchFs(target).close()"),
    ("run a shell", 1, True, "new Deno.Command('/bin/sh', {args: ['-c', 'true'], stdin: 'inherit'}).outputSync()"),
    ("run Deno again", 0, True, "new Deno.Command(Deno.execPath(), {args: ['--version'], stdin: 'inherit'}).outputSync()"),
    ("connect by TCP", 4, True, "(await Deno.connect({port: tcp})).close()"),
    ("listen by TCP", 4, True, "Deno.listen({port: 0}).close()"),
    ("send by UDP", 10, True, "await datagram(udp)"),
    ("connect to a unix socket", 9, True, "(await Deno.connect({transport: 'unix', path: unix})).close()"),
    ("look a name up", 0, False, "await dns.lookup('localhost')"),
    ("open the inspector", 4, True, "inspector.open(0, '127.0.0.1'); inspector.close()"),
    ("signal another process", 6, True, "Deno.kill(victim, 'SIGCONT')"),
    ("signal the parent", 6, True, "Deno.kill(Deno.ppid, 'SIGCONT')"),
    ("signal a thread of another process", 6, True, "must(c.syscall(arm ? 131 : 234, victim, victim, 18))"),  # tgkill
    ("slow another process down", 0, True, "os.setPriority(victim, 19)"),
    ("trace another process", 1, True, "must(c.ptrace(0x4206, victim))"),  # PTRACE_SEIZE
    ("get a handle on another process", 0, True, "must(c.syscall(434, victim))"),  # pidfd_open
    ("make shared memory", 0, True, "must(c.syscall(arm ? 222 : 9, 0, 4096, 3, 0x21, -1))"),  # mmap
    ("make a file in memory", 0, True, "must(c.memfd_create(text('name')))"),
    ("set a limit", 0, True, "must(c.setrlimit(7, new BigUint64Array([64n, 64n])))"),
    ("outlive the parent", 0, True, "must(c.prctl(1))"),
    ("leave its group", 0, True, "must(c.setsid())"),
    ("become another user", 1, True, "must(c.setuid(1))"),
    ("become two processes", 0, True, "must(c.fork())"),
]
ENDS_THE_OTHERS = {"become another user", "become two processes"}  # if they succeed, so not tried where they may
REFUSED = re.compile(r"PermissionDenied|os error (1|13)\b|\bEPERM\b|\bEACCES\b|EAI_AGAIN")

HARNESS = """
const {target, tcp, udp, unix, victim, home, deno} = JSON.parse(Deno.args[0]), arm = Deno.build.arch === "aarch64";
const [dns, inspector, os, dgram] = await Promise.all(
  ["dns/promises", "inspector", "os", "dgram"].map(async (name) => (await import("node:" + name)).default),
);
const datagram = (port) => new Promise((done, fail) => {
  const socket = dgram.createSocket("udp4").on("error", fail);
  socket.send("1", port, "127.0.0.1", (error) => { socket.close(); error ? fail(error) : done(); });
});
const numbers = (count) => Array(count).fill("i64");
const functions = {
  ptrace: numbers(4), syscall: numbers(7), memfd_create: ["buffer", "i64"], truncate: ["buffer", "i64"], setrlimit: ["i64", "buffer"],
  prctl: numbers(5), setsid: [], setuid: numbers(1), fork: [], execv: ["buffer", "buffer"],
};
const library = Deno.dlopen("libc.so.6", {
  ...Object.fromEntries(Object.entries(functions).map(([name, parameters]) => [name, {parameters, result: "i32"}])),
  __errno_location: {parameters: [], result: "pointer"},
}).symbols;
const c = Object.fromEntries(Object.entries(functions).map(([name, parameters]) =>
  [name, (...given) => library[name](...given, ...Array(parameters.length - given.length).fill(0))]
));
function must(result) {
  if (result !== -1) return;
  throw new Error(`os error ${new Deno.UnsafePointerView(library.__errno_location()).getInt32()}`);
}
const text = (of) => new TextEncoder().encode(of + "\\0");
function become(program, ...args) {
  const texts = [program, ...args].map(text);
  const places = texts.map((bytes) => BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes))));
  must(c.execv(texts[0], new BigUint64Array([...places, 0n])));
}
const told = {};
async function attempt(name, body) {
  try { await body(); told[name] = "done"; } catch (error) { told[name] = `${error.name}: ${error.message}`; }
}
"""


@contextlib.contextmanager
def surroundings() -> Generator[dict[str, str | int]]:
    """Everything that a probe needs to succeed, if nothing holds it."""
    with contextlib.ExitStack() as stack:
        target = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        target.chmod(0o777)
        for name in ("old", "renamed", "removed"):
            (target / name).write_text("text")
            (target / name).chmod(0o666)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(target / "socket"))
        unix.listen()
        (target / "socket").chmod(0o777)
        waits = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        victim = stack.enter_context(subprocess.Popen(waits, stdin=subprocess.PIPE))
        yield {
            "target": str(target),
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "unix": str(target / "socket"),
            "victim": victim.pid,
            "home": str(Path.home()),
            "deno": find_deno_bin(),
        }
        assert victim.poll() is None


def attack(names: Collection[str], *, only: list[LayerName] | None = None, user: int | None = None) -> dict[str, str]:
    """How each probe went: `done`, or the error."""
    attempts = "".join(
        f"await attempt({json.dumps(name)}, async () => {{ {body}; }});\n" for name, _, _, body in PROBES if name in names
    )
    with surroundings() as around:
        code = HARNESS + attempts + "console.log(JSON.stringify(told)); Deno.exit(0);"
        ended = run([*deno_argv(code, "-A"), json.dumps(around)], only=only, user=user)
    assert ended.status == 0, ended.err
    return json.loads(ended.out)


def landlock_abi() -> int:
    layers = Layers.probe(deno=Path(find_deno_bin()), readable=[], open_files=24, memory_mb=100, only=frozenset({"landlock"}))
    layers.close()
    found = {layer.name: layer for layer in layers.report}["landlock"]
    return int(found.detail.removeprefix("ABI ")) if found.active else 0


ALL = [name for name, _, _, _ in PROBES]
BARE = [name for name in ALL if name not in ENDS_THE_OTHERS]
ABI = landlock_abi()
BY_LANDLOCK = [name for name, since, _, _ in PROBES if 0 < since <= ABI]
BY_SECCOMP = [name for name, _, refused, _ in PROBES if refused]


@pytest.fixture(scope="module")
def bare() -> dict[str, str]:
    return attack(BARE, only=[])


@pytest.fixture(scope="module", params=USERS)
def under_all(request: pytest.FixtureRequest) -> dict[str, str]:
    return attack(ALL, user=request.param)


@pytest.fixture(scope="module")
def under_landlock() -> dict[str, str]:
    return attack(BY_LANDLOCK, only=["landlock"])


@pytest.fixture(scope="module")
def under_seccomp() -> dict[str, str]:
    return attack(BY_SECCOMP, only=["seccomp"])


@pytest.mark.parametrize("probe", BARE)
def test_bare_it_succeeds(bare: dict[str, str], probe: str):
    assert bare[probe] == "done"


@pytest.mark.parametrize("probe", ALL)
def test_under_all_layers_it_is_refused(under_all: dict[str, str], probe: str):
    assert REFUSED.search(under_all[probe]), under_all[probe]


@pytest.mark.parametrize("probe", BY_LANDLOCK)
def test_under_landlock_alone_it_is_refused(under_landlock: dict[str, str], probe: str):
    assert REFUSED.search(under_landlock[probe]), under_landlock[probe]


@pytest.mark.parametrize("probe", BY_SECCOMP)
def test_under_seccomp_alone_it_is_refused(under_seccomp: dict[str, str], probe: str):
    assert REFUSED.search(under_seccomp[probe]), under_seccomp[probe]


MAPS_OF = {"its own": "self", "its parent's": "${Deno.ppid}", "another process'": "${victim}"}


@pytest.mark.parametrize("user", USERS)
def test_a_process_that_may_read_its_own_maps_reads_no_others_and_no_more_of_its_own(user: int | None):
    files = {**{f"{whose} maps": f"{who}/maps" for whose, who in MAPS_OF.items()}, "its own environment": "self/environ"}
    attempts = "".join(f"await attempt(`{name}`, () => Deno.readFileSync(`/proc/{file}`));" for name, file in files.items())
    with surroundings() as around:
        code = f"{HARNESS}{attempts} console.log(JSON.stringify(told)); Deno.exit(0);"
        ended = run([*deno_argv(code, "-A"), json.dumps(around)], user=user, own_maps=True)
    told: dict[str, str] = json.loads(ended.out)
    assert {name: bool(REFUSED.search(answer)) for name, answer in told.items()} == {
        "its own maps": False,
        "its parent's maps": True,
        "another process' maps": True,
        "its own environment": True,
    }


def replace_itself(program: str, *, only: list[LayerName] | None) -> str:
    """What is printed when a worker, from inside, becomes `program` (JavaScript: a path and arguments) without a new process."""
    code = f"{HARNESS} try {{ become({program}); }} catch (error) {{ console.log(error.message); }}"
    with surroundings() as around:
        return run([*deno_argv(code, "-A"), json.dumps(around)], only=only).out.strip()


A_SHELL = "'/bin/sh', '-c', 'echo escaped'"
ANOTHER_DENO = (
    "deno, 'eval', `try { Deno.readFileSync('/etc/passwd'); console.log('escaped'); } catch (e) { console.log(e.message); }`"
)


@pytest.mark.parametrize("program", [A_SHELL, ANOTHER_DENO], ids=["a shell", "another Deno"])
def test_bare_a_worker_becomes_another_program(program: str):
    assert replace_itself(program, only=[]) == "escaped"


@pytest.mark.parametrize("program", [A_SHELL, ANOTHER_DENO], ids=["a shell", "another Deno, which is no freer"])
def test_under_all_layers_a_worker_becomes_nothing_that_reads_files(program: str):
    assert REFUSED.search(replace_itself(program, only=None))
