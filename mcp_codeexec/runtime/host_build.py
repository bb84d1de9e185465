"""Building the host side's JavaScript, by the Deno that will run it: deno_host/build.ts."""

import re
import subprocess
from pathlib import Path

from pydantic import BaseModel, ValidationError

from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.runtime import command

_BUILD_S = 30
_OLDEST = (2, 9, 4)  # older ones have known holes in their permissions
_INSTALL = "Deno 2.9.4 or newer is needed: pip install 'deno>=2.9.4,<2.10'"


class Built(BaseModel):
    """What the build says: JavaScript by file name, this Deno's builtin modules, its version."""

    files: dict[str, str]
    builtins: list[str]
    deno: str


def build(deno: Path, folder: Path) -> Built:
    """Have `deno` build what is in `folder`. Raises RuntimeUnavailable: it cannot, or is too old."""
    built = _asked(deno, folder)
    if _version(built.deno) < _OLDEST:
        raise RuntimeUnavailable(f"Deno {built.deno} at {deno} is too old.", hint=_INSTALL)
    return built


def _version(text: str) -> tuple[int, ...]:
    """The numbers of a version; a pre-release counts as its release."""
    numbers = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in numbers[0].split(".")) if numbers else (0,)


def _asked(deno: Path, folder: Path) -> Built:
    argv = [str(deno), "run", "--no-prompt", "--no-remote", "--no-npm", "--no-config", "--no-lock", f"--allow-read={folder}"]
    try:
        done = subprocess.run(  # noqa: S603 - our own build script, our own arguments
            [*argv, str(folder / "build.ts")],
            env=command.environment(),
            capture_output=True,
            timeout=_BUILD_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeUnavailable(f"Deno at {deno} did not answer within {_BUILD_S} s.") from None
    except OSError as exc:
        raise RuntimeUnavailable(
            f"Deno at {deno} cannot be run: {exc.strerror}.", hint="pip install --force-reinstall deno"
        ) from None
    try:
        return Built.model_validate_json(done.stdout if done.returncode == 0 else b"")
    except ValidationError:
        raise RuntimeUnavailable(
            f"Deno at {deno} could not build the worker's files (exit {done.returncode}).", hint=_INSTALL
        ) from None
