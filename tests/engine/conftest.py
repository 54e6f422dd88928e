"""Random comparisons are many where machines check, and few where people wait."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.support.needs import in_ci

settings.register_profile(
    "engine", max_examples=28 if in_ci() else 6, deadline=None, suppress_health_check=list(HealthCheck)
)
