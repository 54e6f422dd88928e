"""Wanted values against found ones: one query that streams the accounts that differ, in the order of their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from connector.engine.answers.canonical import found
from connector.engine.tables.preparing import G, K
from connector.engine.tables.sources import quoted
from connector.model.changes import Target
from connector.model.fields import Type
from connector.model.outputs import REVENUE, SAY_NO, TIER
from connector.model.verdicts import AccountContext, Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.engine.answers.published import Published
    from connector.rules.ruleset import OutputOf

AT_ONCE = 1_250
"""Accounts compared at once: on a first run each has some 3 kB of texts, sorting takes twice that, and the next ones
are compared meanwhile."""

LAST_EVALUATED, HEARTBEAT_DAYS = "seg_last_evaluated", 7
"""An account on which nothing changes says once a week that it was looked at (domain.md 5.7)."""
_made = tuple.__new__
"""A difference as its class makes it, without the call of its own: a first run finds hundreds of thousands."""


def differences(published: Published, *, compared: bool) -> Iterator[tuple[AccountContext, Sequence[Difference]]]:
    """Every account with a property or an open deal that is not as wanted; `compared`: the table `changed` is there."""
    outputs, mirrored = published.written, [o for o in published.written if o.output.on_deals]
    own = [(o.output.name, o.output.follows) for o in outputs]
    beating = [(name, follows and name != LAST_EVALUATED) for name, follows in own]
    on_deals = [(o.output.on_deals, False) for o in mirrored]
    nothing = [None] * len(outputs)

    def query(places: str) -> str:
        return _query(published, outputs, _deals(published, mirrored, places), places, compared=compared)

    for account, *context, due, wanted, held, deals in published.in_stretches(query, size=AT_ONCE):
        holds = nothing if held is None else orjson.loads(held)
        properties = beating if due else own
        found = _differing((account, Target.ACCOUNT, account), properties, orjson.loads(wanted), holds)
        for deal, wants, finds in orjson.loads(deals) if deals else ():
            found += _differing((account, Target.DEAL, deal), on_deals, wants, finds)
        yield AccountContext(account, *context), found


def _differing(
    record: tuple[str, Target, str],
    properties: Sequence[tuple[str, bool]],
    wanted: Sequence[str | None],
    found: Sequence[str | None],
) -> list[Difference]:
    return [
        _made(Difference, (*record, name, wants, finds, follows))
        for (name, follows), wants, finds in zip(properties, wanted, found, strict=True)
        if wants != finds
    ]


def _query(published: Published, outputs: Sequence[OutputOf], deals: str, places: str, *, compared: bool) -> str:
    """SQL of the accounts in these places with their open deals: what guards and causes need, and both sides."""
    cells = [f"{_kept(published, o)} as w{i}, {published.found(o)} as f{i}" for i, o in enumerate(outputs)]
    differs = " or ".join(f"w{i} is distinct from f{i}" for i, o in enumerate(outputs) if not o.output.follows)
    due = next(
        (
            f"coalesce(try_cast(w{i} as date) - try_cast(f{i} as date) >= {HEARTBEAT_DAYS}, false)"
            for i, o in enumerate(outputs)
            if o.output.name == LAST_EVALUATED
        ),
        "false",
    )
    context = {
        "name": "a.name",
        "owner": "a.owner_id",
        "revenue": published.cents(REVENUE),
        "tier_before": published.text(TIER, before=True),
        "tier_wanted": published.text(TIER),
        "say_no_before": _flag(published.text(SAY_NO, before=True)),
        "say_no_wanted": _flag(published.text(SAY_NO)),
        "data_changed": f"a.{K} in (select {K} from changed)" if compared else "null::boolean",
        "group": f"case when a.{G} in (select {G} from account where {G} <> {K}) then a.{G}::varchar end",
        "group_changed": f"a.{G} in (select {G} from regrouped)" if compared else "false",
        "rates_changed": f"a.{G} in (select {G} from repriced)" if compared else "false",
    }
    named = ", ".join(f"{sql} as {quoted(f'context {name}')}" for name, sql in context.items())
    wanted, held = (_array([f"{side}{i}" for i in range(len(outputs))]) for side in "wf")
    holds = " or ".join(f"f{i} is not null" for i in range(len(outputs)))
    return (
        f"select account_id, {', '.join(quoted(f'context {name}') for name in context)}, "
        f"{due}, {wanted}, case when {holds or 'false'} then {held} end, deals "
        f"from (select a.{K}, a.account_id, {named}, d.deals{''.join(f', {cell}' for cell in cells)} "
        f"from {published.subjects} left join ({deals}) d on d.{K} = a.{K} where {places}) "
        f"where {differs or 'false'} or deals is not null or {due} order by {K}"
    )


def _kept(published: Published, output: OutputOf) -> str:
    """SQL of an output's wanted text as the CRM keeps it: where all there is is a checkbox, false is empty."""
    wanted = published.wanted(output)
    if published.request.keeps_false or output.output.type is not Type.BOOLEAN:
        return wanted
    return f"nullif({wanted}, 'false')"


def _flag(text: str) -> str:
    return f"case {text} when 'true' then true when 'false' then false end"


def _deals(published: Published, mirrored: Sequence[OutputOf], places: str) -> str:
    """Open deals whose mirrored values differ, gathered per account."""
    if not mirrored:
        return f"select null::bigint as {K}, null::varchar as deals limit 0"
    wants = [f"{_kept(published, o)} as w{i}" for i, o in enumerate(mirrored)]
    finds = [
        f"{found(f'd.{quoted(o.output.on_deals)}', o.output.type, time_zone=published.request.time_zone)} as f{i}"
        for i, o in enumerate(mirrored)
    ]
    differ = " or ".join(f"w{i} is distinct from f{i}" for i in range(len(mirrored)))
    wanted, held = (_array([f"{side}{i}" for i in range(len(mirrored))]) for side in "wf")
    return (
        f"select {K}, '[' || string_agg({_array(['id', wanted, held])}, ',' order by id) || ']' as deals from ("
        f"select a.{K}, d.id, {', '.join([*wants, *finds])} from {published.subjects} join deal d on d.{K} = a.{K} "
        f"where {places} and not d.is_closed and d.id is not null) where {differ} group by {K}"
    )


def _array(cells: Sequence[str]) -> str:
    """SQL of the cells as one text, a JSON array: what holds many values crosses over to Python at once."""
    return f"json_array({', '.join(cells)})"
