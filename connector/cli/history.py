"""`status`, `runs`, `runs show`: what happened, from the journal alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from textwrap import shorten
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from connector.cli.audit import export, forget
from connector.cli.call import Call, shared
from connector.cli.tables import print_table
from connector.model.changes import Landed
from connector.model.outputs import NOTHING

PANEL = "Look back"
COUNTS = ("changes", "written", "refused")
RECORD = ("account", "property", "old", "new", "cause", "outcome", "reason")
RECORDS_SHOWN, WIDEST = 40, 60
HOUR, TWO_DAYS = 3_600, 48 * 3_600


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("status", rich_help_panel=PANEL)(shared(status))
    group = typer.Typer(help=runs.__doc__)
    group.callback(invoke_without_command=True)(shared(runs))
    group.command("show")(shared(show))
    group.command("export")(shared(export))
    group.command("forget")(shared(forget))
    app.add_typer(group, name="runs", rich_help_panel=PANEL)


def status(call: Call) -> int:
    """Tell the last good run and its age, the last run, what is held, and what the CRM refused."""
    found = call.wiring().status()
    if call.json:
        call.document(found)
        return 0
    last, held, quota = found["last"], found["held"], found["quota_left"]
    rows = [
        ("last good run", _aged(found["last_good"], found["age_seconds"])),
        ("last run", f"{last['run']}: {_ended(last)}" if last else "none yet"),
        ("held", f"{held['run']}; {held['release']}" if held else "nothing"),
        ("quarantined", f"{found['quarantined']:,} records"),
        ("quota left", "unknown" if quota is None else f"{quota:,} calls"),
    ]
    if found["overdue_since"]:
        rows.insert(1, ("overdue since", f"{found['overdue_since']:%Y-%m-%d %H:%M %Z}; is `tiersync run` alive?"))
    print_table(("", ""), rows)
    return 0


def runs(call: Call, *, limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20) -> int:
    """List the runs, newest first; `runs show RUN` tells one with every outcome."""
    if call.subcommand:
        return 0
    found = call.wiring().runs(limit=limit)
    if call.json:
        call.document(found)
    else:
        columns = ("run", "command", "started", "outcome", *COUNTS)
        zone = ZoneInfo(call.wiring().settings.run.time_zone)
        print_table(columns, [_row(row, zone) for row in found], right=COUNTS)
    return 0


def show(
    call: Call,
    *,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    every: Annotated[bool, typer.Option("--all", help="Every value, not only the first; --json has them all.")] = False,
) -> int:
    """Tell one run: its figures, its reasons, and its values with their outcome, those not written first."""
    found = call.wiring().run(run)
    if call.json:
        call.document(found)
        return 0
    zone = ZoneInfo(call.wiring().settings.run.time_zone)
    typer.echo(f"{found['run']}: {found['command']}, {_ended(found)}, {_moment(found['started'], zone)}")
    for reason in found["reasons"]:
        typer.echo(f"  {reason['code']}: {reason['message']}")
    print_table(("", ""), [(name, f"{figure:,}") for name, figure in sorted(found["figures"].items())])
    records = sorted(found["records"], key=lambda record: record["outcome"] == Landed.WRITTEN)
    shown = records if every else records[:RECORDS_SHOWN]
    if shown:
        print_table(RECORD, [_record(record) for record in shown])
    if more := len(records) - len(shown):
        typer.echo(f"… and {more:,} more values: --all shows them")
    return 0


def _row(row: Mapping[str, Any], zone: ZoneInfo) -> Sequence[str]:
    return (
        row["run"],
        row["command"],
        _moment(row["started"], zone),
        _ended(row),
        *(f"{row[name]:,}" for name in COUNTS),
    )


def _record(record: Mapping[str, Any]) -> Sequence[str]:
    return [
        NOTHING if record[name] is None else shorten(str(record[name]), WIDEST, placeholder=" …") for name in RECORD
    ]


def _ended(row: Mapping[str, Any]) -> str:
    return row["outcome"] or "going on, or died"


def _moment(iso: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _aged(run: str | None, seconds: int | None) -> str:
    if run is None or seconds is None:
        return "none yet"
    if seconds < 2 * HOUR:
        return f"{run}, {_counted(seconds // 60, 'minute')} ago"
    return f"{run}, {seconds // HOUR} hours ago" if seconds < TWO_DAYS else f"{run}, {seconds // (24 * HOUR)} days ago"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
