"""Which picklist values a record type lets in: a new value belongs to none until an admin adds it.

Source: the User Interface API's picklist values of a record type, `picklistFieldValues.<field>.values[].value`. Whether
Salesforce lets other values pass over its API is not documented; users do not see them, and rules may refuse them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.salesforce.session import queries
from connector.crm.salesforce.session.client import Forbidden, Refused
from connector.crm.salesforce.writing import collections
from connector.crm.texts import listed
from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connector.crm.salesforce.schema import Entity
    from connector.crm.salesforce.session.client import Client

    Sent = Mapping[str, str | None]
    """Field -> canonical text of one record."""

OF_RECORD = "RecordTypeId"
_PICKLISTS = ("picklist", "multipicklist")


def lacking(client: Client, entity: Entity, wanted: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """One line per record type and field that lacks values; `wanted` are the values per field name."""
    for record_type in entity.record_types:
        for name, values in _offered(client, entity, record_type).items():
            missing = sorted(wanted.get(name, frozenset()) - values)
            if missing:
                yield f"record type {record_type} of {entity.name} does not offer {', '.join(missing)} in {name}"


def questions(entity: Entity, names: Iterable[str]) -> int:
    """How many calls it takes to learn what the record types offer, when these fields are written."""
    return len(_kinds(entity)) if any(_is_restricted(entity, name) for name in names) else 0


class Offers:
    """What the record types of one object offer; asked of Salesforce once, when the first picklist is written."""

    def __init__(self, client: Client, entity: Entity) -> None:
        self._client = client
        self._entity = entity
        self._offered: dict[str, dict[str, frozenset[str]]] | None = None

    def objections(self, wanted: Mapping[str, Sent]) -> dict[str, str]:
        """Record -> why its record type rules its new values out.

        Reads the record types of those records only whose values some record type does not offer.
        """
        doubtful = [
            record for record, sent in wanted.items() if any(self._gaps(sent, kind) for kind in _kinds(self._entity))
        ]
        found: dict[str, str] = {}
        for record, kind in self._of(doubtful).items():
            if gaps := self._gaps(wanted[record], kind):
                found[record] = f"record type {kind} does not offer {', '.join(gaps)}: add it there, or in the rules"
        return found

    def _gaps(self, sent: Sent, kind: str) -> list[str]:
        """`value in field` for what a record type does not offer of a record's values."""
        picked = {name: value for name, value in sent.items() if value and _is_restricted(self._entity, name)}
        offered = self._known().get(kind, {}) if picked else {}
        return [
            f"{part} in {name}"
            for name, value in picked.items()
            if name in offered
            for part in value.split(";")
            if part not in offered[name]
        ]

    def _known(self) -> dict[str, dict[str, frozenset[str]]]:
        if self._offered is None:
            self._offered = {kind: _offered(self._client, self._entity, kind) for kind in _kinds(self._entity)}
        return self._offered

    def _of(self, records: list[str]) -> dict[str, str]:
        """The record types of records."""
        found: dict[str, str] = {}
        for some in queries.in_parts(records, collections.READ_AT_ONCE):
            rows = collections.read(self._client, self._entity.name, some, ["Id", "IsDeleted", OF_RECORD])
            kinds = {row["Id"][:15]: str(row[OF_RECORD] or "") for row in rows}
            found |= {record: kinds[record[:15]] for record in some if record[:15] in kinds}
        return found


def _kinds(entity: Entity) -> Sequence[str]:
    """The record types that records of this object can tell us they have."""
    return () if entity.get(OF_RECORD) is None else entity.record_types


def _is_restricted(entity: Entity, name: str) -> bool:
    known = entity.get(name)
    return known is not None and known.restricted and known.type in _PICKLISTS


def _offered(client: Client, entity: Entity, record_type: str) -> dict[str, frozenset[str]]:
    """Field -> values a record type offers, by the name the describe gives it; nothing where it may not be asked."""
    path = client.path(f"ui-api/object-info/{entity.name}/picklist-values/{record_type}")
    try:
        told = client.get(path, f"asking what the record types of {entity.name} offer").get("picklistFieldValues")
    except (Refused, Forbidden, BadAnswer):
        return {}
    return {
        known.name: frozenset(str(one.get("value")) for one in listed(picklist.get("values")) if isinstance(one, dict))
        for name, picklist in (told.items() if isinstance(told, dict) else ())
        if isinstance(picklist, dict) and (known := entity.get(name)) is not None
    }
