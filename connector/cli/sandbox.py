"""`tiersync sandbox`: a local CRM that speaks the vendor's HTTP."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.call import Call, shared


class Vendor(StrEnum):
    """The CRMs a sandbox can be asked for."""

    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"


class Limits(StrEnum):
    """The vendor's rate limits, or none."""

    REAL = "real"
    OFF = "off"


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sandbox", rich_help_panel="Try")(shared(sandbox))


def sandbox(
    call: Call,
    *,
    crm: Annotated[Vendor, typer.Option(help="The vendor to stand in for.")] = Vendor.HUBSPOT,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder with accounts.csv, deals.csv, …")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    limits: Annotated[Limits, typer.Option(help="The vendor's rate limits, or none.")] = Limits.REAL,
    state: Annotated[Path | None, typer.Option(metavar="FILE", help="Keeps the account over a restart.")] = None,
    companies: Annotated[int | None, typer.Option(min=1, help="Generate this many companies.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another population.")] = 1,
    index_lag: Annotated[float, typer.Option(min=0, help="Seconds until search sees a change.")] = 0.0,
    token: Annotated[str | None, typer.Option(help="The only static token accepted.")] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM that JWT logins of Salesforce are checked against.")
    ] = None,
) -> int:
    """A local CRM that speaks the vendor's HTTP; prints where it listens, ends at SIGTERM."""
    from connector.sandbox import serve

    serve(
        now=call.clock,
        crm=crm,
        data=data,
        port=port,
        limits=limits,
        state=state,
        population=companies,
        seed=seed,
        index_lag=index_lag,
        token=token,
        certificate=certificate,
    )
    return 0
