"""The one-page scan for management: four questions, each with its figures (domain.md 7.13)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.outputs import LADDER_STEP, SAY_NO_STATUS
from connector.report.measures import share_pct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.report.advice import AdvisedView
    from connector.report.views import MatrixView, PopulationView


class ScanView(Struct, frozen=True):
    """Energy in the right customers, money in the right acquisition, how many to say no to, who climbs.

    None is a figure whose model is not configured, or that needs an earlier run.
    """

    top20_energy_pct: Decimal | None
    energy_status: str | None
    hours_to_shift: Decimal | None
    spend_on_customers: Decimal | None
    spend_on_others: Decimal | None
    others_pct: Decimal | None
    say_no: int | None
    watch: int | None
    money_saved: Decimal | None
    hours_freed: Decimal | None
    climbed: int | None
    fell: int | None
    could_climb: int | None
    ladder_goal_pct: Decimal | None


def view_scan(population: PopulationView, advised: AdvisedView) -> ScanView:
    """Gather the four answers from the other views: no figure is counted twice."""
    pyramid, decided = population.pyramid, bool(population.slices.get(SAY_NO_STATUS))
    spend = _spend(population)
    moved = next((view for view in population.matrices if view.output == LADDER_STEP), None)
    up, down, could = (None, None, None) if moved is None else _climb(moved)
    return ScanView(
        top20_energy_pct=pyramid.top20_energy_pct,
        energy_status=pyramid.energy_status,
        hours_to_shift=pyramid.hours_to_shift,
        spend_on_customers=spend.get("on_customers"),
        spend_on_others=spend.get("on_others"),
        others_pct=spend.get("others_pct"),
        say_no=advised.say_no if decided else None,
        watch=advised.watch if decided else None,
        money_saved=advised.total.money_saved,
        hours_freed=advised.total.hours_freed,
        climbed=up,
        fell=down,
        could_climb=could,
        ladder_goal_pct=share_pct(up, could) if up is not None and could else None,
    )


def _spend(population: PopulationView) -> dict[str, Decimal]:
    """Where the acquisition budget went, as the insight of that name tells; empty without it."""
    figures = (pair for view in population.insights if view.name == "spend" for pair in view.figures)
    return {name: value for name, value in figures if isinstance(value, Decimal)}


def _climb(view: MatrixView) -> tuple[int | None, int | None, int | None]:
    """Accounts a step or more higher, lower, and those that could rise (domain.md M2); None without an earlier run."""
    places = {step: place for place, step in enumerate(view.best_first)}
    up = down = could = 0
    for before, counts in zip(view.befores, view.accounts, strict=True):
        if before not in places:
            continue
        could += sum(counts) if places[before] else 0
        for after, accounts in zip(view.afters, counts, strict=True):
            if after in places:
                up += accounts if places[after] < places[before] else 0
                down += accounts if places[after] > places[before] else 0
    seen = any(before in places for before in view.befores)
    return (up, down, could) if seen else (None, None, None)


def scan_rows(view: ScanView) -> Iterator[Sequence[object]]:
    """The scan for machines, header first."""
    names = view.__struct_fields__
    yield names
    yield [getattr(view, name) for name in names]
