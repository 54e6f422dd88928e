"""sObject rows: one record by its id or by an external id (salesforce.md 0, 2.3)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import NO_CONTENT, Answer, answer
from connector.sandbox.salesforce.answers import Refusal, invalid, not_found
from connector.sandbox.salesforce.org.ids import canonical
from connector.sandbox.salesforce.org.times import read_moment
from connector.sandbox.salesforce.org.writing import Writer
from connector.sandbox.salesforce.soql.names import Scope
from connector.sandbox.salesforce.soql.select import Selection
from connector.sandbox.salesforce.soql.tree import Item, Named

if TYPE_CHECKING:
    from connector.sandbox.salesforce.calls import Asked
    from connector.sandbox.salesforce.org.schema import Field, SObject
    from connector.sandbox.salesforce.org.tables import Record


def writer(asked: Asked) -> Writer:
    """Give what writes for the user who asks, as the headers of the call say."""
    save = asked.options("sforce-duplicate-rule-header").get("allowsave", "").lower() == "true"
    assign = asked.call.header("sforce-auto-assign").lower() != "false"
    return Writer(asked.view, assign=assign, allow_duplicates=save)


def create(asked: Asked, name: str) -> Answer:
    """Make a record: 201 with its id."""
    sobject = asked.view.named(name)
    identity = writer(asked).create(sobject, asked.json())
    made = answer({"id": identity, "success": True, "errors": []}, 201)
    location = f"{asked.root}/sobjects/{sobject.name}/{identity}".encode()
    return Answer(made.status, made.body, ((b"location", location), *made.headers))


def read(asked: Asked, name: str, identity: str) -> Answer:
    """Answer a record, all its fields or those named."""
    sobject = asked.view.named(name)
    return answer(written(asked, sobject, _found(asked, sobject, identity)))


def read_external(asked: Asked, name: str, field: str, value: str) -> Answer:
    """Answer the record with this external id."""
    sobject = asked.view.named(name)
    if field.lower() == "id":
        return read(asked, name, value)
    rows = matching(asked, sobject, _external(asked, sobject, field), value)
    if len(rows) > 1:
        return answer([f"{asked.root}/sobjects/{sobject.name}/{row['Id']}" for row in rows], 300)
    if not rows:
        raise not_found()
    return answer(written(asked, sobject, rows[0]))


def written(asked: Asked, sobject: SObject, record: Record, names: list[str] | None = None) -> dict[str, Any]:
    """Write a record with these fields, or those the call names, or all of them."""
    chosen = names or [part for text in asked.call.query.get("fields", []) for part in text.split(",") if part]
    fields = chosen or [held.name for held in asked.view.fields(sobject)]
    scope = Scope(asked.view, ",".join(fields), sobject.name)
    items = [Item(Named(tuple(name.strip().split(".")))) for name in fields]
    return Selection(scope, items, asked.root, _no_children).shape.write(record)


def _no_children(_found: Any) -> Any:
    raise not_found()


def _found(asked: Asked, sobject: SObject, identity: str) -> Record:
    whole = canonical(identity)
    found = asked.org.table(sobject.name).rows.get(whole or "")
    if found is None or found.get("IsDeleted"):
        raise not_found(
            "Provided external ID field does not exist or is not accessible: " + identity
            if whole is None
            else "The requested resource does not exist"
        )
    return found


def update(asked: Asked, name: str, identity: str) -> Answer:
    """Change a record: 204; 412 when it was changed since If-Unmodified-Since."""
    sobject = asked.view.named(name)
    given = asked.json()
    _unmodified(asked, sobject, identity)
    writer(asked).update(sobject, identity, given)
    return NO_CONTENT


def _unmodified(asked: Asked, sobject: SObject, identity: str) -> None:
    since = asked.call.header("if-unmodified-since")
    record = asked.org.table(sobject.name).rows.get(canonical(identity) or "")
    if since and record is not None and read_moment(record["LastModifiedDate"]) > parsedate_to_datetime(since):
        raise Refusal(412, "PRECONDITION_FAILED", "The record was modified since the given time")


def delete(asked: Asked, name: str, identity: str) -> Answer:
    """Delete a record: 204."""
    writer(asked).delete(asked.view.named(name), identity)
    return NO_CONTENT


def _external(asked: Asked, sobject: SObject, name: str) -> Field:
    held = asked.view.field(sobject, name)
    if held is None or not held.id_lookup:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return held


def matching(asked: Asked, sobject: SObject, held: Field, value: Any) -> list[Record]:
    """Give the live records with a value in a field; texts without case unless the field minds it."""
    wanted = str(value) if held.case_sensitive else str(value).casefold()

    def same(row: Record) -> bool:
        found = row.get(held.name)
        return found is not None and (str(found) if held.case_sensitive else str(found).casefold()) == wanted

    table = asked.org.table(sobject.name)
    if held.type == "id":
        row = table.rows.get(canonical(str(value)) or "")
        return [row] if row is not None and not row.get("IsDeleted") else []
    if held.case_sensitive:
        return [row for row in table.having(held.name, [wanted]) if not row.get("IsDeleted")]
    return [row for row in table.live() if same(row)]


def upsert_one(asked: Asked, sobject: SObject, field: str, value: Any, given: dict[str, Any]) -> tuple[str, bool]:
    """Change the record with this external id, or make it; give its id and whether it was made."""
    held = _external(asked, sobject, field)
    rows = matching(asked, sobject, held, value)
    if len(rows) > 1:
        text = (
            f"{held.name}: more than one record found for external id field: [{', '.join(row['Id'] for row in rows)}]"
        )
        raise Refusal(300, "DUPLICATE_EXTERNAL_ID", text)
    rest = {name: item for name, item in given.items() if name.lower() != field.lower()}
    if rows:
        return writer(asked).update(sobject, rows[0]["Id"], rest), False
    if held.type == "id":
        raise invalid("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "Id")
    return writer(asked).create(sobject, {**rest, held.name: value}), True


def upsert(asked: Asked, name: str, field: str, value: str) -> Answer:
    """Change or make the record with this external id: 201 when made, else 200."""
    sobject = asked.view.named(name)
    if field.lower() == "id":
        return update(asked, name, value)
    identity, made = upsert_one(asked, sobject, field, value, asked.json())
    return answer({"id": identity, "success": True, "errors": [], "created": made}, 201 if made else 200)


def delete_external(asked: Asked, name: str, field: str, value: str) -> Answer:
    """Delete the record with this external id: 204."""
    sobject = asked.view.named(name)
    rows = matching(asked, sobject, _external(asked, sobject, field), value)
    if not rows:
        raise not_found()
    writer(asked).delete(sobject, rows[0]["Id"])
    return NO_CONTENT
