"""A plan for people: who moves from which tier to which, how much revenue moves along, and why."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice
from textwrap import shorten
from typing import TYPE_CHECKING

import typer

from connector.cli.tables import print_table
from connector.model.changes import Cause

if TYPE_CHECKING:
    from connector.model.changes import Change
    from connector.model.outputs import Labels
    from connector.planning.plan import Plan

ACCOUNTS_SHOWN = 10
WIDEST = 60
HEADLINES = ("seg_tier", "seg_pyramid_level", "seg_say_no_status", "seg_action")
"""Properties shown per account; the others are counted."""
WORDS = {
    "en": {
        "plan": "Plan of run {run}, as of {as_of}, rules {rules}",
        "nothing": "nothing to change",
        "sum": "{changes} changes on {accounts} accounts; {say_no} newly say NO, {cleared} no longer",
        "calls": "writing it takes about {calls} API calls",
        "kept": "{kept} values that a person changed are kept",
        "moves": "From tier to tier",
        "columns": ("from", "to", "accounts", "revenue"),
        "causes": "Why",
        "cause_columns": ("cause", "changes"),
        "accounts": "Accounts",
        "account_columns": ("account", "property", "now", "then", "cause"),
        "also": "and {more} more properties",
        "rest": "… and {more} more accounts: --out FILE has them all",
        "waiting": "{waiting} of these accounts wait, because data seem to be missing",
        "holds": "A run with this plan is held:",
    },
    "nl": {
        "plan": "Plan van run {run}, peildatum {as_of}, regels {rules}",
        "nothing": "niets te wijzigen",
        "sum": "{changes} wijzigingen bij {accounts} klanten; {say_no} nieuw op NEE, {cleared} niet meer",
        "calls": "het wegschrijven kost ongeveer {calls} API-aanroepen",
        "kept": "{kept} waarden die iemand zelf heeft aangepast blijven staan",
        "moves": "Van segment naar segment",
        "columns": ("van", "naar", "klanten", "omzet"),
        "causes": "Waarom",
        "cause_columns": ("oorzaak", "wijzigingen"),
        "accounts": "Klanten",
        "account_columns": ("klant", "eigenschap", "nu", "straks", "oorzaak"),
        "also": "en nog {more} eigenschappen",
        "rest": "… en nog {more} klanten: --out FILE bevat ze allemaal",
        "waiting": "{waiting} van deze klanten wachten, omdat er gegevens lijken te ontbreken",
        "holds": "Een run met dit plan wordt aangehouden:",
    },
}


DUTCH_CAUSES: dict[str, str] = {
    Cause.FIRST: "eerste indeling",
    Cause.RULES: "regels gewijzigd",
    Cause.PARAMETERS: "parameter gewijzigd",
    Cause.DATA: "eigen gegevens gewijzigd",
    Cause.PEERS: "anderen schoven op",
    Cause.OVERRIDE: "handmatige instelling",
    Cause.HIERARCHY: "groep gewijzigd",
    Cause.CURRENCY: "wisselkoers",
    Cause.TIME: "verstreken tijd",
    Cause.UNDO: "teruggedraaid",
    Cause.UNDONE: "teruggedraaide waarde opnieuw",
    Cause.UNKNOWN: "onbekend",
}


def _cause(cause: str, labels: "Labels") -> str:
    return DUTCH_CAUSES.get(cause, cause) if labels.language == "nl" else str(cause)


def some_accounts(changes: Iterable["Change"]) -> dict[str, list["Change"]]:
    """The first accounts of a plan with their changes; the rest is not read."""
    groups = groupby(changes, key=lambda change: change.account)
    return {account: list(mine) for account, mine in islice(groups, ACCOUNTS_SHOWN)}


def show_plan(
    plan: "Plan", accounts: Mapping[str, Sequence["Change"]], *, labels: "Labels", names: Mapping[str, str]
) -> None:
    """Print a plan, and these accounts of it; `names` are theirs, as far as they are known."""
    words, tally = WORDS[labels.language], plan.tally
    typer.echo(str(words["plan"]).format(run=plan.run, as_of=plan.as_of, rules=plan.rule_version))
    if not tally.changes:
        typer.echo(str(words["nothing"]))
    else:
        typer.echo(
            str(words["sum"]).format(
                changes=f"{tally.changes:,}",
                accounts=f"{tally.accounts:,}",
                say_no=f"{tally.newly_say_no:,}",
                cleared=f"{tally.no_longer_say_no:,}",
            )
        )
        if plan.calls:
            typer.echo(str(words["calls"]).format(calls=f"{plan.calls:,}"))
        _show_moves(plan, labels)
        _show_causes(plan, labels)
        if accounts:
            _show_accounts(plan, accounts, labels, names)
    if tally.kept:
        typer.echo(str(words["kept"]).format(kept=f"{tally.kept:,}"))
    if plan.waiting:
        typer.echo(str(words["waiting"]).format(waiting=f"{plan.waiting:,}"))
    if plan.holds:
        typer.echo(str(words["holds"]))
        for hold in plan.holds:
            typer.echo(f"  {hold.code}: {hold.message}")


def _show_moves(plan: "Plan", labels: "Labels") -> None:
    words, tally = WORDS[labels.language], plan.tally
    rows = [
        (
            labels.value("seg_tier", move.before),
            labels.value("seg_tier", move.after),
            f"{count:,}",
            f"{tally.revenue_by_move[move] // 100:,}",
        )
        for move, count in sorted(tally.moves.items(), key=lambda item: -item[1])
    ]
    if rows:
        columns = words["columns"]
        print_table(columns, rows, right=columns[2:], title=str(words["moves"]))


def _show_causes(plan: "Plan", labels: "Labels") -> None:
    words = WORDS[labels.language]
    columns = words["cause_columns"]
    rows = [(_cause(cause, labels), f"{count:,}") for cause, count in plan.tally.by_cause.most_common()]
    print_table(columns, rows, right=columns[1:], title=str(words["causes"]))


def _show_accounts(
    plan: "Plan", accounts: Mapping[str, Sequence["Change"]], labels: "Labels", names: Mapping[str, str]
) -> None:
    words = WORDS[labels.language]
    rows: list[tuple[str, ...]] = []
    for account, mine in accounts.items():
        rows += _account_rows(account, mine, labels, names)
    print_table(words["account_columns"], rows, title=str(words["accounts"]))
    if plan.tally.accounts > len(accounts):
        typer.echo(str(words["rest"]).format(more=f"{plan.tally.accounts - len(accounts):,}"))


def _account_rows(
    account: str, changes: Sequence["Change"], labels: "Labels", names: Mapping[str, str]
) -> Iterable[tuple[str, ...]]:
    told = {change.property: change for change in changes if change.target == "account"}
    shown = [told[name] for name in HEADLINES if name in told] or [min(changes, key=_length)]
    who = f"{names[account]} ({account})" if account in names else account
    for change in shown:
        old, new = (_in_one_line(labels.value(change.property, value)) for value in (change.old, change.new))
        yield who, labels.property(change.property), old, new, _cause(change.cause, labels)
        who = ""
    if more := len(changes) - len(shown):
        yield "", str(WORDS[labels.language]["also"]).format(more=more), "", "", ""


def _length(change: "Change") -> int:
    """Of several small changes the shortest says most; explanations come last."""
    return len(change.old or "") + len(change.new or "")


def _in_one_line(text: str) -> str:
    return shorten(text, width=WIDEST, placeholder=" …")
