"""Who changed a record last, and when: Salesforce names the last one only.

Source: Salesforce's system fields. LastModifiedDate moves with a user's change alone, not with a recalculation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.salesforce.session import checks
from connector.crm.salesforce.session.queries import in_parts
from connector.crm.salesforce.soql import full_id, is_id
from connector.crm.salesforce.values import instant
from connector.crm.salesforce.writing import collections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from connector.crm.salesforce.session.client import Client

_ASKED = ["Id", "IsDeleted", "LastModifiedDate", "LastModifiedById"]


def edited(
    client: Client, entity: str, records: Sequence[str], *, own: str | None, since: datetime
) -> dict[str, datetime]:
    """Records that another user than `own` changed at `since` or later; of an unknown one, all that changed."""
    names = {full_id(record): record for record in records if is_id(record)}
    return {
        names[record]: at
        for some in in_parts(list(names), collections.READ_AT_ONCE)
        for record, at, user in _last_changes(client, entity, some)
        if at >= since and (own is None or user != own)
    }


def _last_changes(client: Client, entity: str, records: list[str]) -> Iterator[tuple[str, datetime, str]]:
    for row in collections.read(client, entity, records, _ASKED):
        at = instant(row["LastModifiedDate"])
        if at is None:
            raise checks.bad(f"reading {entity} records by id", "a LastModifiedDate cannot be read")
        yield row["Id"], at, full_id(str(row["LastModifiedById"]))
