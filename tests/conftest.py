"""A law is about what is true, never about how fast the machine is that tries it."""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# a worker of pytest-xdist has no file; DuckDB takes that for a person at a prompt, and on a slow machine draws a bar
# of progress into what the tests read
main = sys.modules["__main__"]
if not hasattr(main, "__file__"):
    main.__file__ = __file__
