"""What the pages show about the whole population, in canonical numbers: pictures in, views out, no words.

Amounts are home currency with two decimals, percentages have one decimal, None is "not known" or "not
configured" and is never drawn as zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.outputs import LADDER_STEP, LEVEL, TIER
from connector.report import measures
from connector.report.insights import InsightView, view_insights
from connector.report.pyramid import PyramidView, view_pyramid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from connector.model.outputs import Output
    from connector.model.pictures import MissingField, Override, Pictures, Slice, WarningCount
    from connector.ports import QuarantineRow
    from connector.report.source import ReportInput

MATRICES = (TIER, LEVEL, LADDER_STEP)


class SliceView(Struct, frozen=True):
    """Everything that has one value of an output."""

    value: str | None
    accounts: int
    customers: int
    revenue: Decimal
    revenue_pct: Decimal | None
    energy_hours: Decimal | None
    margin_after_service: Decimal | None


class MatrixView(Struct, frozen=True):
    """Who was what, and is what now: `accounts[i][j]` went from `befores[i]` to `afters[j]` (domain.md M10)."""

    output: str
    befores: tuple[str | None, ...]
    afters: tuple[str | None, ...]
    accounts: tuple[tuple[int, ...], ...]
    stayed: int
    moved: int
    first: int
    """Accounts that had no value before: a first assignment is not a move."""
    moved_revenue: Decimal
    best_first: tuple[str, ...]
    """Its options where their order tells a rise from a fall; none where it does not."""


class MissingView(Struct, frozen=True):
    """A missing field, the accounts it would settle and their revenue (domain.md 7.12)."""

    field: str
    accounts: int
    revenue: Decimal


class QuarantinedView(Struct, frozen=True):
    """A record that the CRM refused, in its words, and when it is tried again."""

    object: str
    record: str
    reason: str
    tries: int
    since: datetime
    next_try: datetime


class HealthView(Struct, frozen=True):
    """What is missing, unknown or odd in the data."""

    missing: tuple[MissingView, ...]
    quality: tuple[SliceView, ...]
    warnings: tuple[WarningCount, ...]
    overrides: tuple[Override, ...]
    quarantined: tuple[QuarantinedView, ...] = ()


class AboutView(Struct, frozen=True):
    """Where the figures come from; every page names it."""

    run: str
    crm: str
    as_of: date
    made_at: datetime
    window: str
    first_day: date
    last_day: date
    rule_version: str
    home_currency: str
    accounts: int
    """All that were evaluated, the excluded and unknown ones included."""
    excluded: int | None
    unknown: int | None
    """Accounts of these tiers; None where no tier is configured."""
    applied: bool


class PopulationView(Struct, frozen=True):
    """All bounded pictures of one report."""

    about: AboutView
    pyramid: PyramidView
    slices: Mapping[str, tuple[SliceView, ...]]
    matrices: tuple[MatrixView, ...]
    health: HealthView
    insights: tuple[InsightView, ...]


def view_population(source: ReportInput) -> PopulationView:
    """Return every bounded picture of the report; reads none of its streams."""
    pictures, order = source.pictures, display_order(source.outputs)
    ranked = {output.name for output in source.outputs if output.ranked}
    slices = {name: view_slices(found, order.get(name, ())) for name, found in pictures.slices.items()}
    return PopulationView(
        about=_about(source, slices.get(TIER, ())),
        pyramid=view_pyramid(pictures, warn_above_pct=source.concentration_warning_pct),
        slices=slices,
        matrices=tuple(
            view_matrix(name, pictures, order.get(name, ()), ranked=name in ranked)
            for name in MATRICES
            if pictures.crossings.get(name)
        ),
        health=view_health(pictures, slices.get("seg_data_quality", ()), quarantined=source.quarantined),
        insights=view_insights(pictures.insights),
    )


def display_order(outputs: Iterable[Output]) -> dict[str, tuple[str, ...]]:
    """Return the option values of each output in the order people see them."""
    return {output.name: tuple(output.options) for output in outputs}


def _about(source: ReportInput, tiers: Sequence[SliceView]) -> AboutView:
    counts = {tier.value: tier.accounts for tier in tiers}
    nobody = 0 if tiers else None
    window = source.pictures.window
    return AboutView(
        run=source.run,
        crm=source.crm,
        as_of=source.as_of,
        made_at=source.made_at,
        window=window.name,
        first_day=window.first_day,
        last_day=window.last_day,
        rule_version=source.rule_version,
        home_currency=source.home_currency,
        accounts=_accounts(source.pictures),
        excluded=counts.get("excluded", nobody),
        unknown=counts.get("unknown", nobody),
        applied=source.applied,
    )


def _accounts(pictures: Pictures) -> int:
    """Return how many accounts were evaluated: the slices of any one output are all of them."""
    return max((sum(piece.accounts for piece in pieces) for pieces in pictures.slices.values()), default=0)


def _ranked(values: Iterable[str | None], order: Sequence[str]) -> list[str | None]:
    """Return the values in display order; unheard-of ones after it by name, and no value last."""
    places = {value: place for place, value in enumerate(order)}
    return sorted(set(values), key=lambda value: (value is None, places.get(value or "", len(places)), value or ""))


def view_slices(pieces: Sequence[Slice], order: Sequence[str]) -> tuple[SliceView, ...]:
    """Return the slices in display order, each with its share of all their revenue."""
    total, found = sum(piece.revenue_cents for piece in pieces), {piece.value: piece for piece in pieces}
    return tuple(_slice(found[value], total) for value in _ranked(found, order))


def _slice(piece: Slice, total: int) -> SliceView:
    return SliceView(
        value=piece.value,
        accounts=piece.accounts,
        customers=piece.customers,
        revenue=measures.amount(piece.revenue_cents),
        revenue_pct=measures.share_pct(piece.revenue_cents, total),
        energy_hours=piece.energy_hours,
        margin_after_service=measures.known_amount(piece.margin_after_service_cents),
    )


def view_matrix(output: str, pictures: Pictures, order: Sequence[str], *, ranked: bool) -> MatrixView:
    """Return the migration matrix of one output; only values that occur get a row or column."""
    crossings = {(one.before, one.after): one for one in pictures.crossings[output]}
    befores, afters = (_ranked((pair[side] for pair in crossings), order) for side in (0, 1))
    moved = [one for one in crossings.values() if one.before is not None and one.before != one.after]
    return MatrixView(
        output=output,
        befores=tuple(befores),
        afters=tuple(afters),
        accounts=tuple(
            tuple(crossings[before, after].accounts if (before, after) in crossings else 0 for after in afters)
            for before in befores
        ),
        stayed=sum(one.accounts for one in crossings.values() if one.before is not None and one.before == one.after),
        moved=sum(one.accounts for one in moved),
        first=sum(one.accounts for one in crossings.values() if one.before is None and one.after is not None),
        moved_revenue=measures.amount(sum(one.revenue_cents for one in moved)),
        best_first=tuple(order) if ranked else (),
    )


def view_health(
    pictures: Pictures, quality: tuple[SliceView, ...], *, quarantined: Iterable[QuarantineRow] = ()
) -> HealthView:
    """Return the data to complete, the field that settles most revenue first, and what the CRM refused."""
    return HealthView(
        missing=tuple(_missing(one) for one in sorted(pictures.missing, key=_settles_most)),
        quality=quality,
        warnings=tuple(sorted(pictures.warnings, key=lambda one: (-one.accounts, one.code))),
        overrides=tuple(sorted(pictures.overrides, key=lambda one: (str(one.until or ""), one.account))),
        quarantined=tuple(
            QuarantinedView(row.target.value, row.record, row.reason, row.tries, row.since, row.next_try)
            for row in quarantined
        ),
    )


def _settles_most(one: MissingField) -> tuple[int, int, str]:
    return (-one.revenue_cents, -one.accounts, one.field)


def _missing(one: MissingField) -> MissingView:
    return MissingView(one.field, one.accounts, measures.amount(one.revenue_cents))
