"""`evaluate`: the rules on files, without CRM and without state."""

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.call import Call, shared
from connector.cli.output import say, table_line

if TYPE_CHECKING:
    from connector.model.runs import Reason

PANEL = "Rules"
PARTIAL = 4
ACCOUNTS_AT_ONCE = 40
"""Lines written at once, a fifth of a megabyte: memory in use has room for it, while more would be new memory."""
SHOWN = 20
"""Unreadable cells that are shown one by one."""


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate", rich_help_panel=PANEL)(shared(evaluate))


def evaluate(
    call: Call,
    *,
    data: Annotated[Path, typer.Option(help="Folder with accounts.csv, deals.csv and so on; CSV or Parquet.")],
    rules: Annotated[Path | None, typer.Option(help="Folder of rule files; else that of the settings.")] = None,
) -> int:
    """Apply the rules to files: one JSON object per account on stdout, ascending by account_id.

    No CRM is asked and nothing is kept. Exit code 4 when a cell could not be read; stderr lists them, and counts the
    deals that belong to no account.
    """
    from connector.engine.tables.sources import in_folder
    from connector.model.fields import Table
    from connector.ports import EvaluationRequest
    from connector.wiring.beside import in_folder as beside_in

    wiring = call.wiring(needs_file=False)
    if rules is not None:
        wiring.rules_directory = rules
    run = wiring.settings.run
    request = EvaluationRequest(
        in_folder(data),
        wiring.as_of,
        run.time_zone,
        run.home_currency,
        wiring.language,
        beside=beside_in(wiring, data),
        compares=False,
    )
    with call.progress() as progress:
        evaluation = wiring.engine.evaluate(wiring.rules, request, progress)
    try:
        for table in evaluation.matched:
            say(table_line(table.name, table.counts(), call.texts))
        if not _print(evaluation.json_lines()):
            say(call.texts.say("evaluate.nobody", file=request.files[Table.ACCOUNTS][0]))
        if deals := evaluation.homeless():
            say(call.texts.say("evaluate.homeless", deals=deals, file=request.files[Table.ACCOUNTS][0]))
        for alike in evaluation.lookalikes:
            say(call.told(alike.message))
        return _tell_unreadable(call, evaluation.unreadable)
    finally:
        evaluation.close()


def _print(lines: Iterable[bytes]) -> bool:
    """Write in blocks, as they are: a line at a time, or a text that is coded again, costs more than working it out.

    Returns whether there was any.
    """
    lines, printed = iter(lines), False
    while block := list(islice(lines, ACCOUNTS_AT_ONCE)):
        printed = sys.stdout.buffer.write(b"\n".join([*block, b""])) > 0
    sys.stdout.buffer.flush()
    return printed


def _tell_unreadable(call: Call, unreadable: Sequence["Reason"]) -> int:
    if not unreadable:
        return 0
    from connector.model.runs import counted

    for cell in unreadable[:SHOWN]:
        say(call.told(cell.message))
    if more := counted(unreadable[SHOWN:]):
        say(call.texts.say("evaluate.more", n=more))
    return PARTIAL
