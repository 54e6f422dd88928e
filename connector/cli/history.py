"""`status`, `runs`, `runs show`: what happened, from the journal alone."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.call import Call, shared
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.ports import ChangeRow, RunRow

PANEL = "Look back"
COUNTS = ("changes", "written", "refused")


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("status", rich_help_panel=PANEL)(shared(status))
    group = typer.Typer(help=runs.__doc__)
    group.callback(invoke_without_command=True)(shared(runs))
    group.command("show")(shared(show))
    app.add_typer(group, name="runs", rich_help_panel=PANEL)


def status(call: Call) -> int:
    """Tell the last good run and its age, the last run, what is held, and what the CRM refused."""
    from connector.cli.tables import print_table

    document = call.wiring().status()
    if call.json:
        call.document(document)
        return 0
    last = document["last"]
    print_table(
        ("", ""),
        [
            ("last good run", _aged(document["last_good"], document["age_seconds"])),
            ("last run", f"{last['run']}: {last['outcome'] or 'going on'}" if last else "none yet"),
            ("held", f"{document['held']}: tiersync approve {document['held']} --reason TEXT" if document["held"] else "no"),
            ("quarantined records", str(document["quarantined"])),
            ("quota left", "unknown" if document["quota_left"] is None else f"{document['quota_left']:,}"),
        ],
    )
    return 0


def runs(
    call: Call, *, limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20
) -> int:
    """List runs, newest first; `runs show RUN` tells one with its outcomes."""
    if call.subcommand:
        return 0
    rows = call.wiring().journal.runs(limit=limit)
    if call.json:
        call.document([_row(row) for row in rows])
        return 0
    _list(rows)
    return 0


def show(call: Call, *, run: Annotated[str, typer.Argument(help="The run's id.")]) -> int:
    """Tell one run: its figures, its reasons, and every record with its outcome."""
    journal = call.wiring().journal
    row = journal.run(run)
    if row is None:
        raise UsageError(f"there is no run {run}", hint="`tiersync runs` lists them")
    if call.json:
        records = [_record(change) for change in journal.changes(run)]
        call.document(_row(row) | {"figures": dict(row.figures), "reasons": _reasons(row), "records": records})
        return 0
    _tell(row, journal.changes(run))
    return 0


def _row(row: "RunRow") -> dict[str, Any]:
    return {
        "run": row.run,
        "command": row.command,
        "started": row.started,
        "finished": row.finished,
        "outcome": row.outcome,
        **{name: row.figures.get(name, 0) for name in COUNTS},
    }


def _record(row: "ChangeRow") -> dict[str, Any]:
    change = row.change
    return {
        "account": change.account,
        "object": change.target,
        "record": change.record,
        "property": change.property,
        "old": change.old,
        "new": change.new,
        "cause": change.cause,
        "outcome": row.landed,
        "reason": row.reason,
    }


def _reasons(row: "RunRow") -> list[dict[str, str]]:
    return [{"code": reason.code, "message": reason.message} for reason in row.reasons]


def _list(rows: Iterable["RunRow"]) -> None:
    from connector.cli.tables import print_table

    columns = ("run", "command", "started", "outcome", *COUNTS)
    print_table(
        columns,
        [
            (row.run, row.command, _moment(row.started), row.outcome or "going on or died", *(f"{row.figures.get(n, 0):,}" for n in COUNTS))
            for row in rows
        ],
        right=COUNTS,
    )


def _tell(row: "RunRow", changes: Iterable["ChangeRow"]) -> None:
    from connector.cli.tables import print_table

    typer.echo(f"{row.run}: {row.command}, {row.outcome or 'going on or died'}, {_moment(row.started)}")
    for reason in row.reasons:
        typer.echo(f"  {reason.code}: {reason.message}")
    for name, figure in sorted(row.figures.items()):
        typer.echo(f"  {name}: {figure:,}")
    rows = [
        (c.change.account, c.change.property, c.change.old or "–", c.change.new or "–", c.change.cause, c.landed or "not sent", c.reason)
        for c in changes
    ]
    if rows:
        print_table(("account", "property", "old", "new", "cause", "outcome", "reason"), rows)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _aged(run: str | None, seconds: float | None) -> str:
    if run is None or seconds is None:
        return "none yet"
    minutes, hours = seconds / 60, seconds / 3600
    age = f"{minutes:.0f} minutes" if hours < 2 else f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004 - how people tell an age
    return f"{run}, {age} ago"
