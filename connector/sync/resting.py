"""Records that a person has just edited: they are left alone for a while, and a later run writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.model.changes import Target
    from connector.sync.going import Going

MINUTE = 60


def resting(going: Going, target: Target, records: Sequence[str]) -> Mapping[str, str]:
    """Why records of a batch wait: somebody edited them less than `[run] quiet_minutes` ago."""
    quiet, now = going.parts.policy.quiet, going.now
    if not quiet or not records:
        return {}
    edited = going.parts.crm.edited(target, records, since=now - quiet)
    minutes = {record: max(0, int((now - at).total_seconds()) // MINUTE) for record, at in edited.items()}
    return {record: going.say("edited_lately", minutes=ago) for record, ago in minutes.items()}
