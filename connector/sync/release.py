"""Steps of `apply` and `approve`: a kept plan is checked against the journal and the CRM, then written as it is."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from connector.errors import Held
from connector.model.changes import Landed
from connector.model.runs import Reason
from connector.planning.plan import Digest
from connector.planning.stale import Moved, moved, tell
from connector.sync import memory
from connector.sync.holds import check_age
from connector.sync.settle import read, settle
from connector.sync.spent import check_unspent
from connector.sync.tenant import same_tenant
from connector.sync.write import batches, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.model.outputs import Output
    from connector.model.texts import Texts
    from connector.planning.file import PlanFile
    from connector.ports import ChangeRow, RunRow
    from connector.sync.going import Going

APPROVE = "approve"
ROWS_AT_ONCE = 1_000
TO_BE_WRITTEN = frozenset({None, Landed.WAITING.value})
"""What stands for a change that a release writes."""


def check_file(file: PlanFile, row: RunRow, *, texts: Texts) -> None:
    """Hold a file whose changes are not those of its run."""
    if file.digest != row.digest:
        raise Held(texts.say("other_file", run=row.run), code="PLAN_CHANGED", hint=texts.say("next_plans_anew"))


def release(going: Going, row: RunRow, *, command: str, reason: str = "") -> None:
    """Write the run's plan exactly, unless it was written, another run wrote since, or the CRM changed."""
    check(going, row, command=command)
    same_tenant(going)
    settle(going)
    going.parts.crm.preflight(checked_outputs(going, row, fresh=True))
    reopen(going, row, command=command, reason=reason)
    _tell_ahead(going, row)
    write(going)


def _tell_ahead(going: Going, row: RunRow) -> None:
    """Warn that a plan was made for a day that is still to come: what happens until then is not in it."""
    if row.as_of is not None and row.as_of > going.as_of:
        going.reasons.append(Reason("AHEAD", going.say("AHEAD", day=row.as_of)))


def check(going: Going, row: RunRow, *, command: str) -> None:
    """Raise Held when the run may not be written any more, by what the journal knows."""
    try:
        _check_unwritten(going, row)
        if command == APPROVE:
            check_age(going, row)
    except Held:
        going.figures.clear()  # what the run did before is not what this call does
        raise


def _check_unwritten(going: Going, row: RunRow) -> None:
    journal = going.parts.journal
    policy = going.parts.policy
    check_unspent(journal, row, time_zone=policy.time_zone, texts=policy.texts)
    if newest := memory.newer(memory.latest(journal), row):
        raise Held(going.say("applied_since", run=newest), code="STALE", hint=going.say("next_plans_anew"))


def checked_outputs(going: Going, row: RunRow, *, fresh: bool = False) -> tuple[Output, ...]:
    """Compare the plan with what was held, when `fresh` also every old value with the CRM's; return its outputs.

    Raises Held where they differ.
    """
    found: list[Moved] = []
    properties: set[str] = set()
    digest = Digest()
    for batch in batches(_to_be_written(going, digest), going.parts.crm.batch_size):
        going.may_go_on()
        changes = [row.change for record in batch for row in record.rows]
        properties.update(change.property for change in changes)
        if fresh:
            found += moved(changes, read(going.parts.crm, changes))
    if _released_digest(row) not in {None, digest.text()}:  # None: it was held by an older version
        raise Held(going.say("plan_lost", run=row.run), code="PLAN_CHANGED", hint=going.say("next_plans_anew"))
    if found:
        words = tell(found, going.parts.policy.language)
        raise Held(going.say("crm_changed", words=words), code="STALE", hint=going.say("next_plans_anew"))
    return tuple(outputs(going, properties))


def _to_be_written(going: Going, digest: Digest) -> Iterator[ChangeRow]:
    """Yield the changes that a release writes, in the order of the plan, and take them into its digest."""
    for pack in _packs(row for row in going.parts.journal.changes(going.run) if row.landed in TO_BE_WRITTEN):
        digest.add(row.change for row in pack)
        yield from pack


def _packs(rows: Iterator[ChangeRow]) -> Iterator[list[ChangeRow]]:
    while pack := list(islice(rows, ROWS_AT_ONCE)):
        yield pack


def _released_digest(row: RunRow) -> object:
    """Return the fingerprint of what a release writes: the plan, or the part of it that waits."""
    return row.details.get("waiting_digest") if row.details.get("waiting") else row.digest


def outputs(going: Going, properties: set[str]) -> Iterator[Output]:
    """Yield the outputs behind some properties; one of a model that is gone since has none."""
    for one in going.parts.rules.outputs:
        if one.output.written and (one.output.name in properties or one.output.on_deals in properties):
            yield one.output


def reopen(going: Going, row: RunRow, *, command: str, reason: str) -> None:
    """The run goes on: from here its end belongs in the journal."""
    journal = going.parts.journal
    who = {"by": command, "who": going.parts.who, "at": going.now.isoformat()}
    released = {**who, "reason": reason, "digest": _released_digest(row)}
    memory.begin(journal, going.run)
    journal.reopen(going.run)
    going.figures["waiting"] = 0
    journal.note(going.run, outcome=None, finished=None, details={"released": released})
    going.journalled = True
