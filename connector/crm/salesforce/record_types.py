"""Which picklist values a record type lets in: a new value belongs to none until an admin adds it.

Source: describe of the layouts of a record type: `recordTypeMappings[].picklistsForRecordType[]`. Salesforce lets most
of such values pass over its API; users do not see them, and rules may refuse them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.salesforce.client import Forbidden, Refused
from connector.crm.texts import listed
from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.crm.salesforce.client import Client
    from connector.crm.salesforce.schema import Entity


def lacking(client: Client, entity: Entity, wanted: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """One line per record type and field that lacks values; `wanted` are the values per field name."""
    for record_type in entity.record_types:
        for name, values in _picklists(client, entity.name, record_type).items():
            missing = sorted(wanted.get(name, frozenset()) - values)
            if missing:
                yield f"record type {record_type} of {entity.name} does not offer {', '.join(missing)} in {name}"


def _picklists(client: Client, entity: str, record_type: str) -> dict[str, frozenset[str]]:
    """Field -> active values of a record type; nothing where it may not be asked."""
    path = client.path(f"sobjects/{entity}/describe/layouts/{record_type}")
    try:
        told = client.get(path, f"describing the record types of {entity}")
    except (Refused, Forbidden, BadAnswer):
        return {}
    return {
        str(picklist.get("picklistName")): frozenset(
            str(value.get("value"))
            for value in listed(picklist.get("picklistValues"))
            if isinstance(value, dict) and value.get("active")
        )
        for mapping in listed(told.get("recordTypeMappings"))
        if isinstance(mapping, dict)
        for picklist in listed(mapping.get("picklistsForRecordType"))
        if isinstance(picklist, dict)
    }
