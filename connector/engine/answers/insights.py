"""What the single models show of the whole population (domain.md 7.3 to 7.11): bounded, and only where a model is."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from connector.engine.tables.preparing import G, K
from connector.engine.tables.sources import quoted_text
from connector.model.outputs import (
    ACQ_COST_RATIO,
    AMBASSADOR_INDEX,
    AT_RISK,
    ATTENTION_DUE,
    CUSTOMER_TYPE,
    CUSTOMER_VALUE,
    DAYS_OPEN,
    DREAM_CUSTOMER,
    ICP_FIT,
    KNOWHOW_INDEX,
    LEVEL,
    MARGIN,
    MARGIN_VALUE,
    NET,
    PAYBACK,
    PAYMENT_STATUS,
    REFERRED_REVENUE,
    REVENUE,
    TIER,
    UPGRADE_OFFER_DUE,
)
from connector.model.pictures import Ageing, Attention, DiscountGap, Dream, Fit, Insights, Spend

if TYPE_CHECKING:
    from connector.engine.answers.published import Published

DREAMS = 50
"""Dream customers that are listed."""
SEGMENTS = (ICP_FIT, LEVEL, CUSTOMER_TYPE)
SPENT, ALLOCATED, SINCE, INDUSTRY = "sm_cost_12m", "allocated_cost", "customer_since", "industry"
DISCOUNTS = ("new_discount_mean", "repeat_discount_mean", "discount_gap", "loyalty_gap_alert", "gap_can_be_told")
MADE = ("fw", "introductions", "introductions_won")
SIZE_BAND, CONTACTS, NPS = "size_band", "contacts_12m", "nps"
DRAWN = frozenset({SPENT, ALLOCATED, SINCE, INDUSTRY, *DISCOUNTS, *MADE, SIZE_BAND, CONTACTS, NPS})
"""Names of the rules that are shown beside the outputs; where a rule file is left out they are not there."""


def insights(published: Published) -> Insights:
    """Count what every configured model shows."""
    return Insights(
        net_cents=_net(published),
        ageing=_ageing(published),
        attention=_attention(published),
        dreams=_dreams(published),
        spend=_spend(published),
        fits=_fits(published),
        spend_on_customers_cents=_spent(published, published.active),
        spend_on_others_cents=_spent(published, f"not ({published.active})"),
        discounts=_discounts(published),
    )


def _has(published: Published, *names: str) -> bool:
    return all((output := published.named(name)) is not None and output.node for name in names)


def _net(published: Published) -> array[int] | None:
    """Net contribution of every active customer that has one, its members together."""
    if not _has(published, NET):
        return None
    query = (
        f"select cast(sum({published.cents(NET)}) as bigint) as net from {published.subjects} "
        f"where {published.active} group by s.{G} having net is not null order by net desc"
    )
    return array("q", (row[0] for row in published.rows(query)))


def _ageing(published: Published) -> tuple[Ageing, ...]:
    if not _has(published, DAYS_OPEN, TIER):
        return ()
    days = published.stored(published.outputs[DAYS_OPEN])
    bands = ("<= 30", "between 31 and 60", "between 61 and 89", ">= 90")
    counts = ", ".join(f"count(*) filter (where {days} {band})" for band in bands)
    query = (
        f"select {published.text(TIER)} as tier, {counts} from {published.subjects} "
        f"where {days} is not null group by tier order by tier"
    )
    return tuple(Ageing(row[0], tuple(row[1:])) for row in published.rows(query))


def _attention(published: Published) -> tuple[Attention, ...]:
    names = (ATTENTION_DUE, AT_RISK, UPGRADE_OFFER_DUE)
    if not _has(published, LEVEL) or not any(_has(published, name) for name in names):
        return ()
    counts = [f"count(*) filter (where {published.text(n)} = 'true')" if _has(published, n) else "null" for n in names]
    query = (
        f"select {published.text(LEVEL)} as level, count(*), {', '.join(counts)} from {published.subjects} "
        "where level in ('top', 'big', 'medium') group by level order by level"
    )
    return tuple(Attention(*row) for row in published.rows(query))


def _dreams(published: Published) -> tuple[Dream, ...]:
    if not _has(published, DREAM_CUSTOMER, CUSTOMER_VALUE):
        return ()
    cells = [published.cents(name) for name in (CUSTOMER_VALUE, REFERRED_REVENUE, MARGIN_VALUE)]
    indexes = [published.text(name) for name in (AMBASSADOR_INDEX, KNOWHOW_INDEX)]
    forward, *introduced = (_node(published, name) for name in MADE)
    made = [f"cast(round({forward} * 100) as bigint)", *(f"cast({one} as bigint)" for one in introduced)]
    query = (
        f"select a.account_id, a.name, {', '.join([*cells, *indexes, *made])} from {published.subjects} "
        f"where {published.text(DREAM_CUSTOMER)} = 'true' "
        f"order by {cells[0]} desc nulls last, a.{K} limit {DREAMS}"
    )
    return tuple(Dream(*row) for row in published.rows(query))


def _spend(published: Published) -> tuple[Spend, ...]:
    told = _has(published, ACQ_COST_RATIO) and SPENT in published.columns.made
    if not told and ALLOCATED not in published.columns.made:
        return ()
    spent, allocated = _cents(published, SPENT), _node(published, ALLOCATED)
    ratio = published.stored(published.outputs[ACQ_COST_RATIO]) if told else "null"
    months = published.stored(published.outputs[PAYBACK]) if _has(published, PAYBACK) else "null"
    since, as_of = _node(published, SINCE), quoted_text(published.request.as_of.isoformat())
    new = f"{published.active} and {since} > date {as_of} - interval 12 month"
    priced = f"filter (where {ratio} > 0)"
    cells = (
        f"count(*) filter (where {spent} > 0), cast(coalesce(sum({spent}), 0) as bigint), "
        f"cast(sum({spent} / nullif({ratio}, 0)) {priced} as bigint), cast(sum({spent}) {priced} as bigint), "
        f"count(distinct s.{G}) filter (where {new}), cast(avg({months}) as decimal(18, 1)), "
        f"cast(round(sum({allocated}) * 100) as bigint)"
    )
    by = {name: published.text(name) for name in SEGMENTS if _has(published, name)}
    if INDUSTRY in published.columns.made:
        by[INDUSTRY] = _node(published, INDUSTRY)
    found: list[Spend] = []
    for name, value in by.items():
        query = (
            f"select '{name}', {value} as value, {cells} from {published.subjects} "
            f"group by value having sum({spent}) > 0 or sum({allocated}) > 0 order by value nulls last"
        )
        found += [Spend(*row) for row in published.rows(query)]
    return tuple(found)


def _fits(published: Published) -> tuple[Fit, ...]:
    """The claims of the profile on the customers' own figures (domain.md 7.4): per fit, and by number of employees."""
    if not _has(published, ICP_FIT):
        return ()
    by = {ICP_FIT: published.text(ICP_FIT)}
    if SIZE_BAND in published.columns.made:
        by[SIZE_BAND] = _node(published, SIZE_BAND)
    cells = (
        "count(distinct customer), cast(sum(revenue) filter (where first) as bigint), cast(sum(margin) as bigint), "
        "cast(sum(contacts) as bigint), cast(avg(nps) as decimal(18, 1)), "
        "cast(sum(spent) filter (where ratio > 0) as bigint), "
        "cast(sum(spent / ratio) filter (where ratio > 0) as bigint), cast(sum(cast(bad as bigint)) as bigint)"
    )
    found: list[Fit] = []
    for name, value in by.items():
        query = (
            f"select '{name}', value, {cells} from ({_each_customer(published, value)}) "
            "group by value order by value nulls last"
        )
        found += [Fit(*row) for row in published.rows(query)]
    return tuple(found)


