"""`tiersync sandbox`: a local CRM that speaks the vendor's HTTP."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector import sandbox
from connector.errors import ConnectorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class Vendor(StrEnum):
    """The CRMs a sandbox can be asked for."""

    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"


class Limits(StrEnum):
    """The vendor's rate limits, or none."""

    REAL = "real"
    OFF = "off"


def run(
    crm: Annotated[Vendor, typer.Option(help="The vendor to stand in for.")] = Vendor.HUBSPOT,
    data: Annotated[
        Path | None, typer.Option(file_okay=False, exists=True, help="Folder with accounts.csv, deals.csv, …")
    ] = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    limits: Annotated[Limits, typer.Option(help="The vendor's rate limits, or none.")] = Limits.REAL,
    state: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File that keeps the account over a restart.")
    ] = None,
    companies: Annotated[int | None, typer.Option(min=1, help="Generate this many companies.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another population.")] = 1,
    index_lag: Annotated[float, typer.Option(min=0, help="Seconds until search sees a change.")] = 0.0,
    token: Annotated[str | None, typer.Option(help="The only token accepted; else any pat-… one.")] = None,
) -> None:
    """Serve a local CRM that speaks the vendor's HTTP; prints where it listens, ends at SIGTERM."""
    sandbox.serve(
        now=_clock(),
        crm=crm,
        data=data,
        port=port,
        limits=limits,
        state=state,
        population=companies,
        seed=seed,
        index_lag=index_lag,
        token=token,
    )


def _clock() -> Callable[[], datetime]:
    fixed = os.environ.get("TIERSYNC_NOW")
    if not fixed:
        return lambda: datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(fixed)
    except ValueError as error:
        raise UsageError("TIERSYNC_NOW is no ISO date and time", hint="e.g. 2026-11-22T06:00:00+01:00") from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return lambda: aware


def main() -> None:
    """Run the command by itself; a wrong wish is one line on stderr and exit code 2."""
    app = typer.Typer(add_completion=False)
    app.command("sandbox")(run)
    try:
        app()
    except ConnectorError as error:
        typer.echo(f"{error}\n{error.hint}".strip(), err=True)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
