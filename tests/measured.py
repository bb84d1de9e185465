"""What a process needs in its environment to count for `make coverage`; nothing at all in other runs."""

import os


def measured() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
