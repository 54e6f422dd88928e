"""Signals of the shipped rules: on above one threshold, off below another, and between them whatever they were.

Thresholds are those of domain.md 5.2. The law is a little machine of its own, run beside the rules over what goes up
and down at random, each run starting from what the last one published.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.model.fields import Table
from connector.rules.connecting import connect
from connector.rules.loading import load_texts
from connector.rules.python.canonical import canonical
from connector.rules.python.population import evaluate
from connector.sandbox.chance import seeded

if TYPE_CHECKING:
    from random import Random

    from connector.rules.ruleset import RuleSet

RULES = Path(__file__).parents[2] / "rules"
LEFT_OUT = {"icp.yaml", "ladder.yaml", "loyalty.yaml", "movement.yaml", "customer-value.yaml"}
START, WEEKS, ACCOUNTS = date(2026, 4, 2), 26, 12
REVENUE, HOURS, RATE = 10_000, 10, 75
"""What each account bought, its hours of service, and what one costs: all are alike, so nobody's index stands out."""
SETTINGS = {"acquisition.low_revenue_max": 20_000, "service.hourly_rate": RATE}
STATE = (
    "seg_signals",
    "seg_say_no_reasons",
    "seg_last_evaluated",
    "seg_pyramid_level",
    "seg_customer_type",
    "seg_tier",
)
ACCOUNT = ("account_id", "service_hours_12m", "gross_margin_pct", "sm_cost_12m", *STATE)
DEAL = ("deal_id", "account_id", "is_won", "is_closed", "amount", "close_date")
TICKET = ("ticket_id", "account_id", "created_at")


@dataclass(frozen=True)
class Band:
    """A signal's thresholds, in whole units: percent of revenue left, percent of it spent, contacts in 30 days."""

    on: range
    between: range
    off: range

    def any(self, chance: Random) -> int:
        return chance.choice(chance.choice((self.on, self.between, self.off)))


BANDS = {
    "UNPROFITABLE": Band(on=range(-10, 0), between=range(5), off=range(5, 15)),
    "HIGH_ACQ_COST": Band(on=range(51, 70), between=range(41, 51), off=range(20, 41)),
    "DEMANDING": Band(on=range(15, 21), between=range(10, 15), off=range(10)),
}
Knobs = dict[str, int]


class Months:
    """Accounts of which margin, acquisition cost and contacts go up and down, run after run."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = connect(rules, {Table.ACCOUNTS: ACCOUNT, Table.DEALS: DEAL, Table.TICKETS: TICKET})
        self.outputs = [one for one in self.rules.outputs if one.output.name in STATE]
        self.held: dict[str, dict[str, str | None]] = {}

    def run(self, week: int, knobs: dict[str, Knobs]) -> dict[str, frozenset[str]]:
        """The signals that are on, per account."""
        day = START + timedelta(weeks=week)
        tables: dict[Table, list[dict[str, str | None]]] = {
            Table.ACCOUNTS: [self._account(name, mine) for name, mine in knobs.items()],
            Table.DEALS: [_deal(name, day) for name in knobs],
            Table.TICKETS: [
                {"ticket_id": f"{name}-{n}", "account_id": name, "created_at": f"{day - timedelta(days=3)}T09:00:00Z"}
                for name, mine in knobs.items()
                for n in range(mine["DEMANDING"])
            ],
        }
        found = evaluate(self.rules, tables, as_of=day)
        for name, cells in found.items():
            self.held[name] = {
                one.output.name: canonical(cells[one.node], one.output) for one in self.outputs if one.node
            }
        return {
            name: frozenset((held["seg_signals"] or "").split(";")) & BANDS.keys() for name, held in self.held.items()
        }

    def _account(self, name: str, mine: Knobs) -> dict[str, str | None]:
        margin = mine["UNPROFITABLE"] + 100 * HOURS * RATE / REVENUE  # what is left once service is paid
        return {
            "account_id": name,
            "service_hours_12m": str(HOURS),
            "gross_margin_pct": f"{margin:g}",
            "sm_cost_12m": str(REVENUE * mine["HIGH_ACQ_COST"] // 100),
            **self.held.get(name, {}),
        }


def _deal(name: str, day: date) -> dict[str, str | None]:
    won: dict[str, str | None] = {"is_won": "true", "is_closed": "true", "amount": str(REVENUE)}
    return {"deal_id": name, "account_id": name, **won, "close_date": str(day - timedelta(days=300))}


@pytest.fixture(scope="module", params=["every_run", "quarterly"])
def rules(request: pytest.FixtureRequest) -> RuleSet:
    """The shipped rules that signals rest on; they take effect at once, also where tiers are published by quarter."""
    files = {path.name: path.read_bytes() for path in RULES.glob("*.yaml") if path.name not in LEFT_OUT}
    return load_texts(files, {**SETTINGS, "stability.publish": request.param})


def test_a_signal_turns_on_and_off_at_its_own_threshold_and_holds_between_them(rules: RuleSet) -> None:
    months, chance = Months(rules), seeded(5)
    names = [f"a{number:02}" for number in range(ACCOUNTS)]
    expected: dict[str, set[str]] = {name: set() for name in names}
    flips: Counter[str] = Counter()
    for week in range(WEEKS):
        knobs = {name: {signal: band.any(chance) for signal, band in BANDS.items()} for name in names}
        for name in names:
            for signal, band in BANDS.items():
                was = signal in expected[name]
                on = knobs[name][signal] in band.on or (was and knobs[name][signal] in band.between)
                flips[signal] += on != was
                (expected[name].add if on else expected[name].discard)(signal)
        assert months.run(week, knobs) == {name: frozenset(on) for name, on in expected.items()}, week
    assert min(flips[signal] for signal in BANDS) > ACCOUNTS  # each was on, off, and on again


def test_what_moves_between_the_thresholds_flips_nothing(rules: RuleSet) -> None:
    months, chance = Months(rules), seeded(6)
    first = {"on": {signal: band.on[0] for signal, band in BANDS.items()}}
    first["off"] = {signal: band.off[0] for signal, band in BANDS.items()}
    assert months.run(0, first) == {"on": frozenset(BANDS), "off": frozenset()}
    for week in range(1, WEEKS):
        between = {name: {signal: chance.choice(band.between) for signal, band in BANDS.items()} for name in first}
        assert months.run(week, between) == {"on": frozenset(BANDS), "off": frozenset()}, week
