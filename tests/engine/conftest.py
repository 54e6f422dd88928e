"""Random comparisons are many where machines check, and few where people wait."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "engine", max_examples=40 if os.environ.get("CI") else 6, deadline=None, suppress_health_check=list(HealthCheck)
)
