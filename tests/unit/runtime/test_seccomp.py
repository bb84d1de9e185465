"""The system call filter: its numbers against kernel headers and C library, its verdicts by running it for both machines."""

import json
import platform
import re
import signal
import sys
from pathlib import Path

import pytest

from mcp_codeexec.runtime.layers import syscalls
from mcp_codeexec.runtime.layers.seccomp import OWN_PROCESS, assemble
from mcp_codeexec.runtime.layers.syscalls import Machine
from tests.unit.runtime.layered import run

ARCHITECTURE: dict[Machine, int] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES: tuple[Machine, ...] = ("x86_64", "aarch64")
OWN = 4_321


def verdict(machine: Machine, number: int, *arguments: int, architecture: int = 0) -> str:
    """What the filter says about a call, by interpreting it as the kernel does."""
    words = [number, architecture or ARCHITECTURE[machine], 0, 0]
    for argument in (*arguments, *(0,) * (6 - len(arguments))):
        words += [argument & 0xFFFFFFFF, argument >> 32]
    program, place, accumulator = assemble(machine), 0, 0
    while True:
        code, if_true, if_false, k = program[place]
        k = OWN if k == OWN_PROCESS else k
        place += 1
        match code:
            case 0x20:
                accumulator = words[k // 4]
            case 0x54:
                accumulator &= k
            case 0x15:
                place += if_true if accumulator == k else if_false
            case 0x25:
                place += if_true if accumulator > k else if_false
            case 0x45:
                place += if_true if accumulator & k else if_false
            case 0x06:
                return {0x7FFF0000: "allow", 0x80000000: "kill", 0x50001: "EPERM", 0x50026: "ENOSYS"}[k]
            case _:
                raise AssertionError(f"no opcode {code:#x}")


def number_of(name: str, machine: Machine) -> int:
    number = syscalls.number(name, machine)
    assert number is not None
    return number


@pytest.mark.parametrize("machine", MACHINES)
def test_every_listed_call_is_refused(machine: Machine):
    for table, answer in ((syscalls.REFUSED, "EPERM"), (syscalls.ABSENT, "ENOSYS")):
        for name in table:
            number = syscalls.number(name, machine)
            assert number is None or verdict(machine, number) == answer, name


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("clone", (0x003D0F00,), "allow"),  # as pthread_create does
        ("clone", (0x01200011,), "EPERM"),  # as fork does
        ("clone", (0xFFFEFFFF,), "EPERM"),  # all that is not a thread
        ("kill", (OWN, 6), "allow"),
        ("kill", (OWN + 1, 9), "EPERM"),
        ("kill", (0, 9), "EPERM"),  # the own group
        ("kill", (0xFFFFFFFF, 9), "EPERM"),  # -1: everybody
        ("tgkill", (OWN, OWN + 3, 6), "allow"),
        ("tgkill", (OWN + 1, OWN + 1, 9), "EPERM"),
        ("openat", (0xFFFFFF9C, 1, 0o2000000), "allow"),  # O_CLOEXEC, to read
        ("openat", (0xFFFFFF9C, 1, 0o1), "EPERM"),
        ("openat", (0xFFFFFF9C, 1, 0o2), "EPERM"),
        ("openat", (0xFFFFFF9C, 1, 0o100), "EPERM"),
        ("openat", (0xFFFFFF9C, 1, 0o1000), "EPERM"),
        ("mmap", (0, 4096, 3, 0x22), "allow"),  # private, anonymous
        ("mmap", (0, 4096, 1, 0x01, 5), "allow"),  # a file, shared
        ("mmap", (0, 4096, 3, 0x21), "EPERM"),
        ("mmap", (0, 4096, 3, 0x23), "EPERM"),  # MAP_SHARED_VALIDATE
        ("socketpair", (1, 1, 0, 8), "allow"),
        ("socketpair", (2, 1, 0, 8), "EPERM"),
        ("prctl", (15, 1), "allow"),  # PR_SET_NAME
        ("prctl", (1, 0), "EPERM"),  # PR_SET_PDEATHSIG
        ("prlimit64", (0, 7, 0, 0x7FFF00000000), "allow"),
        ("prlimit64", (0, 7, 0x1000, 0), "EPERM"),
        ("prlimit64", (0, 7, 0x100000000, 0), "EPERM"),
        ("fcntl", (5, 1030, 3), "allow"),  # F_DUPFD_CLOEXEC
        ("fcntl", (5, 8, 1), "EPERM"),  # F_SETOWN
        ("fcntl", (5, 10, 9), "EPERM"),  # F_SETSIG
        ("ioctl", (0, 0x5401), "allow"),  # TCGETS
        ("ioctl", (0, 0x5412), "EPERM"),  # TIOCSTI
        ("ioctl", (0, 0x8901), "EPERM"),  # FIOSETOWN
    ],
)
def test_arguments_decide(machine: Machine, name: str, arguments: tuple[int, ...], expected: str):
    assert verdict(machine, number_of(name, machine), *arguments) == expected


@pytest.mark.parametrize(
    ("machine", "names"),
    [
        ("x86_64", {"read": 0, "write": 1, "futex": 202, "execve": 59}),
        ("aarch64", {"read": 63, "write": 64, "futex": 98, "execve": 221}),
    ],
)
def test_what_every_program_needs_is_allowed(machine: Machine, names: dict[str, int]):
    assert {verdict(machine, number) for number in names.values()} == {"allow"}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("number", [451, 0x3FFFFFFF])
def test_calls_newer_than_the_list_do_not_exist(machine: Machine, number: int):
    assert verdict(machine, 450) == "allow"
    assert verdict(machine, number) == "ENOSYS"


