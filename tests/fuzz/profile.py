"""How many examples the tests of this folder take: `make fuzz` asks for many."""

import os

from hypothesis import settings

LONG = os.environ.get("CODEEXEC_FUZZ") == "long"
fuzzed = settings.get_profile("long" if LONG else "short")
