"""`report`: the pictures and tables of the newest plan."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from connector.cli.call import Call, shared
from connector.errors import UsageError


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", rich_help_panel="Look back")(shared(report))


def report(
    call: Call,
    *,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write it into this folder.")] = None,
) -> int:
    """Draw the newest plan's report anew: pyramid, changes, say-no list; HTML, CSV and JSON. Asks the CRM nothing."""
    wiring = call.wiring()
    if out is not None:
        _check_folder(out)
    with call.progress() as progress:
        page = wiring.reporting(out).again(progress)
    if call.json:
        call.document({"report": str(page), "files": sorted(path.name for path in page.parent.iterdir())})
    else:
        typer.echo(str(page))
    return 0


def _check_folder(out: Path) -> None:
    """Raise UsageError for a folder that cannot be made or written now, rather than after the evaluation."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror or error}", hint="choose another folder for --out") from None
