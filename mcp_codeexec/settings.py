"""One Settings: defaults < configuration file < environment (`MCP_CODEEXEC_*`) < flags.

Every limit that the product promises is a field here, with its unit in its name. KB is 1,024 bytes, MB 1,048,576.
"""

import getpass
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, Self

from platformdirs import user_config_path, user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mcp_codeexec.errors import SettingsError
from mcp_codeexec.filter_options import NAME_KINDS, FilterOptions, NameKind, PersonalKind
from mcp_codeexec.worker_options import WorkerOptions

APP = "mcp-codeexec"
ENV_PREFIX = "MCP_CODEEXEC_"


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's uid may have no name
        return str(os.getuid()) if hasattr(os, "getuid") else "user"


class Settings(BaseSettings):
    """Everything an operator can choose. `Settings.load()` reads all sources; the constructor alone reads the environment."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Field(
        default_factory=lambda: user_data_path(APP), description="Folder of the session database, `sessions.db`; made if missing."
    )
    ephemeral: bool = Field(default=False, description="Keep the store in memory: nothing outlives the process.")
    owner: str = Field(
        default_factory=_os_user,
        min_length=1,
        description="Whose sessions this process serves; those of other owners it does not see.",
    )
    keep_days: float = Field(default=7, gt=0, description="Days a session is kept after its last use.")
    store_mb: int = Field(
        default=1_024, ge=16, description="Size of all sessions together; above it the least recently used are removed."
    )
    history_mb: int = Field(
        default=32, ge=1, description="Size of the records of one session; the oldest are trimmed first, the newest is always kept."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="Least level that is logged, as JSON lines on stderr."
    )
    deno: Path | None = Field(
        default=WorkerOptions.deno, description="A Deno binary to use instead of the one installed with this package."
    )

    strict: bool = Field(default=WorkerOptions.strict, description="Refuse to run code where a layer of the sandbox is missing.")
    without_validator: bool = Field(
        default=False,
        description="For tests of the other layers: every text goes to the worker. Serving needs `MCP_CODEEXEC_UNSAFE=1` with it.",
    )
    without_deno_walls: bool = Field(
        default=WorkerOptions.without_deno_walls,
        description="For tests of the other layers: Deno allows everything, and keeps every global. Serving needs "
        "`MCP_CODEEXEC_UNSAFE=1` with it.",
    )

    timeout_ms: int = Field(default=5_000, ge=1, description="Time a run gets when the caller does not say.")
    max_timeout_ms: int = Field(default=50_000, ge=1, description="The most time a caller may ask for; not below timeout_ms.")
    memory_mb: int = Field(
        default=WorkerOptions.memory_mb,
        ge=64,
        description="Memory of one worker process, of which about half is Deno's own; a run that needs more is undone.",
    )
    open_files: int = Field(
        default=WorkerOptions.open_files,
        ge=16,
        description="File descriptors of one worker process; Deno itself needs 14, and code has no use for any.",
    )
    code_kb: int = Field(default=100, ge=1, description="Size of one submitted text, as UTF-8.")
    string_kb: int = Field(default=10, ge=1, description="Size of one string literal or template part, as UTF-8.")
    code_depth: int = Field(default=1_000, ge=10, description="Nesting depth of the syntax tree of a submitted text.")
    console_head_kb: int = Field(
        default=WorkerOptions.console_head_kb, ge=1, description="Console output kept from the start of a run; the rest is counted."
    )
    console_tail_kb: int = Field(
        default=WorkerOptions.console_tail_kb, ge=1, description="Console output kept from the end of a run."
    )
    answer_chars: int = Field(
        default=8_000, ge=1_000, description="Characters of one answer to the model; a page has three quarters."
    )
    frame_mb: int = Field(default=2, ge=1, description="Largest frame between server and worker.")
    host_frame_mb: int = Field(
        default=16,
        ge=1,
        description="Largest frame of a host call (`files.*`, and `host.*` of the Python API), its bytes included.",
    )
    host_calls: int = Field(default=1_000, ge=1, description="Host calls of one run.")
    host_call_s: float = Field(
        default=60,
        gt=0,
        description="Seconds that one host call may take; a run's clock stands still meanwhile, but not for `files.*`.",
    )

    workspace_mb: int = Field(default=10, ge=1, le=15, description="Files of one session, and one file that is offered to all.")
    input: tuple[Path, ...] = Field(
        default=(), description="Files and folders of the host that the code of every session may read under `inputs/`."
    )

    personal_data: tuple[PersonalKind | NameKind, ...] = Field(
        default=FilterOptions.personal_data, description="Kinds of personal data that answers show as tokens."
    )
    allow: tuple[str, ...] = Field(
        default=FilterOptions.allow, description="Texts that are never hidden, such as an address, or @example.com for all of it."
    )
    name_model: str = Field(
        default=FilterOptions.name_model,
        description="Installed spaCy pipeline, or its folder, to find names of people and addresses with; none: they stay.",
    )
    secret_variables: tuple[str, ...] = Field(
        default=(), description="Environment variables whose values are secret; those named like a credential are anyway."
    )
    secret_values: tuple[SecretStr, ...] = Field(default=(), description="Values that are secret; not as a flag.")
    tokens_per_run: int = Field(
        default=5_000, ge=0, description="New tokens for personal data in one run; what is more is redacted."
    )
    tokens_per_session: int = Field(
        default=20_000, ge=0, description="Tokens for personal data of one session; what is more is redacted."
    )

    spare_workers: int = Field(
        default=10, ge=1, description="Blank workers kept ready: so many new or suspended sessions at once start without a wait."
    )
    spare_idle_s: float = Field(default=300, gt=0, description="Seconds without a claim after which spares retire to two.")
    live_sessions: int = Field(
        default=32, ge=1, description="Sessions with a process of their own; above it the least recently used is suspended."
    )
    session_idle_s: float = Field(
        default=900,
        gt=0,
        description="Seconds without a call after which a session's process is freed, unless it holds something `live_only`.",
    )
    concurrent_runs: int = Field(default_factory=lambda: os.cpu_count() or 2, ge=1, description="Runs at one moment.")
    waiting_runs: int = Field(default=64, ge=1, description="Runs that may wait for a free place, over all sessions.")
    waiting_per_session: int = Field(default=8, ge=1, description="Runs of one session that may wait for their turn.")
    worker_start_s: float = Field(default=10, gt=0, description="Seconds a worker may take to start.")

    @field_validator("name_model")
    @classmethod
    def _installed(cls, model: str) -> str:
        """Looked for only, not loaded: spaCy takes seconds."""
        from importlib.util import find_spec  # noqa: PLC0415

        if model and find_spec("spacy") is None:
            raise ValueError("spaCy is not installed: pip install 'mcp-codeexec[names]'")
        if model and not _is_pipeline(model):
            raise ValueError(
                f"there is no spaCy pipeline {model!r} among the installed packages, nor a folder of one: install it, or give the folder"
            )
        return model

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.timeout_ms > self.max_timeout_ms:
            raise ValueError("timeout_ms is larger than max_timeout_ms")
        named = [kind for kind in NAME_KINDS if "personal_data" in self.model_fields_set and kind in self.personal_data]
        if named and not self.name_model:
            raise ValueError(f"personal_data has {' and '.join(named)}, which only a name_model finds")
        return self

    def refuse_unsafe(self) -> None:
        """For what serves others. Raises SettingsError where a layer is switched off, unless `MCP_CODEEXEC_UNSAFE=1` insists."""
        off = [name for name in ("without_validator", "without_deno_walls") if getattr(self, name)]
        if off and os.environ.get(f"{ENV_PREFIX}UNSAFE") != "1":
            raise SettingsError(f"bad setting: {', '.join(off)}: only for tests of the sandbox.", hint=_where_from())

    @property
    def worker_options(self) -> WorkerOptions:
        """What a worker process is started with."""
        return WorkerOptions(**{field.name: getattr(self, field.name) for field in fields(WorkerOptions)})

    @property
    def filter_options(self) -> FilterOptions:
        """What the output filter hides and what not."""
        from mcp_codeexec.credentials import credentials  # noqa: PLC0415 - its patterns are compiled where the filter is loaded

        values = [value.get_secret_value() for value in self.secret_values]
        values += credentials(os.environ, self.secret_variables)
        return FilterOptions(self.personal_data, self.allow, self.name_model, tuple(dict.fromkeys(values)))

    @property
    def workspace_bytes(self) -> int:
        """Bytes of the files of one session."""
        return self.workspace_mb * 1_048_576

    @property
    def store_bytes(self) -> int:
        """Bytes of all sessions."""
        return self.store_mb * 1_048_576

    @property
    def history_bytes(self) -> int:
        """Bytes of the records of one session."""
        return self.history_mb * 1_048_576

    @property
    def page_chars(self) -> int:
        """Characters of a page of a value or text: an answer, with room for what is said about the page."""
        return self.answer_chars * 3 // 4

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _FileSource(settings_cls)

    @classmethod
    def load(cls, flags: Mapping[str, object] | None = None) -> "Settings":
        """Settings from all sources, `flags` last.

        Raises:
            SettingsError: a value cannot be used, or the file cannot be read; the text names the setting.
        """
        try:
            return cls(**{k: v for k, v in (flags or {}).items() if v is not None})  # pyright: ignore[reportArgumentType]
        except ValidationError as exc:
            lines = [
                f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg'].removeprefix('Value error, ')}"
                for e in exc.errors(include_url=False, include_input=False, include_context=False)
            ]
            raise SettingsError("bad setting: " + "; ".join(lines), hint=_where_from()) from None


class _FileSource(PydanticBaseSettingsSource):
    """The TOML file: `MCP_CODEEXEC_CONFIG`, else `config.toml` in the user's configuration folder, if there is one."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        path = config_file()
        try:
            text = path.read_text("utf-8")
            import tomllib  # noqa: PLC0415 - not at the start of those who have no such file

            return tomllib.loads(text)
        except FileNotFoundError:
            if os.environ.get(ENV_PREFIX + "CONFIG"):
                raise SettingsError(f"bad setting: config: there is no file {path}") from None
            return {}
        except (OSError, ValueError) as exc:  # not to be read, not UTF-8, not TOML
            raise SettingsError(f"bad setting: config: {path} cannot be read: {exc}") from None


def config_file() -> Path:
    """Where the configuration file is looked for."""
    named = os.environ.get(ENV_PREFIX + "CONFIG")
    return Path(named) if named else user_config_path(APP) / "config.toml"


def _is_pipeline(name: str) -> bool:
    """Whether spaCy would find a pipeline of that name."""
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - for those who have one

    try:
        distribution(name)
    except (PackageNotFoundError, ValueError):  # ValueError: not the name of a package
        return Path(name, "config.cfg").is_file()
    return True


def _where_from() -> str:
    return f"settings come from {config_file()}, {ENV_PREFIX}* variables and flags, the later winning"
