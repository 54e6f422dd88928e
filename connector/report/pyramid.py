"""The customer pyramid: customers, revenue and energy per level, and how revenue is spread (domain.md 7.1, 7.2)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.outputs import LEVEL
from connector.model.pictures import Slice
from connector.report import measures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.model.pictures import Pictures

LEVELS = ("top", "big", "medium", "small")
"""The customer base, best first; the first three are the 20 % that should bring 80 % (domain.md M1)."""
ENERGY_TARGET_PCT, ATTENTION_PCT = 80, 60


class LevelView(Struct, frozen=True):
    """One level of the pyramid (domain.md 7.1)."""

    level: str
    customers: int
    customers_pct: Decimal | None
    revenue: Decimal
    revenue_pct: Decimal | None
    benchmark_pct: Decimal | None
    difference_points: Decimal | None
    line: Decimal | None
    energy_hours: Decimal | None
    energy_pct: Decimal | None
    energy_index: Decimal | None
    margin_after_service: Decimal | None


class PyramidView(Struct, frozen=True):
    """The base of active customers by level, and how revenue is spread over it (domain.md 7.1, 7.2)."""

    levels: tuple[LevelView, ...]
    customers: int
    revenue: Decimal
    top20_revenue_pct: Decimal | None
    customers_for_80: int | None
    customers_for_80_pct: Decimal | None
    gini: Decimal | None
    largest_pct: Decimal | None
    concentrated: bool
    energy_hours: Decimal | None
    top20_energy_pct: Decimal | None
    energy_status: str | None
    hours_to_shift: Decimal | None


class _Base(Struct, frozen=True):
    """The customers that percentages are of; energy is None while its model is not configured."""

    customers: int
    revenue_cents: int
    energy: Decimal | None


def view_pyramid(pictures: Pictures, *, warn_above_pct: Decimal = Decimal(25)) -> PyramidView:
    """Return the base by level beside the benchmark; levels without customers stay visible."""
    found = {piece.value: piece for piece in pictures.slices.get(LEVEL, ())}
    pieces = [found.get(level) or Slice(level, 0, 0, 0) for level in LEVELS]
    base = _Base(
        customers=sum(piece.customers for piece in pieces),
        revenue_cents=sum(piece.revenue_cents for piece in pieces),
        energy=_total_hours(pieces),
    )
    values = pictures.revenues_cents
    reach, largest = measures.fewest_for(values, 80), measures.share_pct(max(values, default=0), sum(values))
    best_hours = _total_hours(pieces[:-1])
    best_pct = _energy_pct(best_hours, base.energy)
    return PyramidView(
        levels=tuple(_level(piece, pictures, base) for piece in pieces) if base.customers else (),
        customers=base.customers,
        revenue=measures.amount(base.revenue_cents),
        top20_revenue_pct=measures.top_share_pct(values, 20),
        customers_for_80=reach,
        customers_for_80_pct=measures.share_pct(reach, len(values)) if reach else None,
        gini=measures.gini(values),
        largest_pct=largest,
        concentrated=largest is not None and max(values) * 100 > warn_above_pct * sum(values),
        energy_hours=base.energy,
        top20_energy_pct=best_pct,
        energy_status=_energy_status(best_pct),
        hours_to_shift=_hours_to_shift(best_hours, base.energy),
    )


def _level(piece: Slice, pictures: Pictures, base: _Base) -> LevelView:
    level = piece.value or ""
    share, benchmark = measures.share_pct(piece.revenue_cents, base.revenue_cents), pictures.benchmarks.get(level)
    hours = piece.energy_hours if piece.customers or base.energy is None else Decimal(0)
    return LevelView(
        level=level,
        customers=piece.customers,
        customers_pct=measures.share_pct(piece.customers, base.customers),
        revenue=measures.amount(piece.revenue_cents),
        revenue_pct=share,
        benchmark_pct=benchmark,
        difference_points=None if share is None or benchmark is None else share - benchmark,
        line=measures.known_amount(pictures.lines_cents.get(level)),
        energy_hours=hours,
        energy_pct=_energy_pct(hours, base.energy),
        energy_index=_energy_index(hours, piece.revenue_cents, base),
        margin_after_service=measures.known_amount(piece.margin_after_service_cents),
    )


def _total_hours(pieces: Sequence[Slice]) -> Decimal | None:
    known = [piece.energy_hours for piece in pieces if piece.energy_hours is not None]
    return sum(known, Decimal(0)) if known else None


def _energy_pct(hours: Decimal | None, total: Decimal | None) -> Decimal | None:
    return None if hours is None or total is None else measures.share_pct(hours, total)


def _energy_index(hours: Decimal | None, cents: int, base: _Base) -> Decimal | None:
    """Return the level's share of energy over its share of revenue, three decimals (domain.md M7)."""
    if hours is None or not base.energy or cents <= 0 or base.revenue_cents <= 0:
        return None
    index = Fraction(hours) / Fraction(base.energy) / Fraction(cents, base.revenue_cents)
    return measures.rounded(index, Decimal("0.001"))


def _energy_status(pct: Decimal | None) -> str | None:
    if pct is None:
        return None
    if pct >= ENERGY_TARGET_PCT:
        return "on_target"
    return "attention" if pct >= ATTENTION_PCT else "off_target"


def _hours_to_shift(best: Decimal | None, total: Decimal | None) -> Decimal | None:
    """Return the hours that would have to move for the first 20 % of customers to get 80 % of them."""
    if best is None or total is None:
        return None
    return max(Decimal(0), total * ENERGY_TARGET_PCT / 100 - best)
