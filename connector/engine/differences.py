"""Wanted values against found ones: one query that streams the accounts that differ, in the order of their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.canonical import found
from connector.engine.preparing import G, K
from connector.engine.published import REVENUE, SAY_NO, TIER
from connector.engine.sources import quoted
from connector.model.changes import Target
from connector.model.fields import Type
from connector.model.verdicts import AccountContext, Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.engine.published import Published
    from connector.rules.ruleset import OutputOf


def differences(published: Published, *, compared: bool) -> Iterator[tuple[AccountContext, Sequence[Difference]]]:
    """Every account with a property or an open deal that is not as wanted; `compared`: the table `changed` is there."""
    outputs, mirrored = published.written, [o for o in published.written if o.output.on_deals]
    for account, *context, wanted, held, deals in published.rows(
        _query(published, outputs, mirrored, compared=compared)
    ):
        found = [
            Difference(str(account), Target.ACCOUNT, str(account), o.output.name, want, hold, follows=o.output.follows)
            for o, want, hold in zip(outputs, wanted, held, strict=True)
            if want != hold
        ]
        found += [d for deal in deals or () for d in _of_deal(str(account), deal, mirrored)]
        yield AccountContext(str(account), *context), found


def _of_deal(account: str, deal: dict[str, str], mirrored: Sequence[OutputOf]) -> Iterator[Difference]:
    for number, output in enumerate(mirrored):
        wanted, found = deal[f"w{number}"], deal[f"f{number}"]
        if wanted != found:
            yield Difference(account, Target.DEAL, deal["id"], output.output.on_deals, wanted, found)


def _query(published: Published, outputs: Sequence[OutputOf], mirrored: Sequence[OutputOf], *, compared: bool) -> str:
    cells = [f"{_kept(published, o)} as w{i}, {published.found(o)} as f{i}" for i, o in enumerate(outputs)]
    differs = " or ".join(f"w{i} is distinct from f{i}" for i, o in enumerate(outputs) if not o.output.follows)
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
    }
    named = ", ".join(f"{sql} as {quoted(f'context {name}')}" for name, sql in context.items())
    wanted, held = (", ".join(f"{side}{i}" for i in range(len(outputs))) for side in "wf")
    return (
        f"select account_id, {', '.join(quoted(f'context {name}') for name in context)}, "
        f"[{wanted}]::varchar[], [{held}]::varchar[], deals "
        f"from (select a.{K}, a.account_id, {named}, d.deals{''.join(f', {cell}' for cell in cells)} "
        f"from {published.subjects} left join ({_deals(published, mirrored)}) d on d.{K} = a.{K}) "
        f"where {differs or 'false'} or deals is not null order by {K}"
    )


def _kept(published: Published, output: OutputOf) -> str:
    """SQL of an output's wanted text as the CRM keeps it: where all there is is a checkbox, false is empty."""
    wanted = published.wanted(output)
    if published.request.keeps_false or output.output.type is not Type.BOOLEAN:
        return wanted
    return f"nullif({wanted}, 'false')"


def _flag(text: str) -> str:
    return f"case {text} when 'true' then true when 'false' then false end"


def _deals(published: Published, mirrored: Sequence[OutputOf]) -> str:
    """Open deals whose mirrored values differ, gathered per account."""
    if not mirrored:
        return f"select null::bigint as {K}, null::struct(id varchar)[] as deals limit 0"
    wants = [f"{_kept(published, o)} as w{i}" for i, o in enumerate(mirrored)]
    finds = [
        f"{found(f'd.{quoted(o.output.on_deals)}', o.output.type, time_zone=published.request.time_zone)} as f{i}"
        for i, o in enumerate(mirrored)
    ]
    differ = " or ".join(f"w{i} is distinct from f{i}" for i in range(len(mirrored)))
    packed = ", ".join(f"w{i} := w{i}, f{i} := f{i}" for i in range(len(mirrored)))
    return (
        f"select {K}, list(struct_pack(id := id, {packed}) order by id) as deals from ("
        f"select a.{K}, d.id, {', '.join([*wants, *finds])} from {published.subjects} join deal d on d.{K} = a.{K} "
        f"where not d.is_closed and d.id is not null) where {differ} group by {K}"
    )
