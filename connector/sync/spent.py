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
    from connector.model.texts import Texts
    from connector.ports import Journal, RunRow

LIST = "`tiersync runs` lists them"


def planned_run(journal: Journal, run: str, *, texts: Texts) -> RunRow:
    """Return the run whose plan is to be written; UsageError when there is no such run or it has no plan."""
    row = memory.live(journal, run)
    if row is None:
        raise UsageError(f"there is no run {run} in this state database", hint=LIST)
    if row.digest is None:
        raise UsageError(_unplanned(row, texts), hint=_makes_a_new_plan(row, texts))
    return row


def check_unspent(journal: Journal, row: RunRow, *, time_zone: str, texts: Texts) -> None:
    """Raise Held unless the run waits for a person, or is a plan that nothing holds."""
    if memory.waits(row):
        return
    if _was_cut_short(row):
        raise _in_part(journal, row, texts) if row.applied else _unwritten(row, texts)
    if row.applied or "released" in row.details:
        raise _applied(row, time_zone=time_zone, texts=texts)
    if row.command != "plan":
        raise Held(texts.say("NOT_HELD", run=row.run), code="NOT_HELD", hint=texts.say("those_that_wait"))


def _unplanned(row: RunRow, texts: Texts) -> str:
    if row.outcome is None:
        return texts.say("no_plan_yet", run=row.run)
    if row.reasons:
        return texts.say("no_plan_because", run=row.run, why=row.reasons[-1].message)
    return texts.say("no_plan", run=row.run)


def _was_cut_short(row: RunRow) -> bool:
    """Whether its end came before that of its plan: it failed, was stopped, or its process died."""
    return _stop(row) is not None or row.outcome in {RunOutcome.FAILED, None}


def _stop(row: RunRow) -> Reason | None:
    return next((reason for reason in row.reasons if reason.code == STOPPED), None)


def _in_part(journal: Journal, row: RunRow, texts: Texts) -> Held:
    written, changes = memory.landed(journal, row)["written"], row.figures.get("changes", 0)
    why = _how_it_ended(row, texts)
    text = texts.say("APPLIED_IN_PART", run=row.run, written=written, changes=changes, why=why)
    return Held(text, code="APPLIED_IN_PART", hint=texts.say("settles_and_plans_anew", command=again(row)))


def _unwritten(row: RunRow, texts: Texts) -> Held:
    text = texts.say("RUN_FAILED", run=row.run, why=_how_it_ended(row, texts))
    return Held(text, code="RUN_FAILED", hint=_makes_a_new_plan(row, texts))


def _how_it_ended(row: RunRow, texts: Texts) -> str:
    last = _stop(row) or (row.reasons[-1] if row.reasons else None)
    return texts.say("process_died") if last is None or last.code == memory.DIED else last.message


def _applied(row: RunRow, *, time_zone: str, texts: Texts) -> Held:
    released = row.details.get("released")
    if isinstance(released, dict):
        moment = datetime.fromisoformat(released["at"]).astimezone(ZoneInfo(time_zone))
        by = f"tiersync {released['by']}"
        text = texts.say("ALREADY_APPLIED", run=row.run, command=by, moment=f"{moment:%Y-%m-%d %H:%M %Z}")
    else:
        text = texts.say("wrote_itself", run=row.run)
    return Held(text, code="ALREADY_APPLIED", hint=texts.say("what_became", run=row.run))


def _makes_a_new_plan(row: RunRow, texts: Texts) -> str:
    return texts.say("plans_anew", command=again(row))
