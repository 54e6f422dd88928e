"""What single models show, as tables that know how their cells are written (domain.md 7.3 to 7.5, 7.7, 7.10, 7.11)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.outputs import ICP_FIT, LEVEL, TIER
from connector.report.measures import amount, known_amount, rounded, share_pct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.model.pictures import DiscountGap, Dream, Fit, Insights, Spend

STEPS = range(10, 101, 10)
"""Shares of customers the whale curve is told at, in percent."""
LEVELS = ("top", "big", "medium")
HUNDREDTH = Decimal("0.01")
FITS = ("ideal", "partial", "poor", "least_ideal", "unknown", "above", "between", "below")
"""How the profile is read: from the best fit down, then from the most employees down; what nobody knows comes last."""
AGES = ("0-30", "31-60", "61-89", "90+")


class InsightColumn(Struct, frozen=True):
    """One column: what it is called (`insight.NAME`), and how it is written: text, option, whole, money, percent."""

    name: str
    kind: str
    output: str = ""
    """Of an option: the output whose labels it has."""


class InsightView(Struct, frozen=True):
    """One table, and the figures of the sentence above it."""

    name: str
    columns: tuple[InsightColumn, ...]
    rows: tuple[tuple[object, ...], ...]
    figures: tuple[tuple[str, object], ...] = ()


def view_insights(insights: Insights) -> tuple[InsightView, ...]:
    """Return the tables that have something to show, in reading order."""
    found = (
        _whale(insights.net_cents),
        _fits(insights),
        _spend(insights),
        _dreams(insights),
        _attention(insights),
        _payment(insights),
    )
    return tuple(view for view in found if view is not None and view.rows)


def _whale(net: Sequence[int] | None) -> InsightView | None:
    """Cumulative net contribution, highest first: where it peaks, and what is lost again behind the peak."""
    if not net:
        return None
    ordered = sorted(net, reverse=True)
    running = list(accumulate(ordered))
    peak, final, losing = max(0, *running), running[-1], [one for one in ordered if one < 0]
    figures = (
        ("peak", amount(peak)),
        ("final", amount(final)),
        ("pct", share_pct(peak, final)),
        ("losing", len(losing)),
        ("lost", amount(-sum(losing))),
    )
    columns = (
        InsightColumn("first", "percent"),
        InsightColumn("customers", "whole"),
        InsightColumn("net", "money"),
        InsightColumn("of_final", "percent"),
    )
    rows = []
    for step in STEPS:
        customers = -(-len(ordered) * step // 100)
        rows.append(
            (Decimal(step), customers, amount(running[customers - 1]), share_pct(running[customers - 1], final))
        )
    return InsightView("whale", columns, tuple(rows), figures)


def _fits(insights: Insights) -> InsightView:
    columns = (
        InsightColumn("segment", "segment"),
        InsightColumn("customers", "whole"),
        InsightColumn("revenue", "money"),
        InsightColumn("margin_after_service", "money"),
        InsightColumn("contacts", "whole"),
        InsightColumn("nps", "number"),
        InsightColumn("ratio", "percent"),
        InsightColumn("bad_payers", "whole"),
    )
    ordered = sorted(insights.fits, key=lambda one: (one.output != ICP_FIT, (*FITS, one.value).index(one.value)))
    return InsightView("fits", columns, tuple(map(_fit, ordered)))


def _fit(one: Fit) -> tuple[object, ...]:
    return (
        f"{one.output}:{one.value or ''}",
        one.customers,
        known_amount(one.revenue_cents),
        known_amount(one.margin_cents),
        one.contacts,
        one.nps,
        share_pct(one.spend_cents or 0, one.priced_cents or 0),
        one.bad_payers,
    )


def _spend(insights: Insights) -> InsightView:
    allocated = any(one.allocated_cents is not None for one in insights.spend)
    columns = (
        InsightColumn("segment", "segment"),
        InsightColumn("accounts", "whole"),
        InsightColumn("spend", "money"),
        *((InsightColumn("allocated", "money"),) if allocated else ()),
        InsightColumn("new_customers", "whole"),
        InsightColumn("per_new_customer", "money"),
        InsightColumn("revenue", "money"),
        InsightColumn("ratio", "percent"),
        InsightColumn("payback_months", "number"),
    )
    return InsightView(
        "spend", columns, tuple(_spent(one, allocated=allocated) for one in insights.spend), tuple(_split(insights))
    )


def _spent(one: Spend, *, allocated: bool) -> tuple[object, ...]:
    priced = one.spend_cents if one.priced_cents is None else one.priced_cents
    spent = one.spend_cents + (one.allocated_cents or 0)
    each = None if not one.new_customers else rounded(Fraction(spent, 100 * one.new_customers), HUNDREDTH)
    return (
        f"{one.output}:{one.value or ''}",
        one.accounts,
        amount(one.spend_cents),
        *((known_amount(one.allocated_cents),) if allocated else ()),
        one.new_customers,
        each,
        known_amount(one.revenue_cents),
        share_pct(priced, one.revenue_cents or 0),
        one.payback_months,
    )


def _split(insights: Insights) -> Iterator[tuple[str, object]]:
    """Share of the budget on existing customers, and on who is none (domain.md 7.5)."""
    customers, others = insights.spend_on_customers_cents, insights.spend_on_others_cents
    if customers is None and others is None:
        return
    total = (customers or 0) + (others or 0)
    yield from (("on_customers", amount(customers or 0)), ("on_others", amount(others or 0)))
    yield "others_pct", share_pct(others or 0, total)


def _dreams(insights: Insights) -> InsightView:
    columns = (
        InsightColumn("account", "who"),
        InsightColumn("value", "money"),
        InsightColumn("fw", "money"),
        InsightColumn("referred", "money"),
        InsightColumn("aw", "number"),
        InsightColumn("kw", "number"),
        InsightColumn("margin_value", "money"),
        InsightColumn("introductions", "whole"),
        InsightColumn("introductions_won", "whole"),
        InsightColumn("conversion", "percent"),
    )
    return InsightView("dreams", columns, tuple(map(_dream, insights.dreams)))


def _dream(one: Dream) -> tuple[object, ...]:
    return (
        (one.account, one.name),
        known_amount(one.value_cents),
        known_amount(one.forward_cents),
        known_amount(one.referred_cents),
        _index(one.ambassador_index),
        _index(one.knowhow_index),
        known_amount(one.margin_value_cents),
        one.introductions,
        one.introductions_won,
        share_pct(one.introductions_won, one.introductions) if one.introductions and one.introductions_won else None,
    )


def _attention(insights: Insights) -> InsightView:
    columns = (
        InsightColumn("level", "option", LEVEL),
        InsightColumn("accounts", "whole"),
        InsightColumn("attention_due", "whole"),
        InsightColumn("at_risk", "whole"),
        InsightColumn("upgrade_offer_due", "whole"),
    )
    ordered = sorted(insights.attention, key=lambda one: LEVELS.index(one.level))
    rows = [(one.level, one.accounts, one.attention_due, one.at_risk, one.upgrade_offer_due) for one in ordered]
    return InsightView("attention", columns, tuple(rows), _gap(insights.discounts))


def _gap(found: DiscountGap | None) -> tuple[tuple[str, object], ...]:
    if found is None:
        return ()
    return (("new_pct", found.new), ("existing_pct", found.existing), ("gap_pct", found.gap), ("alert", found.alert))


def _payment(insights: Insights) -> InsightView:
    columns = (InsightColumn("tier", "option", TIER), *(InsightColumn(f"days {age}", "whole") for age in AGES))
    return InsightView("payment", columns, tuple((one.tier, *one.accounts) for one in insights.ageing))


def _index(text: str | None) -> Decimal | None:
    return None if text is None else rounded(Fraction(text), HUNDREDTH)


def machine_rows(view: InsightView) -> Iterator[Sequence[object]]:
    """The table for machines, header first: an account is its id and its name, a segment its output and value."""
    header: list[str] = []
    for column in view.columns:
        header += {"who": ["account", "name"], "segment": ["output", "value"]}.get(
            column.kind, [column.name.replace(" ", "_")]
        )
    yield header
    for row in view.rows:
        cells: list[object] = []
        for column, cell in zip(view.columns, row, strict=True):
            if column.kind == "segment":
                output, _, value = str(cell).partition(":")
                cells += [output, value or None]
            else:
                cells += list(cell) if isinstance(cell, tuple) else [cell]
        yield cells
