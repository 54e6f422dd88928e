"""`run`: the unattended worker."""

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.call import Call, shared, within_years
from connector.cli.logs import name_run, worker_line
from connector.cli.output import say
from connector.cli.walk import summary, tell_unread_tables
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.sync import Result


BETWEEN = "--from 2026-10-24 --until 2026-10-27"
"""Moments in a hint."""


def _moment(text: str) -> datetime:
    try:
        return within_years(datetime.fromisoformat(text))
    except ValueError:
        raise typer.BadParameter("not a date or time; write it as 2026-10-25 or 2026-10-25T02:30") from None


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", rich_help_panel="Walk")(shared(run))


def run(
    call: Call,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the times it would run, and do nothing.")] = False,
    from_: Annotated[
        datetime | None, typer.Option("--from", metavar="ISO", parser=_moment, help="First moment.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", metavar="ISO", parser=_moment, help="Last moment.")
    ] = None,
) -> int:
    """Work unattended: a run at once, then by the schedule of the settings, until SIGTERM or Ctrl-C."""
    if dry_run:
        return _print_times(call, from_, until)
    from connector.wiring.working import worker as unattended

    _refuse_moments({"--from": from_, "--until": until})
    wiring, texts = call.wiring(), call.texts

    def tell(line: str) -> None:
        say(call.scrub(worker_line(line, now=wiring.clock())))

    def ended(result: "Result") -> None:
        reasons = [f"{reason.code}: {reason.message}" for reason in result.reasons]
        for line in filter(None, (*reasons, result.hint, summary(result, texts))):
            tell(line)

    with call.progress() as progress:
        worker, vitals = unattended(wiring, progress=progress, tell=tell, ended=ended, begun=name_run)
        tell_unread_tables(call, tell)  # not before: people hear of rules that are broken from the worker
        with vitals.serving() as address:
            if address:
                tell(f"answering at {address}: /livez, /readyz, /healthz, /metrics")
            in_time = worker.run()
    if not in_time:
        sys.stderr.flush()
        os._exit(0)  # the batch in hand hangs; the journal knows what was sent
    return 0


def _refuse_moments(given: dict[str, datetime | None]) -> None:
    """Raise UsageError for moments without --dry-run: who asks for times gets no worker that writes."""
    names = [name for name, moment in given.items() if moment is not None]
    if names:
        need = f"{' and '.join(names)} need{'s' if len(names) == 1 else ''} --dry-run"
        raise UsageError(f"{need}, which prints the times and does nothing", hint=f"tiersync run --dry-run {BETWEEN}")


def _print_times(call: Call, first: datetime | None, last: datetime | None) -> int:
    if first is None or last is None:
        raise UsageError("--dry-run needs --from and --until", hint=f"for example {BETWEEN}")
    from connector.wiring.working import times

    found = [moment.isoformat() for moment in times(call.wiring(), first, last)]
    if call.json:
        call.document({"times": found})
    else:
        for moment in found:
            typer.echo(moment)
    return 0
