"""Random small populations in the files of contract.md, one per seed."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from tests.oracle import columns
from tests.oracle.chance import DATES, Chance
from tests.oracle.exact import SINCE, sharpen
from tests.oracle.settings import draw_more, draw_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

Record = dict[str, str]
LATER = 1_000_000


class Seeded(Random):
    """Chance that can be had again by its seed."""


@dataclass
class Population:
    """One case: the files' rows, the day, the language and the parameters that are set."""

    seed: int
    as_of: date
    language: str
    parameters: dict[str, str]
    tables: dict[str, list[Record]] = field(default_factory=dict)
    columns: dict[str, Sequence[str]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the files."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in self.tables.items():
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, self.columns[name], extrasaction="ignore", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


def draw(seed: int) -> Population:
    """The population of this seed."""
    random = Seeded(seed)
    as_of = random.choice(DATES)
    chance = Chance(random, as_of)
    told = draw_parameters(chance) | draw_more(Chance(Seeded(seed + LATER), as_of))
    population = Population(seed, as_of, random.choice(("nl", "en")), told)
    count = random.choice((1, 2, 5, 8, 21, 30, 45, 60))
    ids = [f"A{number:03}" for number in random.sample(range(1, 400), count)]
    plan = columns.draw_plan(chance)
    population.tables["accounts"] = [columns.draw_account(chance, account, ids, plan) for account in ids]
    population.tables["deals"] = [
        {"deal_id": f"D{number}", **deal}
        for number, deal in enumerate(
            deal for account in ids for deal in columns.draw_deals(chance, account, plan, population.parameters)
        )
    ]
    population.columns = {"accounts": plan.account_columns, "deals": plan.deal_columns}
    if plan.tickets:
        _add(population, "tickets", columns.TICKETS, [t for one in ids for t in columns.draw_tickets(chance, one)])
    if plan.activities:
        efforts = [e for one in ids for e in columns.draw_activities(chance, one)]
        _add(population, "activities", columns.ACTIVITIES, efforts)
    if plan.rates:
        _add(population, "currency_rates", columns.RATES, columns.draw_rates(chance))
    if seed >= SINCE:
        sharpen(population, Chance(Seeded(seed + 2 * LATER), as_of))
    return population


def _add(population: Population, name: str, names: Sequence[str], rows: list[Record]) -> None:
    population.tables[name] = [{names[0]: f"{name[0]}{number}", **row} for number, row in enumerate(rows)]
    population.columns[name] = names
