"""What is gone: deleted into the recycle bin, merged into another, or deleted for good.

Source: queryAll shows the recycle bin with the record a loser was merged into; the deletion log of getDeleted also
knows what was purged from it, for 15 days at most and without the minute in hand. A busy log is cut after two hours:
`earliestDateAvailable` tells how far back it still reaches, INVALID_REPLICATION_DATE that it does not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.crm.said import say
from connector.crm.salesforce import soql
from connector.crm.salesforce.pulling import keyset
from connector.crm.salesforce.session import checks, queries
from connector.crm.salesforce.session.client import Forbidden, Refused
from connector.crm.salesforce.values import instant
from connector.errors import StopRun

if TYPE_CHECKING:
    from connector.crm.salesforce.pulling.sources import Source
    from connector.crm.salesforce.session.client import Client

_LOG_DAYS = timedelta(days=14)
_TOO_SHORT = ("INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT")
NEEDS_FULL_PULL = "NEEDS_FULL_PULL"
"""Code of a pull of changes that has to become one of everything; see ports.Crm.pull."""


class Gone(Struct, frozen=True):
    """Ids that are gone, and for those merged away the id they live on in."""

    ids: frozenset[str] = frozenset()
    merged: dict[str, str] = field(default_factory=dict)

    def winners(self) -> dict[str, list[str]]:
        """Survivor -> the ids merged into it, chains followed."""
        found: dict[str, list[str]] = {}
        for loser in sorted(self.merged):
            found.setdefault(self._survivor(loser), []).append(loser)
        return found

    def _survivor(self, loser: str) -> str:
        seen: set[str] = set()
        while loser in self.merged and loser not in seen:
            seen.add(loser)
            loser = self.merged[loser]
        return loser


def since(client: Client, source: Source, begin: datetime | None) -> Gone:
    """What went since a moment; of everything only the merges when there is no moment."""
    what = f"asking which {source.entity} records are gone"
    fields = ["Id", "MasterRecordId"] if source.merges else ["Id"]
    conditions = ["IsDeleted = true"]
    conditions.append("MasterRecordId != null" if begin is None else queries.changed_since(begin))
    ids: set[str] = set()
    merged: dict[str, str] = {}
    selection = keyset.Selection(entity=source.entity, fields=fields, where=tuple(conditions), deleted=True)
    for page, _ in keyset.pages(client, selection, what):
        ids.update(checks.ids(page.records, what))
        merged.update({row["Id"]: str(row["MasterRecordId"]) for row in page.records if row.get("MasterRecordId")})
    return Gone(frozenset(ids), merged)


def logged(client: Client, source: Source, begin: datetime) -> set[str]:
    """The deletion log since a moment; nothing where it is closed (the daily full pull will tell).

    It may still name what was taken out of the recycle bin again. Raises StopRun (NEEDS_FULL_PULL) when it does not
    reach back so far: what was purged before it begins shows only when everything is read again.
    """
    what = f"reading the deletion log of {source.entity}"
    end = client.server_time()
    if end is None or end - begin < timedelta(minutes=2):
        return set()
    if end - begin > _LOG_DAYS:
        raise _too_short(source, say("log_days"))
    path = client.path(f"sobjects/{source.entity}/deleted/")
    try:
        told = client.get(path, what, start=_minute(begin), end=_minute(end))
    except Forbidden:
        return set()
    except Refused as error:
        if error.problem.code in _TOO_SHORT:
            raise _too_short(source, error.problem.code) from None
        return set()
    rows = told.get("deletedRecords")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("id") for row in rows):
        raise checks.bad(what, "Salesforce's answer has no list of deleted records")
    if (earliest := instant(told.get("earliestDateAvailable"))) and earliest > begin:
        raise _too_short(source, say("log_begins", at=f"{earliest:%Y-%m-%d %H:%M} UTC"))
    return {soql.full_id(str(row["id"])) for row in rows}


def _too_short(source: Source, why: str) -> StopRun:
    text = say("log_too_short", entity=source.entity, why=why)
    return StopRun(text, hint="tiersync pull --full", code=NEEDS_FULL_PULL)


def _minute(at: datetime) -> str:
    return soql.moment(at.replace(microsecond=0)).replace("Z", "+00:00")
