"""What is gone: deleted into the recycle bin, merged into another, or deleted for good.

Source: queryAll shows the recycle bin with the record a loser was merged into; the deletion log of getDeleted also
knows what was purged from it, for 15 days at most and without the minute in hand.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.crm.salesforce import checks, queries, soql
from connector.crm.salesforce.client import Forbidden, Refused

if TYPE_CHECKING:
    from connector.crm.salesforce.client import Client
    from connector.crm.salesforce.sources import Source

_LOG_DAYS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Gone:
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
    query = soql.select(fields, source.entity, *conditions)
    for page in queries.pages(client, query, what, deleted=True):
        ids.update(checks.ids(page.records, what))
        merged.update({row["Id"]: str(row["MasterRecordId"]) for row in page.records if row.get("MasterRecordId")})
    return Gone(frozenset(ids), merged)


def logged(client: Client, source: Source, begin: datetime) -> set[str]:
    """The deletion log since a moment, as far back as it reaches; nothing where it is closed (a full pull will tell).

    It may still name what was taken out of the recycle bin again.
    """
    what = f"reading the deletion log of {source.entity}"
    with suppress(Refused, Forbidden):
        end = client.server_time()
        if end is None or end - begin < timedelta(minutes=2):
            return set()
        window = _minute(max(begin, end - _LOG_DAYS)), _minute(end)
        told = client.get(client.path(f"sobjects/{source.entity}/deleted/"), what, start=window[0], end=window[1])
        rows = told.get("deletedRecords")
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("id") for row in rows):
            raise checks.bad(what, "Salesforce's answer has no list of deleted records")
        return {soql.full_id(str(row["id"])) for row in rows}
    return set()


def _minute(at: datetime) -> str:
    return soql.moment(at).replace("Z", "+00:00")
