"""`pull`, `plan`, `apply`, `sync`, `approve`, `undo`: one walk each, told as it ends."""

import traceback
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.call import Call, shared
from connector.cli.logs import name_run
from connector.cli.output import print_error, say, table_line
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.cli.listed import Listed
    from connector.model.texts import Texts
    from connector.sync import Result, Walk
    from connector.wiring import Wiring

PANEL = "Walk"
CHANGES_FOUND = 5
PLANNED = (0, 4)
"""Exit codes of a plan that was made: complete, or with values that could not be read."""
RELEASES = ("apply", "approve")
"""They begin no run: one that fails before it wrote leaves the run it was to write as it ended."""
Full = Annotated[bool, typer.Option("--full", help="Pull everything, not only what changed.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id; `tiersync runs` lists them.")]


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (pull, plan, apply, sync, approve, undo):
        app.command(command.__name__, rich_help_panel=PANEL)(shared(command))


def pull(call: Call, *, full: Full = False) -> int:
    """Refresh the mirror only."""
    return _walk(call, lambda walk: walk.pull(full=full))


def plan(
    call: Call,
    *,
    full: Full = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the plan file here, for apply.")
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 5 when something would change.")] = False,
) -> int:
    """Pull, evaluate and show who would change and why; writes nothing to the CRM."""
    if out is not None:
        _check_writable(out)
    code = _walk(call, lambda walk: walk.plan(full=full), out=out, lists=True)
    changes = call.result.plan.tally.changes if call.result and call.result.plan else 0
    return CHANGES_FOUND if exit_code and changes and code in PLANNED else code


def apply(
    call: Call, *, file: Annotated[Path, typer.Argument(metavar="PLAN", help="A file that `plan --out` wrote.")]
) -> int:
    """Write exactly the plan of a plan file; refuse it when anything changed since."""
    from connector.planning.file import parse

    call.refuse_as_of("apply")
    try:
        text = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", hint="`tiersync plan --out FILE` writes a plan file") from None
    planned = parse(text, name=str(file))
    return _walk(call, lambda walk: walk.apply(planned), alerts=True)


def sync(
    call: Call,
    *,
    full: Full = False,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm a first run, and nothing else.")] = False,
) -> int:
    """Pull, plan, guard, write, once."""
    return _walk(call, lambda walk: walk.sync(full=full, yes=yes), alerts=True)


def approve(
    call: Call,
    *,
    run: RunId,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why this is right.")],
) -> int:
    """Release a held run: write exactly its plan, now."""
    call.refuse_as_of("approve")
    call.wiring().spares_rules = call.wiring().goes_back(run)
    return _walk(call, lambda walk: walk.approve(run, reason=reason))


def undo(call: Call, *, run: RunId) -> int:
    """Restore the old values of a run where nobody changed them since."""
    call.refuse_as_of("undo")
    call.wiring().spares_rules = True  # an edit that broke them must not stand in the way of going back
    return _walk(call, lambda walk: walk.undo(run))


def _walk(
    call: Call,
    steps: Callable[["Walk"], "Result"],
    *,
    out: Path | None = None,
    alerts: bool = False,
    lists: bool = False,
) -> int:
    """Walk, then tell: one document with --json, else the plan and a few lines for people."""
    wiring = call.wiring()
    listing = _listing() if lists and call.json else None
    with call.progress() as progress:
        walk = wiring.walk(progress, begun=partial(_begun, call), listing=listing)
        result = call.result = steps(walk)
    if out is not None and result.plan is not None:
        _write_plan(out, walk.plan_file(result.plan))
    wiring.note_quota()
    if result.command in {"plan", "sync"}:
        tell_unread_tables(call)
    if alerts:
        wiring.tell(result, say=lambda line: say(call.scrub(line)))
    if call.json:
        _print(call, result, {"out": str(out)} if out else {}, listing)
    else:
        _tell(wiring, result)
    _tell_end(call, result)
    return result.exit_code


