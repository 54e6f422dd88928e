"""Steps of `undo`: a run of its own that brings back old values where the CRM still holds what the other run wrote.

It asks the guards like any run, and what they hold waits for `approve`. To go back must stay possible whatever else is
broken, so it needs no pull, and no rules: what the guards compare with is what we wrote last.
"""

from __future__ import annotations

from itertools import groupby, islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.errors import UsageError
from connector.model.changes import Landed
from connector.model.outputs import TIER
from connector.model.runs import Reason
from connector.planning.compare import AccountPlan, key
from connector.planning.doubt import ranks
from connector.planning.guards import Situation, trips
from connector.planning.plan import Digest, Plan
from connector.planning.tally import Tally
from connector.planning.undo import undo as undo_changes
from connector.sync import holds, memory
from connector.sync.release import APPROVE, ROWS_AT_ONCE, check, checked_outputs, outputs, reopen
from connector.sync.settle import read, settle
from connector.sync.standing import Standing
from connector.sync.tenant import same_tenant
from connector.sync.write import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.model.changes import Change
    from connector.planning.undo import Undoing
    from connector.ports import ChangeRow, Journal, RunRow
    from connector.sync.going import Going

UNDO = "undo"


def written_run(journal: Journal, run: str) -> RunRow:
    """Return the run to undo; UsageError when there is none, or when it ended without writing anything."""
    row = memory.live(journal, run)
    if row is None:
        raise UsageError(f"there is no run {run} in this state database", hint="`tiersync runs` lists them")
    if row.outcome is not None and not row.applied:
        hint = f"`tiersync runs show {row.run}` tells how it ended"
        raise UsageError(f"run {row.run} wrote nothing to the CRM; there is nothing to undo", hint=hint)
    return row


def undo(going: Going, row: RunRow) -> None:
    """Plan the way back, journal it, ask the guards, write it; values that changed since stay: the run is partial."""
    same_tenant(going)
    settle(going)
    going.parts.journal.note(going.run, details={"undoes": row.run})
    standing = Standing(going)
    plan = going.plan = _guarded(going, _plan(going, row, standing), standing)
    if plan.holds:
        going.hold(plan.holds)
        going.same_as = memory.hold(going.parts.journal, going.run)
        return
    if going.figures["changes"]:
        going.parts.crm.preflight(tuple(outputs(going, set(plan.tally.by_property))))
    elif not going.figures["kept"]:
        going.reasons.append(Reason("BACK_ALREADY", going.say("BACK_ALREADY", run=row.run)))
    _write(going, of=row.run)


def release_undo(going: Going, row: RunRow, *, reason: str) -> None:
    """Write an undo that was held; unlike other plans it goes on where the CRM moved on, and leaves what did."""
    check(going, row, command=APPROVE)
    same_tenant(going)
    settle(going)
    going.parts.crm.preflight(checked_outputs(going, row))
    reopen(going, row, command=APPROVE, reason=reason)
    _leave_replaced(going)
    _write(going, of=str(row.details["undoes"]))


def _leave_replaced(going: Going) -> None:
    """Leave what a later run wrote while the undo was held: it is that run's, even where it is what stood before."""
    journal, rows = going.parts.journal, going.parts.journal.changes(going.run, only_open=True)
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        replaced = journal.replaced(going.run, [key(row.change) for row in chunk])
        if seqs := [row.seq for row in chunk if key(row.change) in replaced]:
            journal.skip(going.run, seqs, landed=Landed.KEPT, reason=going.say("changed_since"))
            going.figures["kept"] += len(seqs)


def _write(going: Going, *, of: str) -> None:
    """Write the way back; nobody's value is overwritten, whatever the settings say of edited values."""
    if going.figures["changes"]:
        memory.wait_for_release(going.parts.journal, going.run, of=of)
        write(going, keeps=lambda _: True)
    if records := going.figures["resting"]:
        going.partial(Reason("UNDO_AGAIN", going.say("UNDO_AGAIN", records=records, run=of)))
    if kept := going.figures["kept"]:
        going.partial(Reason("SKIPPED", going.say("SKIPPED", values=kept)))


def _plan(going: Going, row: RunRow, standing: Standing) -> Plan:
    journal, digest = going.parts.journal, Digest()
    tally = Tally(best_first=ranks(one.output for one in going.parts.rules.outputs).get(TIER, ()))
    for accounts in _ways_back(going, row):
        changes = [change for back in accounts.values() for change in back.changes]
        journal.intend(going.run, changes)
        kept = [change for back in accounts.values() for change in back.kept]
        journal.intend(going.run, kept, landed=Landed.KEPT, reason=going.say("changed_since"))
        digest.add(changes)
        for context in standing.contexts(accounts):
            back = accounts[context.account]
            tally.add(AccountPlan(context, back.changes, back.kept))
    going.figures.update(changes=tally.changes, kept=tally.kept)
    told = {"as_of": row.as_of, "rule_version": row.rule_version, "digest": digest.text()}
    journal.note(going.run, **told, figures=dict(going.figures), details={"made_at": going.now.isoformat()})
    return Plan(
        run=going.run,
        as_of=row.as_of,
        rule_version=row.rule_version,
        made_at=going.now,
        digest=digest.text(),
        tally=tally,
    )


def _guarded(going: Going, plan: Plan, standing: Standing) -> Plan:
    """Return the plan with what holds it; the guards that doubt a pull have none to doubt."""
    if not plan.tally.changes:
        return plan
    situation = Situation(
        run=going.run,
        first_run=False,
        population=standing.population(),
        tally=plan.tally,
        language=going.parts.policy.language,
    )
    found = trips(situation, going.parts.policy.limits)
    holds.note(going, plan, found)
    return replace(plan, holds=found)


def _ways_back(going: Going, row: RunRow) -> Iterator[dict[str, Undoing]]:
    """Yield some accounts at a time with the way back of each, their deals included."""
    rows = groupby(_written(going.parts.journal, row.run), key=lambda item: item.change.account)
    written = ((account, [item.change for item in mine]) for account, mine in rows)
    while chunk := list(islice(written, going.parts.crm.batch_size)):
        going.may_go_on()
        held = read(going.parts.crm, (change for _, mine in chunk for change in mine))
        accounts: dict[str, list[Change]] = {}
        for account, mine in chunk:
            accounts.setdefault(account, []).extend(mine)
        yield {account: undo_changes(mine, held) for account, mine in accounts.items()}


def _written(journal: Journal, run: str) -> Iterator[ChangeRow]:
    return (row for row in journal.changes(run) if row.landed == Landed.WRITTEN)
