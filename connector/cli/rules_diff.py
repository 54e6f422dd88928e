"""`rules diff`: what a change of the rules does to the population."""

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
        call.document(head | _document(edits, found))
    else:
        typer.echo(f"Rules {before.version} → {wiring.rules.version}, as of {request.as_of}")
        _tell(edits, found, wiring.labels)
    if unreadable:
        say(f"{unreadable} cells could not be read; `tiersync evaluate` lists them")
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


def _tell(edits: list["Edit"], found: "Impact", labels: "Labels") -> None:
    typer.echo("\n".join(["Edited", *(f"  {edit}" for edit in edits)]) if edits else "nothing was edited")
    typer.echo(
        f"{found.moved:,} of {found.accounts:,} accounts change; {sum(found.tiers.values()):,} change tier, with "
        f"{found.revenue_cents // 100:,} of revenue; {found.newly_say_no:,} newly say NO, "
        f"{found.no_longer_say_no:,} no longer"
    )
    if found.tiers:
        rows = [
            (labels.value(TIER, old), labels.value(TIER, new), f"{number:,}", _whole(found, old, new))
            for (old, new), number in _ranked(found.tiers)
        ]
        columns = ("from", "to", "accounts", "revenue")
        print_table(columns, rows, right=columns[2:], title="From tier to tier")
    if found.by_cause:
        why = [(c, f"{n:,}", f"{found.revenue_by_cause[c] // 100:,}") for c, n in _ranked(found.by_cause)]
        titles = ("because of", "accounts", "revenue")
        print_table(titles, why, right=titles[1:], title="Why the tier or the say-no changes")
    other = [(labels.property(name), f"{number:,}") for name, number in _ranked(found.by_output)]
    if other:
        print_table(("property", "accounts"), other, right=("accounts",), title="Every property that changes")
    _tell_accounts(found, labels)


def _whole(found: "Impact", old: str | None, new: str | None) -> str:
    return f"{found.revenue_by_tier[old, new] // 100:,}"


def _tell_accounts(found: "Impact", labels: "Labels") -> None:
    rows = [
        (
            move.account,
            move.name or "",
            labels.property(move.output),
            labels.value(move.output, move.before),
            labels.value(move.output, move.after),
            "; ".join(move.because),
        )
        for move in found.moves[:SHOWN]
    ]
    if rows:
        print_table(("account", "name", "property", "now", "then", "because of"), rows, title="Accounts")
    if len(found.moves) > SHOWN:
        typer.echo(f"… and {len(found.moves) - SHOWN:,} more: --json has them all")


def _ranked(counts: Any) -> list[tuple[Any, int]]:
    """Most first, then by name: the same data print the same table."""
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
