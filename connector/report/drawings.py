"""From levels to figures: the numbers and words that stand beside each bar, in one language."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from connector.model.outputs import LEVEL
from connector.report import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from connector.report.phrasebook import Phrasebook
    from connector.report.pyramid import LevelView


def of_pyramid(levels: Sequence[LevelView], book: Phrasebook) -> list[Markup]:
    """Return customers, revenue beside its benchmark, and energy where it is known; nothing without customers."""
    if not levels:
        return []
    energy = any(level.energy_pct is not None for level in levels)
    width = figures.NARROW if energy else figures.WIDE
    customers, revenue = [_customers(level, book) for level in levels], [_revenue(level, book) for level in levels]
    drawn = [
        figures.pyramid(customers, width=width, key="customers", **_titles("customers", "customers", book)),
        figures.bars(revenue, width=width, key="revenue", **_titles("revenue", "revenue", book)),
    ]
    if energy:
        hours = [_energy(level, book) for level in levels]
        drawn.append(figures.bars(hours, width=width, key="energy", **_titles("pyramid.energy", "energy", book)))
    return drawn


def _titles(heading: str, what: str, book: Phrasebook) -> dict[str, str]:
    return {"heading": book.say(heading), "title": book.say(f"pyramid.{what}_title")}


def _customers(level: LevelView, book: Phrasebook) -> figures.Row:
    name, note = book.parted(LEVEL, level.level)
    n, pct = book.whole(level.customers), book.percent(level.customers_pct)
    says = book.count("pyramid.describe_customers", level.customers, level=name, pct=pct)
    return figures.Row(name, note, level.customers_pct or Decimal(0), strong=n, soft=pct, says=says)


def _revenue(level: LevelView, book: Phrasebook) -> figures.Row:
    name, note = book.parted(LEVEL, level.level)
    pct, amount = book.percent(level.revenue_pct), book.money(level.revenue)
    says = book.say("pyramid.describe_revenue", level=name, pct=pct, amount=amount)
    if level.benchmark_pct is not None:
        says += ", " + book.say("pyramid.describe_benchmark", pct=book.percent(level.benchmark_pct))
    share = level.revenue_pct or Decimal(0)
    return figures.Row(name, note, share, strong=pct, soft=amount, says=says, benchmark=level.benchmark_pct)


def _energy(level: LevelView, book: Phrasebook) -> figures.Row:
    name, note = book.parted(LEVEL, level.level)
    pct, hours = book.percent(level.energy_pct), book.hours(level.energy_hours)
    says = book.say("pyramid.describe_energy", level=name, pct=pct, hours=hours)
    return figures.Row(name, note, level.energy_pct or Decimal(0), strong=pct, soft=hours, says=says)
