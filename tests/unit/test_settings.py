"""Settings: four sources in their order, and a bad value that names itself."""

from pathlib import Path

import pytest

from mcp_codeexec.errors import SettingsError
from mcp_codeexec.settings import Settings


@pytest.fixture(autouse=True)
def _no_config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("", "utf-8")
    monkeypatch.setenv("MCP_CODEEXEC_CONFIG", str(config))


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text, "utf-8")


def test_the_defaults_are_the_limits_that_the_product_promises() -> None:
    settings = Settings.load()
    limits = (settings.timeout_ms, settings.max_timeout_ms, settings.memory_mb, settings.code_kb, settings.string_kb)
    assert limits == (5_000, 50_000, 100, 100, 10)
    pool = (settings.spare_workers, settings.live_sessions, settings.waiting_per_session, settings.keep_days)
    assert pool == (10, 32, 8, 7)
    assert (settings.console_head_kb, settings.console_tail_kb, settings.answer_chars) == (700, 300, 8_000)


def test_flags_win_over_environment_over_file_over_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Settings.load().memory_mb == 100
    configure(tmp_path, "memory_mb = 128\n")
    assert Settings.load().memory_mb == 128
    monkeypatch.setenv("MCP_CODEEXEC_MEMORY_MB", "160")
    assert Settings.load().memory_mb == 160
    assert Settings.load({"memory_mb": "192"}).memory_mb == 192
    assert Settings.load({"memory_mb": None}).memory_mb == 160


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"memory_mb": "lots"}, "memory_mb: Input should be a valid integer"),
        ({"timeout_ms": 0}, "timeout_ms: Input should be greater than or equal to 1"),
        ({"log_level": "loud"}, "log_level: "),
        ({"owner": ""}, "owner: "),
        ({"timeout_ms": 60_000}, "timeout_ms is larger than max_timeout_ms"),
        ({"memroy_mb": 100}, "memroy_mb: Extra inputs are not permitted"),
    ],
)
def test_a_bad_value_names_itself(flags: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        Settings.load(flags)
    assert "config.toml" in caught.value.hint


@pytest.mark.parametrize("text", ["memory_mb = \n", "unknown = 1\n", "\xff"])
def test_a_bad_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError):
        Settings.load()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().memory_mb = 1  # pyright: ignore[reportAttributeAccessIssue]
