"""What the single models show of the whole population (domain.md 7.3 to 7.11): bounded, and only where a model is."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from connector.engine.preparing import G, K
from connector.engine.published import LEVEL, TIER
from connector.model.pictures import Ageing, Attention, Dream, Insights, Spend

if TYPE_CHECKING:
    from connector.engine.published import Published

NET, MARGIN, VALUE = "seg_net_contribution", "seg_margin_after_service", "seg_customer_value"
DREAMS = 50
"""Dream customers that are listed."""
SEGMENTS = ("seg_icp_fit", LEVEL, "seg_customer_type")


def insights(published: Published) -> Insights:
    """Count what every configured model shows."""
    return Insights(
        net_cents=_net(published),
        ageing=_ageing(published),
        attention=_attention(published),
        dreams=_dreams(published),
        spend=_spend(published),
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
    if not _has(published, "seg_days_open", TIER):
        return ()
    days = published.stored(published.outputs["seg_days_open"])
    bands = ("<= 30", "between 31 and 60", "between 61 and 89", ">= 90")
    counts = ", ".join(f"count(*) filter (where {days} {band})" for band in bands)
    query = (
        f"select {published.text(TIER)} as tier, {counts} from {published.subjects} "
        f"where {days} is not null group by tier order by tier"
    )
    return tuple(Ageing(row[0], tuple(row[1:])) for row in published.rows(query))


def _attention(published: Published) -> tuple[Attention, ...]:
    names = ("seg_attention_due", "seg_at_risk", "seg_upgrade_offer_due")
    if not _has(published, LEVEL) or not any(_has(published, name) for name in names):
        return ()
    counts = [f"count(*) filter (where {published.text(n)} = 'true')" if _has(published, n) else "null" for n in names]
    query = (
        f"select {published.text(LEVEL)} as level, count(*), {', '.join(counts)} from {published.subjects} "
        "where level in ('top', 'big', 'medium') group by level order by level"
    )
    return tuple(Attention(*row) for row in published.rows(query))


def _dreams(published: Published) -> tuple[Dream, ...]:
    if not _has(published, "seg_dream_customer", VALUE):
        return ()
    cells = [published.cents(name) for name in (VALUE, "seg_referred_revenue_12m", "seg_margin_value")]
    indexes = [published.text(name) for name in ("seg_ambassador_index", "seg_knowhow_index")]
    query = (
        f"select a.account_id, a.name, {', '.join([*cells, *indexes])} from {published.subjects} "
        f"where {published.text('seg_dream_customer')} = 'true' "
        f"order by {cells[0]} desc nulls last, a.{K} limit {DREAMS}"
    )
    return tuple(Dream(*row) for row in published.rows(query))


def _spend(published: Published) -> tuple[Spend, ...]:
    if not _has(published, "seg_acq_cost_ratio", MARGIN, NET):
        return ()
    spend = f"({published.cents(MARGIN)} - {published.cents(NET)})"
    ratio, found = published.stored(published.outputs["seg_acq_cost_ratio"]), []
    for name in SEGMENTS:
        if _has(published, name):
            query = (
                f"select '{name}', {published.text(name)} as value, count(*), cast(sum({spend}) as bigint), "
                f"cast(sum({spend} / nullif({ratio}, 0)) as bigint) from {published.subjects} "
                f"where {spend} > 0 and {ratio} is not null group by value order by value nulls last"
            )
            found += [Spend(*row) for row in published.rows(query)]
    return tuple(found)
