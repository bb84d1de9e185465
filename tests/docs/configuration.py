"""docs/configuration.md: every setting, from `Settings`; what each is for are the words of its own description."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic.fields import FieldInfo

from mcp_codeexec.cli import has_flag, shown_default
from mcp_codeexec.settings import ENV_PREFIX, Settings
from tests.docs.table import table

# A title, and the setting that its table begins with.
SECTIONS = {
    "Where sessions are kept, for whom and how long": "data_dir",
    "The sandbox": "strict",
    "Limits of a run": "timeout_ms",
    "Files": "workspace_mb",
    "The output filter": "personal_data",
    "Processes and queues": "spare_workers",
}
UNITS = {"_ms": "ms", "_s": "s", "_kb": "KB", "_mb": "MB", "_days": "days"}

_HEAD = f"""\
# Settings

Made from `mcp_codeexec/settings.py`. A setting comes from the first of these that has it: a flag, a variable of the environment, the
configuration file, its default. The file is `config.toml` in the user's configuration folder (`mcp-codeexec doctor` says where that is), or
what `--config FILE` or `{ENV_PREFIX}CONFIG` names; its keys are the names below. KB is 1,024 bytes, MB 1,048,576. A value out of its
bounds, and a name that is not below, end the program with exit code 2 and a sentence that names the setting.

```toml
keep_days = 30
memory_mb = 256
personal_data = ["email", "card"]
input = ["/srv/data"]
```

Lists are given as a flag once for each item, in the environment as JSON: `{ENV_PREFIX}PERSONAL_DATA='["email", "card"]'`.
A switch is a flag without a value, and `1` or `true` in the environment.
"""
_TAIL = f"""
## Not settings

| variable | |
|---|---|
| `{ENV_PREFIX}CONFIG` | the configuration file, as `--config` |
| `{ENV_PREFIX}UNSAFE` | `1` lets the server start with a layer switched off by `without_validator` or `without_deno_walls` |
"""


def page() -> str:
    return _HEAD + "".join(f"\n## {title}\n\n{table(_COLUMNS, rows)}" for title, rows in _sections()) + _TAIL


_COLUMNS = ("setting", "default", "bounds", "what for", "flag", "environment")


def _sections() -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    titles = {first: title for title, first in SECTIONS.items()}
    title, rows = "", list[tuple[str, ...]]()
    for name, field in Settings.model_fields.items():
        if name in titles:
            if rows:
                yield title, rows
            title, rows = titles.pop(name), []
        rows.append(_row(name, field))
    assert not titles, f"no such settings: {', '.join(titles)}"
    yield title, rows


def _row(name: str, field: FieldInfo) -> tuple[str, ...]:
    assert field.description, f"{name} has no description"
    flag = f"`--{name.replace('_', '-')}`" if has_flag(name) else "none"
    return f"`{name}`", _default(name, field), _bounds(field), field.description, flag, f"`{ENV_PREFIX}{name.upper()}`"


def _default(name: str, field: FieldInfo) -> str:
    default: Any = field.default
    if field.default_factory is not None:
        return shown_default(name)
    if default in (None, (), ""):
        return "none"
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, tuple):
        return "all of them"
    unit = next((word for ending, word in UNITS.items() if name.endswith(ending)), "")
    return f"{default:,} {unit}".rstrip() if isinstance(default, int | float) else f"`{default}`"


def _choices(annotation: object) -> Iterator[str]:
    """The words of a Literal, of several, or of a list of them."""
    for kind in get_args(annotation):
        if isinstance(kind, str):
            yield kind
        else:
            yield from _choices(kind)


def _bounds(field: FieldInfo) -> str:
    if words := list(_choices(field.annotation)):
        return ", ".join(f"`{word}`" for word in words)
    signs = {"Ge": ("from", "ge"), "Gt": ("above", "gt"), "Le": ("to", "le"), "Lt": ("below", "lt")}
    told = [(signs[type(bound).__name__], bound) for bound in field.metadata if type(bound).__name__ in signs]
    return " ".join(f"{word} {getattr(bound, attribute):,}" for (word, attribute), bound in told)
