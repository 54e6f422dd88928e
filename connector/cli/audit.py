"""`runs export`, `runs forget`: every value ever written as a file, and an account taken out of the state."""

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.call import Call
from connector.cli.output import say


def export(
    call: Call,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A .csv or .parquet file.")],
    account: Annotated[str | None, typer.Option("--account", metavar="ID", help="Only this account's values.")] = None,
) -> int:
    """Export every value that was written: run, rule version, cause, old and new."""
    from connector.wiring.auditing import export as write

    count = write(call.wiring(), out, account=account)
    if call.json:
        call.document({"file": str(out), "values": count})
    else:
        say(call.texts.say("runs.exported", values=count, file=out))
    return 0


def forget(
    call: Call, *, account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The id it had in the CRM.")]
) -> int:
    """Delete what the state holds of an account that was deleted in the CRM."""
    from connector.wiring.auditing import forget as delete

    rows = delete(call.wiring(), account)
    if call.json:
        call.document({"forgotten": account, "rows": rows})
    else:
        say(call.texts.say("runs.forgotten", rows=rows, account=account))
    return 0
