"""The error tree.

    CodeExecError                what we anticipated; its text is written for the model or the operator who reads it
    ├── NotRun                   nothing ran, nothing changed: the caller can act on it
    │   ├── BadArguments         an argument is wrong
    │   ├── SessionNotFound      no such session, or not the caller's: both read alike
    │   ├── VariableNotFound     the session has no such name or path
    │   ├── RunNotFound          the session has no such run or part
    │   └── Busy                 a queue is full
    ├── FileRefused              a file of the workspace cannot be read or written as asked
    ├── Withheld                 it ran and its state is kept, but the answer could not be filtered
    ├── StoreUnavailable         the database cannot be used: unreadable, newer, locked
    ├── SettingsError            a setting has a bad value; names it
    └── RuntimeUnavailable       Deno is missing, too old, hangs or dies at start
        └── WorkerDied           a worker process ended before it answered

Anything that is not a `CodeExecError` is a crash of ours: it is logged, and its text never reaches the model.
"""


class CodeExecError(Exception):
    """Base of everything anticipated.

    `str(error)` is the sentence shown: what was wrong, and where. `hint` says what to do next; it may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NotRun(CodeExecError):
    """Nothing ran and nothing changed."""


class BadArguments(NotRun):
    """An argument of a tool, of the Python API or of the command line is wrong."""


class SessionNotFound(NotRun):
    """Unknown, expired or somebody else's session."""


class VariableNotFound(NotRun):
    """The session has no variable of that name, or the value has nothing at that path."""


class RunNotFound(NotRun):
    """The session's history has no such run, or the run has no such part."""


class Busy(NotRun):
    """Too many calls wait already, for this session or in all."""


class FileRefused(CodeExecError):
    """A file cannot be read or written: its name, its size, or that it is not there. The running code sees it as an Error."""


class Withheld(CodeExecError):
    """A detector failed, so the answer is kept back: never passed through unfiltered."""


class StoreUnavailable(CodeExecError):
    """The session database cannot be opened, read or written."""


class SettingsError(CodeExecError):
    """A setting has a value that cannot be used."""


class RuntimeUnavailable(CodeExecError):
    """No Deno process can be had; the sentence says why."""


class WorkerDied(RuntimeUnavailable):
    """A worker process ended, or was killed for breaking the protocol, before it answered."""
