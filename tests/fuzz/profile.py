"""How many examples the tests of this folder take: `make fuzz` asks for many."""

import os

from hypothesis import settings

LONG = os.environ.get("CODEEXEC_FUZZ") == "long"


def examples(short: int, long: int) -> settings:
    """So many in `make test`, always the same ones; so many in `make fuzz`, new ones each time."""
    return settings(settings.get_profile("long" if LONG else "short"), max_examples=long if LONG else short)