@pytest.mark.parametrize(
    ("machine", "number", "architecture"),
    [
        ("x86_64", 1, 0x40000003),  # i386
        ("x86_64", 64, ARCHITECTURE["aarch64"]),
        ("x86_64", 0x40000000, 0),  # x32
        ("aarch64", 4, 0x40000028),  # arm
    ],
)
def test_other_architectures_end_the_process(machine: Machine, number: int, architecture: int):
    assert verdict(machine, number, architecture=architecture) == "kill"


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_is_a_valid_program(machine: Machine):
    program = assemble(machine)
    assert len(program) < 4_096
    for place, (code, if_true, if_false, _) in enumerate(program):
        assert 0 <= if_true < 256
        assert 0 <= if_false < 256
        assert place + 1 + max(if_true, if_false) < len(program) or code == 0x06


HEADERS: list[tuple[Machine, str]] = [
    ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    ("x86_64", "/usr/include/asm/unistd_64.h"),
    ("aarch64", "/usr/include/asm-generic/unistd.h"),
]


def test_the_numbers_are_those_of_the_kernels_headers_where_they_are_installed():
    tables = {**syscalls.REFUSED, **syscalls.ABSENT, **syscalls.EXAMINED, **syscalls.OURS}
    for machine, header in HEADERS:
        path = Path(header)
        text = path.read_text() if path.exists() else ""
        known = {name: int(number) for name, number in re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", text)}
        if known:
            assert {name: known.get(name) for name in tables} == {name: syscalls.number(name, machine) for name in tables}


# The C library knows the numbers of the machine that it was built for. Every call would end, without the filter, in another error
# or in nothing: the arguments mean nothing, or no change.
BY_THE_C_LIBRARY = """
import ctypes, json, os
c = ctypes.CDLL(None, use_errno=True)
def error(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(c, name)(*arguments)
    if name.endswith("fork") and result == 0:
        os._exit(0)
    return os.strerror(ctypes.get_errno()) if result == -1 else str(result)
none = b"/proc/none"
mask = ctypes.create_string_buffer(128)
print(json.dumps({name: error(name, *arguments) for name, *arguments in [
    ("socket", 2, 1, 0), ("connect", -1, 0, 0), ("bind", -1, 0, 0), ("listen", -1, 0), ("accept", -1, 0, 0),
    ("accept4", -1, 0, 0, 0), ("sendto", -1, 0, 0, 0, 0, 0), ("sendmsg", -1, 0, 0), ("sendmmsg", -1, 0, 0, 0),
    ("setsockopt", -1, 0, 0, 0, 0),
    ("fork",), ("setsid",), ("setpgid", 0, 0), ("kill", os.getppid(), 0), ("ptrace", 99, 0, 0, 0),
    ("process_vm_readv", 0, 0, 0, 0, 0, 0), ("process_vm_writev", 0, 0, 0, 0, 0, 0), ("setpriority", 0, 0, 0),
    ("sched_setscheduler", 0, 99, 0), ("sched_setparam", 0, 0), ("sched_setaffinity", 0, 128, mask), ("setrlimit", 4, mask),
    ("mkdir", none, 0), ("mkdirat", -100, none, 0), ("rmdir", none), ("unlink", none), ("unlinkat", -100, none, 0),
    ("rename", none, none), ("renameat", -100, none, -100, none), ("link", none, none), ("symlink", none, none),
    ("mkfifo", none, 0), ("truncate", none, 0), ("chmod", none, 0), ("fchmod", -1, 0), ("chown", none, 0, 0),
    ("fchown", -1, 0, 0), ("lchown", none, 0, 0), ("utimensat", -100, none, 0, 0), ("setxattr", none, none, 0, 0, 0),
    ("lsetxattr", none, none, 0, 0, 0), ("fsetxattr", -1, none, 0, 0, 0), ("removexattr", none, none),
    ("fremovexattr", -1, none), ("open", none, os.O_RDWR), ("name_to_handle_at", -1, none, 0, 0, 0), ("inotify_init1", 0),
    ("shmget", 0, 0, 0), ("shmctl", -1, 0, 0), ("semget", 0, 0, 0), ("msgget", 1, 0), ("memfd_create", none, 0),
    ("splice", -1, 0, -1, 0, 0, 0), ("tee", -1, -1, 0, 0), ("vmsplice", -1, 0, 0, 0), ("personality", -1), ("prctl", 1, 0, 0, 0, 0),
    ("mount", 0, 0, 0, 0, 0), ("umount2", none, 0), ("chroot", none), ("unshare", 0), ("setns", -1, 0), ("swapoff", none),
    ("quotactl", -1, none, 0, 0), ("acct", none), ("klogctl", 99, 0, 0), ("sethostname", 0, -1), ("fanotify_init", -1, 0),
]}))
"""


def test_the_c_library_is_refused_every_call_it_wraps():
    ended = run([sys.executable, "-B", "-c", BY_THE_C_LIBRARY], only=["seccomp"])
    assert ended.status == 0, ended.err
    answers: dict[str, str] = json.loads(ended.out)
    assert len(answers) > 60
    assert {name: answer for name, answer in answers.items() if answer != "Operation not permitted"} == {}


@pytest.mark.parametrize(
    ("number", "ends"),
    [
        (451, (0, "-1 38\n")),
        (0x40000000 + 39, (-signal.SIGSYS, "") if platform.machine() == "x86_64" else (0, "-1 38\n")),
    ],
    ids=["newer", "x32"],
)
def test_the_kernel_agrees_with_the_interpreter(number: int, ends: tuple[int, str]):
    code = f"import ctypes; c = ctypes.CDLL(None, use_errno=True); print(c.syscall({number}), ctypes.get_errno())"
    ended = run([sys.executable, "-B", "-c", code], only=["seccomp"])
    assert (ended.status, ended.out) == ends
