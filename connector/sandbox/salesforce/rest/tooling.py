"""The Tooling API, as far as custom fields need it (salesforce.md 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import NO_CONTENT, Answer, answer
from connector.sandbox.salesforce.answers import Refusal, malformed, not_found
from connector.sandbox.salesforce.org import fields
from connector.sandbox.salesforce.org.schema import Field, SObject
from connector.sandbox.salesforce.org.tables import Table
from connector.sandbox.salesforce.org.view import View
from connector.sandbox.salesforce.soql.grammar import parse
from connector.sandbox.salesforce.soql.run import Runner

if TYPE_CHECKING:
    from connector.sandbox.salesforce.calls import Asked
    from connector.sandbox.salesforce.org.org import Org

COLUMNS = ("Id id", "DeveloperName string", "TableEnumOrId string", "FullName string", "Metadata complexvalue")
ALONE = ("fullname", "metadata")
"""Columns told only when exactly one row is found."""


class ToolingView(View):
    """The schema of tooling: custom fields as records."""

    def sobject(self, name: str) -> SObject | None:
        """Find a tooling object."""
        return CUSTOM_FIELD if name.lower() == "customfield" else None

    def field(self, sobject: SObject, name: str) -> Field | None:
        """Find a column."""
        return sobject.get(name)

    def fields(self, sobject: SObject) -> list[Field]:
        """List the columns."""
        return list(sobject.fields.values())

    def table(self, sobject: SObject) -> Table:
        """Give the custom fields of the org as records."""
        table = Table(sobject)
        for held in self.org.objects.values():
            for field in held.fields.values():
                if field.custom:
                    table.put(_row(self.org, held, field))
        return table


def _customfield() -> SObject:
    pairs = [line.split() for line in COLUMNS]
    made = {name.lower(): Field(name, kind, name, createable=False, updateable=False) for name, kind in pairs}
    return SObject("CustomField", "Custom Field", "Custom Fields", "00N", made)


CUSTOM_FIELD = _customfield()


def field_id(org: Org, full_name: str) -> str:
    """Give the id of a custom field."""
    if full_name not in org.field_ids:
        org.field_ids[full_name] = org.mint.next(CUSTOM_FIELD.prefix)
    return org.field_ids[full_name]


def _row(org: Org, sobject: SObject, field: Field) -> dict[str, Any]:
    name = f"{sobject.name}.{field.name}"
    told = fields.told(sobject, field)
    return {
        "Id": field_id(org, name),
        "DeveloperName": field.name.removesuffix("__c"),
        "TableEnumOrId": sobject.name,
        "FullName": name,
        "Metadata": {key: value for key, value in told.items() if key != "fullName"},
        "SystemModstamp": "",
    }


def _admin(asked: Asked) -> None:
    if not asked.org.may(asked.user, "PermissionsCustomizeApplication"):
        raise Refusal(
            403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", tell_fields=True
        )


def query(asked: Asked) -> Answer:
    """Answer a query on custom fields."""
    _admin(asked)
    text = asked.call.first("q")
    view = ToolingView(asked.org, asked.user)
    found = Runner(view, f"{asked.root}/tooling").run(text)
    if found.selection is None:
        return answer({"size": found.total, "totalSize": found.total, "done": True, "records": found.rows})
    names = {".".join(getattr(item.what, "path", ())).lower() for item in parse(text).items}
    if found.total != 1 and names.intersection(ALONE):
        text = "When retrieving results with Metadata or FullName fields, the query qualifications must specify "
        raise malformed(f"{text}no more than one row for retrieval.")
    rows = [found.selection.shape.write(record) for record in found.records]
    return answer({"size": len(rows), "totalSize": len(rows), "done": True, "records": rows})


def create(asked: Asked) -> Answer:
    """Make a custom field: 201; a taken name is refused."""
    _admin(asked)
    content = asked.json()
    name = str(content.get("FullName", ""))
    fields.define(asked.org, name, _metadata(content), creating=True)
    made = {"id": field_id(asked.org, name), "success": True, "errors": [], "warnings": [], "infos": []}
    return answer(made, 201)


def _metadata(content: dict[str, Any]) -> dict[str, Any]:
    held = content.get("Metadata")
    return held if isinstance(held, dict) else {}


def _name(asked: Asked, identity: str) -> str:
    view = ToolingView(asked.org, asked.user)
    row = view.table(CUSTOM_FIELD).rows.get(identity)
    if row is None:
        raise not_found()
    return str(row["FullName"])


def read(asked: Asked, identity: str) -> Answer:
    """Answer a custom field."""
    _admin(asked)
    view = ToolingView(asked.org, asked.user)
    row = view.table(CUSTOM_FIELD).rows.get(identity)
    if row is None:
        raise not_found()
    url = f"{asked.root}/tooling/sobjects/CustomField/{identity}"
    told = {name: value for name, value in row.items() if name != "SystemModstamp"}
    return answer({"attributes": {"type": "CustomField", "url": url}, **told})


def update(asked: Asked, identity: str) -> Answer:
    """Change a custom field: 204."""
    _admin(asked)
    fields.define(asked.org, _name(asked, identity), _metadata(asked.json()))
    return NO_CONTENT


def delete(asked: Asked, identity: str) -> Answer:
    """Delete a custom field: 204."""
    _admin(asked)
    fields.drop(asked.org, _name(asked, identity))
    return NO_CONTENT
