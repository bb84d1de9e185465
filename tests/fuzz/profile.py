"""How many examples the tests of this folder take: `make fuzz` asks for many."""

import os

from hypothesis import settings

LONG = os.environ.get("CODEEXEC_FUZZ") == "long"
fuzzed = settings.get_profile("long" if LONG else "short")
costly = settings(fuzzed, max_examples=2_000 if LONG else 50)  # examples that take long to make or to try
