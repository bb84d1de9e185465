"""Runs a program under the kernel layers, as this or as an ordinary user.

`run` asks, and this module, run as a program, does it: a process of its own can change its user, and is small, which counts because
a child's peak of memory starts at its parent's.
"""

import base64
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from deno import find_deno_bin

from mcp_codeexec.runtime.layers import LayerName, Layers

ROOT = Path(__file__).parents[3]
NOBODY = 65534
USERS: list[int | None] = [None, NOBODY] if os.getuid() == 0 else [None]
MEMORY_MB = 100
DENO_ENVIRONMENT = {
    "DENO_EMIT_CACHE_MODE": "disable",
    "DENO_DIR": "/proc/none",
    "HOME": "/proc/none",
    "NO_COLOR": "1",
    "DENO_NO_UPDATE_CHECK": "1",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; `status` is negative for a signal, `peak_mb` the most resident memory it had."""

    status: int
    out: str
    err: str
    peak_mb: float


def deno_argv(code: str, *flags: str) -> list[str]:
    """Deno running a text as its main module."""
    fixed = ("--no-prompt", "--no-remote", "--no-npm", "--cached-only", "--no-config", "--no-lock", "--no-code-cache")
    return [find_deno_bin(), "run", *fixed, *flags, "data:text/javascript;base64," + base64.b64encode(code.encode()).decode()]


def run(
    argv: list[str],
    *,
    only: Iterable[LayerName] | None = None,
    user: int | None = None,
    limited: bool = False,
    own_maps: bool = False,
) -> Ended:
    """Run `argv` under the layers `only` (all by default, none if empty), and wait for its end.

    `limited`: limit its memory when it has printed a line, then give it one to read. `own_maps` as for `Layers.probe`.
    """
    asked = {"argv": argv, "only": None if only is None else sorted(only), "user": user, "limited": limited, "own_maps": own_maps}
    done = subprocess.run(
        [sys.executable, "-B", "-m", __name__],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Ended(**json.loads(done.stdout))


def _main() -> None:
    asked = json.load(sys.stdin)
    argv = asked["argv"]
    if asked["user"] is not None:  # in here, not by Popen(user=…): the interpreter may lie in root's home
        os.setgroups([])
        os.setgid(asked["user"])
        os.setuid(asked["user"])
        assert os.access(argv[0], os.X_OK), "to test as an ordinary user, others must be able to reach the checkout"
    only = None if asked["only"] is None else frozenset(asked["only"])
    layers = Layers.probe(
        deno=Path(argv[0]), readable=[], open_files=24, memory_mb=MEMORY_MB, only=only, own_maps=asked["own_maps"]
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env=DENO_ENVIRONMENT,
        cwd="/",
        preexec_fn=layers.in_child,  # noqa: PLW1509 - it is what is tested
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        out = b""
        if asked["limited"]:
            out = process.stdout.readline()
            layers.limit_memory(process.pid)
            process.stdin.write(b"go\n")
        process.stdin.close()
        out += process.stdout.read()
        err = process.stderr.read()
        status = process.wait()
    layers.close()
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps(asdict(Ended(status, out.decode(), err.decode(), peak_mb))))


if __name__ == "__main__":
    _main()
