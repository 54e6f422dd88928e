"""The say-no list: accounts advised to be refused or watched, with what the advice would save (domain.md 7.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.tables.preparing import K
from connector.model.outputs import COST_TO_SERVE, ENERGY_HOURS, LEVEL, MARGIN, NET, REVENUE, SAY_NO_STATUS, TIER
from connector.model.pictures import AdvisedAccount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.engine.answers.published import Published

TEXTS = {
    "tier": TIER,
    "level": LEVEL,
    "status": SAY_NO_STATUS,
    "scope": "seg_say_no_scope",
    "reasons": "seg_say_no_reasons",
    "protected_by": "seg_protected_by",
    "action": "seg_action",
    "action_text": "seg_action_text",
    "reason": "seg_reason",
}
AMOUNTS = {
    "revenue_cents": REVENUE,
    "cost_to_serve_cents": COST_TO_SERVE,
    "net_contribution_cents": NET,
}
LISTS = ("reasons", "protected_by")


def advised(published: Published) -> Iterator[AdvisedAccount]:
    """Accounts whose status is `say_no` or `watch`, ascending by id."""
    cells = {"account": "a.account_id", "name": "a.name", "owner": "a.owner_id"}
    cells |= {name: published.text(output) for name, output in TEXTS.items()}
    cells |= {name: published.cents(output) for name, output in AMOUNTS.items()}
    cells |= {"gross_margin_cents": _sum(published, MARGIN, "+", COST_TO_SERVE)}
    cells |= {"spend_cents": _sum(published, MARGIN, "-", NET)}
    cells |= {"energy_hours": _hours(published)}
    query = (
        f"select {', '.join(cells.values())} from {published.subjects} "
        f"where {published.text(SAY_NO_STATUS)} in ('say_no', 'watch') order by a.{K}"
    )
    for row in published.rows(query):
        fields = dict(zip(cells, row, strict=True))
        for name in LISTS:
            fields[name] = tuple(str(fields[name]).split(";")) if fields[name] else ()
        yield AdvisedAccount(**fields)


def _sum(published: Published, one: str, sign: str, other: str) -> str:
    """What one of the outputs leaves out of another: margin + service is gross, margin - net is spend."""
    return f"{published.cents(one)} {sign} {published.cents(other)}"


def _hours(published: Published) -> str:
    output = published.named(ENERGY_HOURS)
    return published.stored(output) if output else "null"
