"""`rules diff`: what a change of the rules does to the population."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.call import Call
from connector.cli.output import say
from connector.cli.tables import print_table
from connector.model.numbers import exact
from connector.model.outputs import TIER

if TYPE_CHECKING:
    from connector.model.outputs import Labels
    from connector.model.texts import Texts
    from connector.planning.impact import Impact
    from connector.rules.edits import Edit

SHOWN = 20
"""Accounts that are listed one by one; --json has all of them."""
PARTIAL = 4
Data = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of files; else the mirror of the last pull.")]


def diff(
    call: Call,
    *,
    old: Annotated[Path, typer.Argument(metavar="OLD_DIR", help="Folder of the rule files to compare with.")],
    data: Data = None,
    rules: Annotated[Path | None, typer.Option(help="Folder of the new rule files; else that of the settings.")] = None,
) -> int:
    """Show who moves, how much revenue moves along, and because of which rule or parameter; writes nothing.

    --set counts for the new rules only: `rules diff rules --set NAME=VALUE` shows what a parameter would do.
    """
    from connector.wiring.comparing import impact, older, population

    wiring = call.wiring(needs_file=data is None)
    if rules is not None:
        wiring.rules_directory = rules
    before, request = older(wiring, old), population(wiring, data)
    with call.progress() as progress:
        edits, found, unreadable = impact(wiring, before, wiring.rules, request, progress)
    head = {"as_of": request.as_of, "old_version": before.version, "new_version": wiring.rules.version}
    if call.json:
        call.document(head | _document(edits, found) | {"unreadable": unreadable})
    else:
        versions = {"old": before.version, "new": wiring.rules.version}
        typer.echo(call.texts.say("diff", **versions, day=request.as_of))
        _tell(edits, found, wiring.labels, call.texts)
    if unreadable:
        say(call.texts.say("diff.unreadable", cells=unreadable))
    return PARTIAL if unreadable else 0


def _document(edits: list["Edit"], found: "Impact") -> dict[str, Any]:
    return {
        "edits": [{"kind": e.kind, "name": e.name, "detail": e.detail} for e in edits],
        "accounts": found.accounts,
        "accounts_that_change": found.moved,
        "tiers_changed": sum(found.tiers.values()),
        "revenue_moved": exact(found.revenue_cents),
        "newly_say_no": found.newly_say_no,
        "no_longer_say_no": found.no_longer_say_no,
        "by_output": dict(sorted(found.by_output.items())),
        "tiers": [
            {"from": old, "to": new, "accounts": number, "revenue": exact(found.revenue_by_tier[old, new])}
            for (old, new), number in _ranked(found.tiers)
        ],
        "because": [
            {"edit": cause, "accounts": number, "revenue": exact(found.revenue_by_cause[cause])}
            for cause, number in _ranked(found.by_cause)
        ],
        "moves": [
            {
                "account": move.account,
                "name": move.name,
                "property": move.output,
                "old": move.before,
                "new": move.after,
                "revenue": exact(move.revenue_cents),
                "because": list(move.because),
            }
            for move in found.moves
        ],
    }


def _tell(edits: list["Edit"], found: "Impact", labels: "Labels", texts: "Texts") -> None:
    said = {str(edit): _said(edit, texts) for edit in edits}
    listed = [texts.say("diff.edited"), *(f"  {edit}" for edit in said.values())]
    typer.echo("\n".join(listed) if edits else texts.say("diff.nothing"))
    counts = {"moved": found.moved, "accounts": found.accounts, "tiers": sum(found.tiers.values())}
    counts |= {"say_no": found.newly_say_no, "cleared": found.no_longer_say_no}
    typer.echo(texts.say("diff.sum", **counts, revenue=_whole(found.revenue_cents, texts)))
    _tell_tiers(found, labels, texts)
    _tell_causes(found, said, texts)
    _tell_properties(found, labels, texts)
    _tell_accounts(found, labels, said, texts)


def _said(edit: "Edit", texts: "Texts") -> str:
    """Tell an edit in one line, in the reader's language."""
    detail = " → ".join(texts.name("diff.value", part) for part in edit.detail.split(" → "))
    return f"{texts.name('diff.kind', edit.kind)} {edit.name}" + (f" ({detail})" if detail else "")


def _tell_tiers(found: "Impact", labels: "Labels", texts: "Texts") -> None:
    rows = [
        (
            labels.value(TIER, old),
            labels.value(TIER, new),
            texts.number(number),
            _whole(found.revenue_by_tier[old, new], texts),
        )
        for (old, new), number in _ranked(found.tiers)
    ]
    columns = [*map(texts.say, ("plan.from", "plan.to", "plan.customers", "plan.revenue"))]
    if rows:
        print_table(columns, rows, right=columns[2:], title=texts.say("plan.moves"))


def _tell_causes(found: "Impact", said: Mapping[str, str], texts: "Texts") -> None:
    rows = [
        (said.get(cause, cause), texts.number(number), _whole(found.revenue_by_cause[cause], texts))
        for cause, number in _ranked(found.by_cause)
    ]
    columns = [*map(texts.say, ("diff.because", "plan.customers", "plan.revenue"))]
    if rows:
        print_table(columns, rows, right=columns[1:], title=texts.say("diff.causes"))


def _tell_properties(found: "Impact", labels: "Labels", texts: "Texts") -> None:
    rows = [(labels.property(name), texts.number(number)) for name, number in _ranked(found.by_output)]
    columns = [*map(texts.say, ("column.property", "plan.customers"))]
    if rows:
        print_table(columns, rows, right=columns[1:], title=texts.say("diff.properties"))


def _tell_accounts(found: "Impact", labels: "Labels", said: Mapping[str, str], texts: "Texts") -> None:
    rows = [
        (
            move.account,
            move.name or "",
            labels.property(move.output),
            labels.value(move.output, move.before),
            labels.value(move.output, move.after),
            "; ".join(said.get(cause, cause) for cause in move.because),
        )
        for move in found.moves[:SHOWN]
    ]
    named = ("column.account", "diff.name", "column.property", "plan.now", "plan.then", "diff.because")
    if rows:
        print_table([*map(texts.say, named)], rows, title=texts.say("plan.accounts"))
    if len(found.moves) > SHOWN:
        typer.echo(texts.say("diff.more", n=len(found.moves) - SHOWN))


def _whole(cents: int, texts: "Texts") -> str:
    return texts.number(cents // 100)


def _ranked(counts: Any) -> list[tuple[Any, int]]:
    """Most first, then by name: the same data print the same table."""
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
