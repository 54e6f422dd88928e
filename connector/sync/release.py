"""Steps of `apply` and `approve`: a kept plan is checked against the journal and the CRM, then written as it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.errors import Held, UsageError
from connector.model.changes import Landed
from connector.model.runs import Reason
from connector.planning.guards import OF_THE_PULL
from connector.planning.stale import Moved, moved, tell
from connector.sync import memory
from connector.sync.settle import read, settle
from connector.sync.write import batches, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.model.outputs import Output
    from connector.planning.file import PlanFile
    from connector.ports import Journal, RunRow
    from connector.sync.going import Going

PULL_MAY_BE_OLD = timedelta(hours=24)
TO_BE_WRITTEN = frozenset({None, Landed.WAITING.value})
"""What stands for a change that a release writes."""
NEW_PLAN = "the next `tiersync sync` makes a new plan"


def planned_run(journal: Journal, run: str) -> RunRow:
    """Return the run whose plan is to be written; UsageError when there is no such run or it has no plan."""
    row = memory.live(journal, run)
    if row is None:
        raise UsageError(f"there is no run {run} in this state database", hint="`tiersync runs` lists them")
    if row.digest is None:
        raise UsageError(f"run {run} has no plan to write", hint=NEW_PLAN)
    return row


def check_file(file: PlanFile, row: RunRow) -> None:
    """Hold a file whose changes are not those of its run."""
    if file.digest != row.digest:
        raise Held(
            f"the changes in the file are not those that run {row.run} planned", code="PLAN_CHANGED", hint=NEW_PLAN
        )


def holds(row: RunRow) -> tuple[Reason, ...]:
    """Return what the guards said of the run's plan."""
    kept = row.details.get("holds")
    return tuple(Reason(str(hold["code"]), str(hold["message"])) for hold in kept) if isinstance(kept, list) else ()


def check_age(going: Going, row: RunRow) -> None:
    """Hold a plan whose pull was doubted and is a day old: what the CRM holds by now, nobody knows."""
    doubted = [hold.code for hold in holds(row) if hold.code in OF_THE_PULL]
    pulled = row.details.get("pulled_at")
    if doubted and isinstance(pulled, str) and going.now - datetime.fromisoformat(pulled) > PULL_MAY_BE_OLD:
        raise Held(
            f"run {row.run} was held by {doubted[0]} and its pull is older than 24 hours",
            code="PULL_TOO_OLD",
            hint=NEW_PLAN,
        )


def release(going: Going, row: RunRow, *, command: str, reason: str = "") -> None:
    """Write the run's plan exactly, unless it was written, another run wrote since, or the CRM changed."""
    try:
        _check_unwritten(going, row)
    except Held:
        going.figures.clear()  # what the run did before is not what this call does
        raise
    settle(going)
    outputs = _check_fresh(going)
    going.parts.crm.preflight(outputs)
    _reopen(going, command=command, reason=reason)
    write(going)


def _check_unwritten(going: Going, row: RunRow) -> None:
    journal = going.parts.journal
    if "released" in row.details or (row.applied and not row.details.get("waiting")):
        raise Held(f"run {row.run} was applied already", code="ALREADY_APPLIED", hint=NEW_PLAN)
    if not memory.waits(row) and row.command != "plan":
        raise Held(f"run {row.run} does not wait for anybody", code="NOT_HELD", hint=NEW_PLAN)
    if newest := memory.newer(journal, row):
        raise Held(f"run {newest} was applied since this plan was made", code="STALE", hint=NEW_PLAN)


def _check_fresh(going: Going) -> tuple[Output, ...]:
    """Compare every old value with the CRM's; return the outputs the plan writes."""
    found: list[Moved] = []
    properties: set[str] = set()
    rows = (row for row in going.parts.journal.changes(going.run) if row.landed in TO_BE_WRITTEN)
    for batch in batches(rows, going.parts.crm.batch_size):
        going.may_go_on()
        changes = [row.change for record in batch for row in record.rows]
        properties.update(change.property for change in changes)
        found += moved(changes, read(going.parts.crm, changes))
    if found:
        raise Held(f"the CRM changed since this plan was made: {tell(found)}", code="STALE", hint=NEW_PLAN)
    return tuple(outputs(going, properties))


def outputs(going: Going, properties: set[str]) -> Iterator[Output]:
    """Yield the outputs behind some properties; one of a model that is gone since has none."""
    for one in going.parts.rules.outputs:
        if one.output.written and (one.output.name in properties or one.output.on_deals in properties):
            yield one.output


def _reopen(going: Going, *, command: str, reason: str) -> None:
    """The run goes on: from here its end belongs in the journal."""
    journal = going.parts.journal
    released = {"by": command, "at": going.now.isoformat(), "reason": reason}
    memory.begin(journal, going.run)
    journal.reopen(going.run)
    going.figures["waiting"] = 0
    journal.note(going.run, outcome=None, finished=None, details={"released": released})
    going.journalled = True