def _each_customer(published: Published, value: str) -> str:
    """SQL: what a segment's figures are made of, per active account; the first of its group brings the revenue."""
    ratio = published.stored(published.outputs[ACQ_COST_RATIO]) if _has(published, ACQ_COST_RATIO) else "null"
    bad = f"{published.text(PAYMENT_STATUS)} = 'bad_payer'" if _has(published, PAYMENT_STATUS) else "null"
    first = f"row_number() over (partition by s.{G}, {value} order by s.{K}) = 1"
    return (
        f"select {value} as value, s.{G} as customer, {published.cents(REVENUE)} as revenue, {first} as first, "
        f"{published.cents(MARGIN)} as margin, {_node(published, CONTACTS)} as contacts, "
        f"{_node(published, NPS)} as nps, {_cents(published, SPENT)} as spent, {ratio} as ratio, {bad} as bad "
        f"from {published.subjects} where {published.active}"
    )


def _spent(published: Published, whose: str) -> int | None:
    if SPENT not in published.columns.made:
        return None
    query = f"select cast(sum({_cents(published, SPENT)}) as bigint) from {published.subjects} where {whose}"
    return next((row[0] for row in published.rows(query)), None)


def _discounts(published: Published) -> DiscountGap | None:
    if not all(name in published.columns.made for name in DISCOUNTS):
        return None
    new, repeat, gap, alert, told = (_node(published, name) for name in DISCOUNTS)
    rounded = ", ".join(f"cast(round({cell}, 1) as decimal(18, 1))" for cell in (new, repeat, gap))
    query = f"select {rounded}, {alert} from {published.subjects} where {told} limit 1"
    return next((DiscountGap(*row) for row in published.rows(query)), None)


def _node(published: Published, name: str) -> str:
    """SQL of a name of the rules; NULL where it is not there."""
    return published.cell(name) if name in published.columns.made else "null"


def _cents(published: Published, name: str) -> str:
    return f"cast(round({_node(published, name)} * 100) as bigint)"
