"""Who changed a record last: HubSpot stamps every change alike, only the history of its values tells people apart.

Source: HubSpot's property history; each version of a value carries `timestamp` and `sourceType`, a person's CRM_UI or
that of the mobile app. A batch read takes 50 records with history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.hubspot import mapping
from connector.crm.hubspot.pulling.objects import BATCH, in_batches, timestamp
from connector.crm.texts import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connector.crm.hubspot.pulling.objects import Objects
    from connector.crm.hubspot.schema import Property
    from connector.crm.hubspot.session.checks import Record

WITH_HISTORY = 50
MACHINES = frozenset(
    {"API", "INTEGRATION", "INTEGRATIONS_PLATFORM", "INTEGRATIONS_SYNC"}
    | {"AUTOMATION_PLATFORM", "WORKFLOWS", "CALCULATED", "DATA_ENRICHMENT", "COMPANY_INSIGHTS"}
)
"""Sources that are no person; any other may be one."""


def edited(
    objects: Objects, records: Sequence[str], definitions: Mapping[str, Property] | None, *, since: datetime
) -> dict[str, datetime]:
    """Records that a person changed at `since` or later, and when; every change counts where no definition is shown."""
    changed = dict(_changed(objects, records, since))
    if definitions is None:
        return changed
    names = [name for name, known in definitions.items() if not known.read_only]
    found: dict[str, datetime] = {}
    for some in in_batches(changed, WITH_HISTORY):
        for record in objects.histories(some, names):
            told = _by_people(record, since)
            last = changed.get(record["id"]) if told is None else max(told, default=None)
            if last is not None:
                found[record["id"]] = last
    return found


def _changed(objects: Objects, records: Sequence[str], since: datetime) -> Iterator[tuple[str, datetime]]:
    for some in in_batches(records, BATCH):
        for record in objects.read(some, [mapping.MODIFIED]).records:
            at = timestamp(record["properties"].get(mapping.MODIFIED), f"reading {objects.kind} by id")
            if at >= since:
                yield record["id"], at


def _by_people(record: Record, since: datetime) -> list[datetime] | None:
    """When people gave it values since then; None where HubSpot shows no history."""
    history = record.get("propertiesWithHistory")
    if not isinstance(history, dict):
        return None
    versions = [version for versions in history.values() for version in listed(versions) if isinstance(version, dict)]
    people = [version for version in versions if str(version.get("sourceType")) not in MACHINES]
    moments = [timestamp(version.get("timestamp"), "reading the history of a record") for version in people]
    return [moment for moment in moments if moment >= since]
