"""What holds a plan, and until when a person may release it: the CRM moves on, and nobody remembers what they saw."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.errors import Held
from connector.model.runs import Reason
from connector.planning.guards import OF_THE_PULL, Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.planning.plan import Plan
    from connector.ports import RunRow
    from connector.sync.going import Going

PULL_MAY_BE_OLD = timedelta(hours=24)


def note(going: Going, plan: Plan, found: Sequence[Reason]) -> None:
    """Journal what holds the plan, and until when it can be released."""
    told: dict[str, object] = {"holds": [{"code": one.code, "message": one.message} for one in found]}
    if found:
        days = going.parts.policy.limits.release_days
        told["expires"] = (plan.made_at + timedelta(days=days)).isoformat()
    going.parts.journal.note(going.run, details=told)


def confirm(going: Going) -> None:
    """Journal who let a first run through with `sync --yes`, and when."""
    told = {"by": "sync --yes", "who": going.parts.who, "at": going.now.isoformat(), "reason": ""}
    going.parts.journal.note(going.run, details={"confirmed": told})


def holds(row: RunRow) -> tuple[Reason, ...]:
    """Return what the guards said of the run's plan."""
    kept = row.details.get("holds")
    return tuple(Reason(str(hold["code"]), str(hold["message"])) for hold in kept) if isinstance(kept, list) else ()


def expires(row: RunRow) -> datetime:
    """Return when a hold ends: a day after its pull where that was doubted, at the latest on the day it was given."""
    told = row.details.get("expires")
    days = timedelta(days=Limits().release_days)  # what a hold of an older version did not say
    last = datetime.fromisoformat(told) if isinstance(told, str) else row.started + days
    pulled = _doubted_pull(row)
    return min(last, pulled + PULL_MAY_BE_OLD) if pulled else last


def check_age(going: Going, row: RunRow) -> None:
    """Hold a plan whose hold expired; where its pull was doubted, what the CRM holds by now nobody knows."""
    if going.now <= expires(row):
        return
    hint, pulled = going.say("plans_anew", command=again(row)), _doubted_pull(row)
    if pulled and going.now - pulled > PULL_MAY_BE_OLD:
        doubt = next(hold.code for hold in holds(row) if hold.code in OF_THE_PULL)
        raise Held(going.say("PULL_TOO_OLD", run=row.run, doubt=doubt), code="PULL_TOO_OLD", hint=hint)
    moment = expires(row).astimezone(ZoneInfo(going.parts.policy.time_zone))
    raise Held(going.say("EXPIRED", run=row.run, moment=f"{moment:%Y-%m-%d %H:%M %Z}"), code="EXPIRED", hint=hint)


def again(row: RunRow) -> str:
    """Tell the command that makes a new plan where this one may not be written any more."""
    undone = row.details.get("undoes")
    return f"tiersync undo {undone}" if undone else "tiersync sync"


def _doubted_pull(row: RunRow) -> datetime | None:
    """Return when the run's pull was made, where a guard doubts it."""
    pulled = row.details.get("pulled_at")
    doubted = any(hold.code in OF_THE_PULL for hold in holds(row))
    return datetime.fromisoformat(pulled) if doubted and isinstance(pulled, str) else None
