"""A plan for people: who moves from which tier to which, how much revenue moves along, and why."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice
from textwrap import shorten
from typing import TYPE_CHECKING

import typer

from connector.cli.tables import print_table
from connector.model.outputs import LEVEL, SAY_NO_STATUS, TIER
from connector.model.texts import Texts, shortened

if TYPE_CHECKING:
    from connector.model.changes import Change
    from connector.model.outputs import Labels
    from connector.planning.plan import Plan

ACCOUNTS_SHOWN = OWNERS_SHOWN = 10
WIDEST = 60
HEADLINES = (TIER, LEVEL, SAY_NO_STATUS, "seg_action")
"""Properties shown per account; the others are counted."""


def _cause(cause: str, labels: "Labels") -> str:
    return Texts("connector.planning", labels.language).name("cause", cause)


def some_accounts(changes: Iterable["Change"]) -> dict[str, list["Change"]]:
    """The first accounts of a plan with their changes; the rest is not read."""
    groups = groupby(changes, key=lambda change: change.account)
    return {account: list(mine) for account, mine in islice(groups, ACCOUNTS_SHOWN)}


def show_plan(
    plan: "Plan", accounts: Mapping[str, Sequence["Change"]], *, labels: "Labels", names: Mapping[str, str]
) -> None:
    """Print a plan, and these accounts of it; `names` are theirs, as far as they are known."""
    texts, tally = _texts(labels), plan.tally
    typer.echo(texts.say("plan", run=plan.run, as_of=plan.as_of, rules=plan.rule_version))
    if not tally.changes:
        typer.echo(texts.say("plan.nothing"))
    else:
        counts = {"changes": tally.changes, "accounts": tally.accounts}
        counts |= {"say_no": tally.newly_say_no, "cleared": tally.no_longer_say_no}
        typer.echo(texts.say("plan.sum", **{name: texts.number(count) for name, count in counts.items()}))
        if plan.calls:
            typer.echo(texts.say("plan.calls", calls=texts.number(plan.calls)))
        _show_moves(plan, labels)
        _show_owners(plan, labels)
        _show_causes(plan, labels)
        if accounts:
            _show_accounts(plan, accounts, labels, names)
    if tally.kept:
        typer.echo(texts.say("plan.kept", kept=texts.number(tally.kept)))
    if plan.waiting:
        typer.echo(texts.say("plan.waiting", waiting=texts.number(plan.waiting)))
    if plan.holds:
        typer.echo(texts.say("plan.holds"))
        for hold in plan.holds:
            typer.echo(f"  {hold.code}: {hold.message}")


def show_held_again(plan: "Plan", earlier: str, *, labels: "Labels") -> None:
    """Tell that the very plan of an earlier run is held again, and by what; it was shown then."""
    typer.echo(_texts(labels).say("plan.held_again", run=plan.run, earlier=earlier))
    for hold in plan.holds:
        typer.echo(f"  {hold.code}: {hold.message}")


def _texts(labels: "Labels") -> Texts:
    return Texts("connector.cli", labels.language)


def _show_moves(plan: "Plan", labels: "Labels") -> None:
    texts, tally = _texts(labels), plan.tally
    rows = [
        (
            labels.value(TIER, move.before),
            labels.value(TIER, move.after),
            texts.number(count),
            texts.number(tally.revenue_by_move[move] // 100),
        )
        for move, count in sorted(tally.moves.items(), key=lambda item: -item[1])
    ]
    if rows:
        columns = [*map(texts.say, ("plan.from", "plan.to", "plan.customers", "plan.revenue"))]
        print_table(columns, rows, right=columns[2:], title=texts.say("plan.moves"))


def _show_owners(plan: "Plan", labels: "Labels") -> None:
    """Whose accounts move, the hardest hit first; a first assignment moves nobody."""
    texts, books = _texts(labels), plan.tally.moved_by_owner
    hit = sorted(books.items(), key=lambda item: (-item[1], item[0]))
    rows = [(owner or texts.say("plan.nobody"), texts.number(count)) for owner, count in hit[:OWNERS_SHOWN]]
    if rows:
        columns = [texts.say(name) for name in ("plan.owner", "plan.customers")]
        print_table(columns, rows, right=columns[1:], title=texts.say("plan.owners"))
    if (more := len(hit) - OWNERS_SHOWN) > 0:
        typer.echo(texts.say("plan.more_owners", more=texts.number(more)))


def _show_causes(plan: "Plan", labels: "Labels") -> None:
    texts = _texts(labels)
    columns = [texts.say(f"column.{name}") for name in ("cause", "changes")]
    rows = [(_cause(cause, labels), texts.number(count)) for cause, count in plan.tally.by_cause.most_common()]
    print_table(columns, rows, right=columns[1:], title=texts.say("plan.causes"))


def _show_accounts(
    plan: "Plan", accounts: Mapping[str, Sequence["Change"]], labels: "Labels", names: Mapping[str, str]
) -> None:
    texts = _texts(labels)
    rows: list[tuple[str, ...]] = []
    for account, mine in accounts.items():
        rows += _account_rows(account, mine, labels, names)
    named = ("column.account", "column.property", "plan.now", "plan.then", "column.cause")
    print_table([texts.say(name) for name in named], rows, title=texts.say("plan.accounts"))
    if plan.tally.accounts > len(accounts):
        typer.echo(texts.say("plan.rest", more=texts.number(plan.tally.accounts - len(accounts)), run=plan.run))


def _account_rows(
    account: str, changes: Sequence["Change"], labels: "Labels", names: Mapping[str, str]
) -> Iterable[tuple[str, ...]]:
    told = {change.property: change for change in changes if change.target == "account"}
    shown = [told[name] for name in HEADLINES if name in told] or [min(changes, key=_length)]
    who = f"{shortened(names[account], WIDEST)} ({account})" if account in names else account
    for change in shown:
        old, new = (_in_one_line(labels.value(change.property, value)) for value in (change.old, change.new))
        yield who, labels.property(change.property), old, new, _cause(change.cause, labels)
        who = ""
    if more := len(changes) - len(shown):
        yield "", _texts(labels).say("plan.also", more=more), "", "", ""


def _length(change: "Change") -> int:
    """Of several small changes the shortest says most; explanations come last."""
    return len(change.old or "") + len(change.new or "")


def _in_one_line(text: str) -> str:
    return shorten(text, width=WIDEST, placeholder=" …")
