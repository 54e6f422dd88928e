"""Why a plan of the journal is not written, or not again: told as what its run is, with what to do next."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.errors import Held, UsageError
from connector.model.runs import RunOutcome
from connector.sync import memory
from connector.sync.going import STOPPED
from connector.sync.holds import again

if TYPE_CHECKING:
    from connector.model.runs import Reason
    from connector.ports import Journal, RunRow

LIST = "`tiersync runs` lists them"


def planned_run(journal: Journal, run: str) -> RunRow:
    """Return the run whose plan is to be written; UsageError when there is no such run or it has no plan."""
    row = memory.live(journal, run)
    if row is None:
        raise UsageError(f"there is no run {run} in this state database", hint=LIST)
    if row.digest is None:
        raise UsageError(f"run {row.run} has no plan to write{_why_unplanned(row)}", hint=_makes_a_new_plan(row))
    return row


def check_unspent(journal: Journal, row: RunRow, *, time_zone: str) -> None:
    """Raise Held unless the run waits for a person, or is a plan that nothing holds."""
    if memory.waits(row):
        return
    if _was_cut_short(row):
        raise _in_part(journal, row) if row.applied else _unwritten(row)
    if row.applied or "released" in row.details:
        raise _applied(row, time_zone=time_zone)
    if row.command != "plan":
        hint = "`tiersync status` names the runs that wait for approval"
        raise Held(f"run {row.run} was never held: it had nothing to write", code="NOT_HELD", hint=hint)


def _why_unplanned(row: RunRow) -> str:
    if row.outcome is None:
        return ": it is still going on, or its process ended"
    return f": {row.reasons[-1].message}" if row.reasons else ""


def _was_cut_short(row: RunRow) -> bool:
    """Whether its end came before that of its plan: it failed, was stopped, or its process died."""
    return _stop(row) is not None or row.outcome in {RunOutcome.FAILED, None}


def _stop(row: RunRow) -> Reason | None:
    return next((reason for reason in row.reasons if reason.code == STOPPED), None)


def _in_part(journal: Journal, row: RunRow) -> Held:
    written, changes = memory.landed(journal, row)["written"], row.figures.get("changes", 0)
    text = f"run {row.run} was applied in part, {written} of its {changes} values: {_how_it_ended(row)}"
    hint = f"`{again(row)}` settles what it left and makes a new plan of the rest"
    return Held(text, code="APPLIED_IN_PART", hint=hint)


def _unwritten(row: RunRow) -> Held:
    text = f"run {row.run} ended before it wrote anything: {_how_it_ended(row)}"
    return Held(text, code="RUN_FAILED", hint=_makes_a_new_plan(row))


def _how_it_ended(row: RunRow) -> str:
    last = _stop(row) or (row.reasons[-1] if row.reasons else None)
    return "its process died" if last is None or last.code == memory.DIED else last.message


def _applied(row: RunRow, *, time_zone: str) -> Held:
    released = row.details.get("released")
    if isinstance(released, dict):
        moment = datetime.fromisoformat(released["at"]).astimezone(ZoneInfo(time_zone))
        how = f"was applied already, with `tiersync {released['by']}` on {moment:%Y-%m-%d %H:%M %Z}"
    else:
        how = "was never held: it wrote its plan itself"
    hint = f"`tiersync runs show {row.run}` tells what became of it, and `tiersync sync` writes what changed since"
    return Held(f"run {row.run} {how}", code="ALREADY_APPLIED", hint=hint)


def _makes_a_new_plan(row: RunRow) -> str:
    return f"`{again(row)}` makes a new plan"
