"""Random comparisons are many where machines check, and few where people wait."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.support.needs import examples

settings.register_profile(
    "engine", max_examples=examples(6, 28), deadline=None, suppress_health_check=list(HealthCheck)
)