def tell_unread_tables(call: Call, tell: Callable[[str], None] = say) -> None:
    """Say once, on stderr, which `[tables.*]` no rule reads: what they hold is missing in every verdict."""
    from connector.wiring.beside import unread

    wiring = call.wiring()
    if not wiring.settings.tables:
        return
    for finding in unread(wiring):
        tell(f"{finding.subject}: {call.told(finding.message)}; {call.told(finding.fix)}")


def _listing() -> "Listed":
    from connector.cli.listed import Listed  # only here: no other call waits for what it loads

    return Listed()


def _print(call: Call, result: "Result", more: dict[str, Any], listing: "Listed | None") -> None:
    """Print the document of a walk; the records of a plan end it, as they may be many."""
    document = _scrubbed(call, result.as_json()) | more
    if listing is None or result.plan is None:
        call.document(document)
    else:
        plan = document.pop("plan")
        call.document(document | {"plan": plan | {"by_record": []}}, last=listing)


def _begun(call: Call, run: str) -> None:
    call.run = run
    name_run(run)


def _scrubbed(call: Call, document: dict[str, Any]) -> dict[str, Any]:
    """Mask secrets where words of others stand: the reasons and the error."""
    told = [{name: call.scrub(text) for name, text in reason.items()} for reason in document["reasons"]]
    error = {name: call.scrub(text) for name, text in document.get("error", {}).items()}
    return document | {"reasons": told} | ({"error": error} if error else {})


def _check_writable(out: Path) -> None:
    """Raise UsageError now rather than after the pull; an older file stays as it is meanwhile."""
    there = out.exists()
    try:
        with out.open("a", encoding="utf-8"):
            pass
        if not there:
            out.unlink()
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}", hint="choose another file for --out") from None


def _write_plan(out: Path, pieces: Iterable[str]) -> None:
    try:
        with out.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}", hint="choose another file for --out") from None


def _tell(wiring: "Wiring", result: "Result") -> None:
    from connector.cli.plan_view import show_held_again, show_plan, some_accounts

    planned = result.command in {"plan", "sync"} or (result.command == "undo" and result.plan and result.plan.holds)
    if result.plan is not None and planned and result.error is None:
        if result.same_as is not None:
            show_held_again(result.plan, result.same_as, labels=wiring.labels)
            return
        looked_at = result.command == "plan" or result.plan.holds
        accounts = some_accounts(wiring.planned(result.run)) if looked_at else {}
        show_plan(result.plan, accounts, labels=wiring.labels, names=wiring.names(list(accounts)))


def _tell_end(call: Call, result: "Result") -> None:
    """Say on stderr how the run ended: why it failed or was held, its figures, where the report lies."""
    if result.error is not None:
        if call.verbose:
            say(call.scrub("".join(traceback.format_exception(result.error))))
        print_error(call.scrub(result.reasons[-1].message), hint=call.scrub(result.hint))
    shown = result.plan.holds if result.plan and result.error is None and not call.json else ()
    for reason in result.reasons[:-1] if result.error else result.reasons:
        if reason not in shown:  # the plan on stdout ends with them
            say(call.scrub(f"{reason.code}: {reason.message}"))
    for name, counts in result.tables.items():
        say(table_line(name, counts, call.texts))
    if result.error is None or result.command not in RELEASES or result.figures.get("written"):
        say(summary(result, call.texts))
    if result.report:
        say(call.texts.say("report.at", place=result.report))
    elif result.command == "plan" and result.error is None:
        say(call.texts.say("report.how"))


def summary(result: "Result", texts: "Texts") -> str:
    """How a run ended, in one line."""
    figures = result.figures
    pulled = sum(count for name, count in figures.items() if name.startswith("pulled_"))
    counts = {"pulled": pulled} if pulled else {}
    counts |= {name: figures[name] for name in ("evaluated", "changes", "written", "refused") if name in figures}
    parts = "".join(f", {texts.say(f'summary.{name}', n=texts.number(n))}" for name, n in counts.items())
    return texts.say("summary", run=result.run, outcome=texts.name("outcome", result.outcome.value), parts=parts)
