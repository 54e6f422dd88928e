"""Steps of `undo`: a run of its own that brings back old values where the CRM still holds what the other run wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.model.changes import Landed
from connector.model.runs import Reason
from connector.planning.plan import Digest, Plan
from connector.planning.tally import Tally
from connector.planning.undo import undo as undo_changes
from connector.sync import memory
from connector.sync.release import outputs
from connector.sync.settle import read, settle
from connector.sync.write import batches, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.model.changes import Change
    from connector.planning.undo import Undoing
    from connector.ports import ChangeRow, Journal, RunRow
    from connector.sync.going import Going


def written_run(journal: Journal, run: str) -> RunRow:
    """Return the run to undo; UsageError when there is none."""
    row = memory.live(journal, run)
    if row is None:
        raise UsageError(f"there is no run {run} in this state database", hint="`tiersync runs` lists them")
    return row


def undo(going: Going, row: RunRow) -> None:
    """Plan the way back, journal it, write it; values that changed since stay and make the run partial."""
    settle(going)
    going.parts.journal.note(going.run, details={"undoes": row.run})
    _plan(going, row)
    if going.figures["changes"]:
        memory.wait_for_release(going.parts.journal, going.run, of=row.run)
        going.parts.crm.preflight(tuple(outputs(going, set(going.plan.tally.by_property) if going.plan else set())))
        write(going)
    if records := going.figures["resting"]:
        going.partial(Reason("UNDO_AGAIN", going.say("UNDO_AGAIN", records=records, run=row.run)))
    if kept := going.figures["kept"]:
        going.partial(Reason("SKIPPED", going.say("SKIPPED", values=kept)))


def _plan(going: Going, row: RunRow) -> None:
    journal, digest, tally = going.parts.journal, Digest(), Tally()
    for back in _ways_back(going, row):
        journal.intend(going.run, back.changes)
        journal.intend(going.run, back.kept, landed=Landed.KEPT, reason=going.say("changed_since"))
        _count(tally, back.changes)
        tally.kept += len(back.kept)
        digest.add(back.changes)
    going.figures.update(changes=tally.changes, kept=tally.kept)
    now = going.now
    going.plan = Plan(
        run=going.run, as_of=row.as_of, rule_version=row.rule_version, made_at=now, digest=digest.text(), tally=tally
    )
    journal.note(going.run, as_of=row.as_of, rule_version=row.rule_version, figures=dict(going.figures))


def _ways_back(going: Going, row: RunRow) -> Iterator[Undoing]:
    for batch in batches(_written(going.parts.journal, row.run), going.parts.crm.batch_size):
        going.may_go_on()
        changes = [item.change for record in batch for item in record.rows]
        yield undo_changes(changes, read(going.parts.crm, changes))


def _written(journal: Journal, run: str) -> Iterator[ChangeRow]:
    return (row for row in journal.changes(run) if row.landed == Landed.WRITTEN)


def _count(tally: Tally, changes: Sequence[Change]) -> None:
    tally.changes += len(changes)
    tally.accounts += len({change.account for change in changes})
    tally.by_property.update(change.property for change in changes)
    tally.by_cause.update(str(change.cause) for change in changes)
    tally.records.update(target for target, _ in {(change.target, change.record) for change in changes})
