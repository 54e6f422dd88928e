"""sObject Collections: up to 200 records in one call, each with its own outcome (salesforce.md 2.3)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce.answers import Fault, Refusal, invalid
from connector.sandbox.salesforce.org.ids import canonical
from connector.sandbox.salesforce.org.undo import Undo
from connector.sandbox.salesforce.org.view import no_such_type
from connector.sandbox.salesforce.rest.rows import upsert_one, writer, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.salesforce.calls import Asked
    from connector.sandbox.salesforce.org.schema import SObject

MOST, MOST_READ, MOST_CHUNKS = 200, 2000, 10
ROLLED_BACK = Fault(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


def create(asked: Asked) -> Answer:
    """Make records."""

    def act(record: dict[str, Any]) -> dict[str, Any]:
        return _good(writer(asked).create(_sobject(asked, record), record))

    return _each(asked, _records(asked), act)


def update(asked: Asked) -> Answer:
    """Change records by id."""
    records = _records(asked)
    ids = [_identity(record) for record in records]
    doubled = {found for found in ids if found and ids.count(found) > 1}

    def act(record: dict[str, Any]) -> dict[str, Any]:
        sobject, identity = _sobject(asked, record), _identity(record)
        if identity is None:
            raise invalid("MISSING_ARGUMENT", "Id not specified in an update call")
        if identity in doubled:
            raise invalid("DUPLICATE_VALUE", f"duplicate id in list: {identity}", "Id")
        return _good(writer(asked).update(sobject, identity, record))

    return _each(asked, records, act)


def upsert(asked: Asked, name: str, field: str) -> Answer:
    """Change or make records by an external id; every outcome tells whether it was made."""
    sobject = asked.view.named(name)

    def act(record: dict[str, Any]) -> dict[str, Any]:
        value = next((found for key, found in record.items() if key.lower() == field.lower()), None)
        if value is None and field.lower() == "id":
            return _good(writer(asked).create(sobject, record)) | {"created": True}
        if value is None:
            raise invalid("MISSING_ARGUMENT", f"{field} not specified")
        identity, made = upsert_one(asked, sobject, field, value, record)
        return _good(identity) | {"created": made}

    return _each(asked, _records(asked), act)


def delete(asked: Asked) -> Answer:
    """Delete records by id."""
    ids = [found for found in asked.call.first("ids").split(",") if found]
    _count(ids)

    def act(record: dict[str, Any]) -> dict[str, Any]:
        identity = str(record["id"])
        whole = canonical(identity)
        prefixes = {found.prefix: found for found in asked.org.objects.values()}
        sobject = prefixes.get((whole or "")[:3])
        if sobject is None:
            raise invalid("MALFORMED_ID", f"malformed id {identity}", "Id")
        return _good(writer(asked).delete(sobject, identity))

    return _each(asked, [{"id": found} for found in ids], act, strict=asked.call.flag("allOrNone"))


def retrieve(asked: Asked, name: str) -> Answer:
    """Answer records by id, in order; null for one that is not there."""
    sobject = asked.view.named(name)
    if asked.call.method == "GET":
        ids = [found for found in asked.call.first("ids").split(",") if found]
        fields = [found for found in asked.call.first("fields").split(",") if found]
    else:
        content = asked.json()
        ids, fields = (_texts(content.get(key)) for key in ("ids", "fields"))
    if len(ids) > MOST_READ:
        raise Refusal(400, "EXCEEDED_MAX_SIZE_REQUEST", f"The number of ids exceeds the limit of {MOST_READ}")
    rows = asked.org.table(sobject.name).rows
    found = [rows.get(canonical(one) or "") for one in ids]
    return answer(
        [None if row is None or row.get("IsDeleted") else written(asked, sobject, row, fields) for row in found]
    )


def _texts(held: object) -> list[str]:
    return [str(one) for one in held] if isinstance(held, list) else []


def _records(asked: Asked) -> list[dict[str, Any]]:
    records = asked.objects("records")
    _count(records)
    kinds = [_kind(record).lower() for record in records]
    chunks = 1 + sum(1 for before, after in pairwise(kinds) if before != after)
    if chunks > MOST_CHUNKS:
        raise Refusal(400, "INVALID_FIELD", "The number of chunks of different object types exceeds 10")
    held = {found.setup for kind in kinds if (found := asked.org.objects.get(kind)) is not None}
    if len(held) > 1:
        text = "DML operation on setup object is not permitted after you have updated a non-setup object"
        raise Refusal(400, "MIXED_DML_OPERATION", text)
    return list(records)


def _count(records: list[Any]) -> None:
    if not records:
        raise Refusal(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required")
    if len(records) > MOST:
        raise Refusal(400, "EXCEEDED_MAX_SIZE_REQUEST", "record list cannot exceed 200 records")


def _kind(record: dict[str, Any]) -> str:
    attributes = record.get("attributes")
    return str(attributes.get("type") or "") if isinstance(attributes, dict) else ""


def _sobject(asked: Asked, record: dict[str, Any]) -> SObject:
    name = _kind(record)
    if not name:
        raise invalid("INVALID_INPUT", "The attributes of a record must tell its type")
    found = asked.view.sobject(name)
    if found is None:
        raise invalid("INVALID_TYPE", no_such_type(name))
    return found


def _identity(record: dict[str, Any]) -> str | None:
    found = record.get("id") or record.get("Id")
    return None if found is None else canonical(str(found)) or str(found)


def _good(identity: str) -> dict[str, Any]:
    return {"id": identity, "success": True, "errors": []}


def _bad(fault: Fault) -> dict[str, Any]:
    return {"success": False, "errors": [fault.told()]}


def _each(
    asked: Asked,
    records: list[dict[str, Any]],
    act: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    strict: bool | None = None,
) -> Answer:
    """Do every record by itself; with allOrNone one that fails takes the others back."""
    strict = asked.json().get("allOrNone") is True if strict is None else strict
    undo = Undo(asked.org) if strict else None
    outcomes = [_tried(act, record) for record in records]
    if undo is not None and not all(found["success"] for found in outcomes):
        undo.back()
        outcomes = [_bad(ROLLED_BACK) if found["success"] else found for found in outcomes]
    return answer(outcomes)


def _tried(act: Callable[[dict[str, Any]], dict[str, Any]], record: dict[str, Any]) -> dict[str, Any]:
    try:
        return act(record)
    except Refusal as refusal:
        return _bad(refusal.fault)
