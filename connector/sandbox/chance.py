"""Repeatable chance: the same seed gives the same sandbox."""

from __future__ import annotations

from random import Random


def seeded(seed: int) -> Random:
    """Give a source of chance that any run can repeat."""
    return Random(seed)  # noqa: S311 - a population to play with holds no secret


def likely(chance: Random, share: float) -> bool:
    """Tell true in this share of all cases, 0 to 1."""
    return chance.random() < share
