"""Step: note which overrides of people somebody should look at again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.model.changes import Target
from connector.model.outputs import OVERRIDE_STATUS
from connector.planning.overrides import ACTIVE, noted

if TYPE_CHECKING:
    from connector.ports import Evaluation
    from connector.sync.going import Going


def note_overrides(going: Going, evaluation: Evaluation) -> None:
    """Keep the accounts per note with the run; an override is in force since we wrote that it is."""
    journal = going.parts.journal
    found = list(evaluation.overrides())
    if not found:
        return
    zone = ZoneInfo(going.parts.policy.time_zone)
    moments = journal.written_at(Target.ACCOUNT, OVERRIDE_STATUS, ACTIVE)
    since = {record: moment.astimezone(zone).date() for record, moment in moments.items()}
    going.overrides = noted(found, as_of=going.as_of, since=since)
    journal.note(going.run, details={"overrides": going.overrides})
