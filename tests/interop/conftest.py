"""What `make interop` prints: a line for each client, with what was checked."""

from collections.abc import Callable

import pytest

_LINES = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Callable[[str, str], None]:
    """Say a line at the end, about the tests whose ids have the first text in them."""
    return pytestconfig.stash.setdefault(_LINES, {}).__setitem__


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    ids = {kind: [test.nodeid for test in terminalreporter.stats.get(kind, [])] for kind in ("passed", "failed")}
    terminalreporter.section("clients")
    for part, line in config.stash.setdefault(_LINES, {}).items():
        passed, failed = (sum(part in name for name in ids[kind]) for kind in ("passed", "failed"))
        terminalreporter.line(f"{'FAILED' if failed else 'ok'}  {line}; {passed} of {passed + failed} checks passed")
