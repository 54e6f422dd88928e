"""Noise moves nobody: the buffers of domain.md 5.6, over a year of weekly runs on the shipped rules."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.model.fields import Table
from connector.rules.loading import load_texts
from tests.engine.evaluating import evaluated, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.ruleset import RuleSet

RULES = Path(__file__).parents[2] / "rules"
FILES = ("base.yaml", "pyramid.yaml", "customer-type.yaml", "tier.yaml")
"""What tiers rest on; the other models would only take time."""
WEEKS, NOISE = 52, 0.05
START = date(2026, 1, 5)
LINES = {"top": 100_000, "big": 40_000, "medium": 10_000}
FIXED = {f"pyramid.absolute_lines.{level}": line for level, line in LINES.items()}
WATCHED = ("seg_pyramid_level", "seg_customer_type", "seg_tier")
STATE = (*WATCHED, "seg_last_evaluated", "seg_signals", "seg_say_no_reasons")
Held = dict[str, dict[str, str | None]]


class Year:
    """Accounts of which only the revenue moves, run after run, each run starting from what the last one wrote."""

    def __init__(self, folder: Path, rules: RuleSet, true: Mapping[str, int], *, seed: int) -> None:
        self.folder, self.rules, self.true = folder, rules, dict(true)
        self.chance = random.Random(seed)  # noqa: S311 - a reproducible fixture, no secret
        self.held: Held = {name: {} for name in true}
        self.moves: dict[str, Counter[str]] = {name: Counter() for name in true}

    def run(self, week: int, *, steady: bool = False) -> None:
        rows = [self._row(name, steady=steady) for name in self.true]
        asked = request(self.folder / str(week), {Table.ACCOUNTS: rows}, as_of=START + timedelta(weeks=week))
        with evaluated(self.rules, asked) as evaluation:
            for verdict in evaluation.verdicts():
                now = {output: verdict.values.get(output) for output in STATE}
                before = self.held[verdict.account]
                if before:
                    self.moves[verdict.account].update(name for name in WATCHED if before[name] != now[name])
                self.held[verdict.account] = now

    def _row(self, name: str, *, steady: bool) -> dict[str, str | None]:
        swing = 0 if steady else self.chance.uniform(-NOISE, NOISE)
        revenue = f"{self.true[name] * (1 + swing):.2f}"
        potential = {"growth_potential": "low" if name.endswith("L") else "high"}
        return {"account_id": name, "invoiced_revenue_12m": revenue, **potential, **self.held[name]}


def around_every_line() -> dict[str, int]:
    """Two accounts, of low and high potential, on, just under and just over each line, and a base of small ones."""
    near = {
        f"{level}{place}{potential}": line * place // 100
        for level, line in LINES.items()
        for place in (97, 99, 100, 101, 103)
        for potential in "LH"
    }
    return near | {f"base{number}{'LH'[number % 2]}": 500 + 37 * number for number in range(60)}


@pytest.mark.slow
def test_noise_around_every_line_moves_nobody_and_a_true_crossing_moves_once(tmp_path: Path) -> None:
    settings = {"revenue.source": "account_field", "customer_type.current_value.high_min": 25_000, **FIXED}
    rules = load_texts({name: (RULES / name).read_bytes() for name in FILES}, settings)
    year, risen = Year(tmp_path, rules, around_every_line(), seed=1), "medium97H"
    year.run(0, steady=True)
    for week in range(1, WEEKS // 2):
        year.run(week)
    assert {name: dict(count) for name, count in year.moves.items() if count} == {}
    year.true[risen] *= 4  # it passes a line for good
    for week in range(WEEKS // 2, WEEKS + 1):
        year.run(week)
    assert year.moves[risen]["seg_pyramid_level"] == 1
    assert max(max(count.values(), default=0) for count in year.moves.values()) == 1
