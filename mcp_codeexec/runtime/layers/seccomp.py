"""seccomp: which system calls a worker can make at all. A classic BPF program, assembled in the server, installed in the worker.

It refuses by list (`syscalls.REFUSED`) with EPERM and allows the rest of what Linux 6.0 had: what V8 needs changes with every
release, what it must never need does not. A filter sees numbers and the values of arguments, never what a pointer points to.

execve stays allowed, since the worker itself is started by it. Later ones gain nothing: no process can be made to run a program
beside this one, Landlock lets only Deno and its loader be executed, and every layer outlives the exchange.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Sequence
from typing import NamedTuple

from mcp_codeexec.runtime.layers.kernel import MACHINE, missing, system_call
from mcp_codeexec.runtime.layers.syscalls import ABSENT, NEWEST, REFUSED, Machine, number

# Opcodes of linux/bpf_common.h: load a word of the call's data, jump on the accumulator against k, return k.
_LOAD, _AND, _IF_EQUAL, _IF_GREATER, _IF_ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x45, 0x06

# struct seccomp_data: int number; u32 architecture; u64 instruction; u64 arguments[6]. Both machines are little-endian.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_SET_MODE_FILTER, _GET_ACTION_AVAILABLE = 1, 2

_CLONE_THREAD = 0x00010000
_AF_UNIX = 1
_WRITES = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
_SHARED_ANONYMOUS = 0x01 | 0x20
_SIGNALS_TO_OTHERS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX
_TERMINAL_AND_OWNER = (0x5412, 0x541C, 0x8901, 0x8902)  # TIOCSTI and TIOCLINUX type into a terminal; FIOSETOWN, SIOCSPGRP
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG

OWN_PROCESS = -1
"""In an instruction's `k`: the process that installs the filter."""


class Instruction(NamedTuple):
    """One `struct sock_filter`: opcode, how many instructions to skip when true and when false, operand."""

    code: int
    if_true: int
    if_false: int
    k: int


_ALLOW = Instruction(_RETURN, 0, 0, 0x7FFF0000)
_REFUSE = Instruction(_RETURN, 0, 0, 0x00050000 | errno.EPERM)
_NO_SUCH_CALL = Instruction(_RETURN, 0, 0, 0x00050000 | errno.ENOSYS)
_KILL = Instruction(_RETURN, 0, 0, 0x80000000)  # the whole process


def _load(offset: int) -> Instruction:
    return Instruction(_LOAD, 0, 0, offset)


def _low(argument: int) -> Instruction:
    """The lower half of an argument: all of it where the kernel takes an int."""
    return _load(_ARGUMENTS + 8 * argument)


def _high(argument: int) -> Instruction:
    return _load(_ARGUMENTS + 8 * argument + 4)


def _if_equal(k: int, *then: Instruction) -> list[Instruction]:
    return [Instruction(_IF_EQUAL, 0, len(then), k), *then]


def _if_any_bit(k: int, *then: Instruction) -> list[Instruction]:
    return [Instruction(_IF_ANY_BIT, 0, len(then), k), *then]


def _unless_any(argument: int, values: Sequence[int]) -> list[Instruction]:
    """Allowed unless the argument is one of `values`."""
    return [_low(argument), *(i for value in values for i in _if_equal(value, _REFUSE)), _ALLOW]


# What decides about a call by its arguments; each ends in a verdict.
_BY_ARGUMENTS: dict[str, list[Instruction]] = {
    "clone": [_low(0), *_if_any_bit(_CLONE_THREAD, _ALLOW), _REFUSE],  # threads, never processes
    "kill": [_low(0), *_if_equal(OWN_PROCESS, _ALLOW), _REFUSE],
    "tgkill": [_low(0), *_if_equal(OWN_PROCESS, _ALLOW), _REFUSE],  # abort() ends the process by it
    "open": [_low(1), *_if_any_bit(_WRITES, _REFUSE), _ALLOW],
    "openat": [_low(2), *_if_any_bit(_WRITES, _REFUSE), _ALLOW],
    "mmap": [  # the memory limit counts private memory only
        _low(3),
        Instruction(_AND, 0, 0, _SHARED_ANONYMOUS),
        *_if_equal(_SHARED_ANONYMOUS, _REFUSE),
        _ALLOW,
    ],
    "socketpair": [_low(0), *_if_equal(_AF_UNIX, _ALLOW), _REFUSE],
    "prctl": _unless_any(0, (_PARENT_DEATH_SIGNAL,)),
    "prlimit64": [_low(2), *_if_equal(0, _high(2), *_if_equal(0, _ALLOW)), _REFUSE],  # reading a limit passes no new one
    "fcntl": _unless_any(1, _SIGNALS_TO_OTHERS),
    "ioctl": _unless_any(1, _TERMINAL_AND_OWNER),
}


def assemble(machine: Machine) -> list[Instruction]:
    """The filter for a machine, with `OWN_PROCESS` still to be filled in."""
    program = [
        _load(_ARCHITECTURE),  # first, since every number below means another call on another architecture
        Instruction(_IF_EQUAL, 1, 0, _AUDIT_ARCHITECTURE[machine]),
        _KILL,
        _load(_NUMBER),
    ]
    if machine == "x86_64":
        program += _if_any_bit(0x40000000, _KILL)  # x32: the same calls by other numbers
    program += [Instruction(_IF_GREATER, 0, 1, NEWEST), _NO_SUCH_CALL]
    bodies = {
        **_BY_ARGUMENTS,
        **{name: [_REFUSE] for name in REFUSED},
        **{name: [_NO_SUCH_CALL] for name in ABSENT},
    }
    for name, body in bodies.items():
        if (called := number(name, machine)) is not None:
            program += _if_equal(called, *body)
    return [*program, _ALLOW]


class Filter:
    """An assembled filter in memory, ready to be installed by any number of workers."""

    def __init__(self) -> None:
        """Raises OSError when this kernel has no seccomp filters, or not the verdicts needed."""
        if MACHINE is None:
            raise missing()
        for verdict in (_REFUSE, _KILL):
            wanted = ctypes.c_uint32(verdict.k & 0xFFFF0000)
            system_call("seccomp", _GET_ACTION_AVAILABLE, 0, ctypes.addressof(wanted))
        program = assemble(MACHINE)
        packed = b"".join(struct.pack("=HBBI", i.code, i.if_true, i.if_false, max(i.k, 0)) for i in program)
        self._code = ctypes.create_string_buffer(packed, len(packed))
        self._own_process = [
            ctypes.c_uint32.from_buffer(self._code, 8 * place + 4) for place, i in enumerate(program) if i.k == OWN_PROCESS
        ]
        self._program = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(self._code)))
        self.refused = sum(number(name, MACHINE) is not None for name in REFUSED)

    def install(self) -> None:
        """Take the filter upon this process, for good. Needs no_new_privs. Raises OSError when the kernel refuses."""
        own = os.getpid()
        for word in self._own_process:
            word.value = own
        system_call("seccomp", _SET_MODE_FILTER, 0, ctypes.addressof(self._program))
