"""Fields of ours that exist and that this user does not see: an admin sees none of what nobody granted to admins.

Source: Salesforce's Tooling API lists custom fields whatever security says; the Metadata API's readMetadata tells what
they are, ten a call, in the words they are made with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.salesforce import soql
from connector.crm.salesforce.provisioning import metadata
from connector.crm.salesforce.schema import Property
from connector.crm.salesforce.session import checks
from connector.crm.salesforce.session.client import Forbidden, Refused
from connector.errors import AccessRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from connector.crm.salesforce.session.client import Client

_WHAT = "looking for hidden fields"
_DESCRIBED = {
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Html": "textarea",
    "Number": "double",
    "Checkbox": "boolean",
}
"""Kind of custom field -> what describe calls it, where that is not the same word in lower case."""


def fields(client: Client, entity: str, names: Sequence[str]) -> dict[str, Property | None]:
    """Those of some custom fields that exist, by their name as it was asked for; None where it is not told what one is.

    Whoever may not ask sees none: they may not make fields either, which is said then.
    """
    there = _there(client, entity, names) if names else []
    try:
        told = list(metadata.read(client, [f"{entity}.{name}" for name in there]))
    except AccessRefused:
        told = []
    known = {one.name.lower(): one for one in map(_property, filter(_is_whole, told))}
    return {name: known.get(name.lower()) for name in there}


def _is_whole(node: etree._Element) -> bool:
    """Whether the values are its own: those of a global value set are not told here."""
    return not any(True for _ in node.iter(f"{{{metadata.NAMESPACE}}}valueSetName"))


def _there(client: Client, entity: str, names: Sequence[str]) -> list[str]:
    own = {name[: -len("__c")].lower(): name for name in names}
    query = soql.select(
        ["Id", "DeveloperName"],
        "CustomField",
        f"TableEnumOrId = {soql.quoted(entity)}",
        f"DeveloperName IN {soql.any_of(name[: -len('__c')] for name in names)}",
    )
    try:
        told = client.get(client.path("tooling/query"), _WHAT, q=query)
    except (Refused, Forbidden):
        return []
    rows = checks.records(told, _WHAT)
    if told.get("done") is False or checks.total(told, _WHAT) != len(rows):
        raise checks.bad(_WHAT, f"{len(rows)} fields arrived and Salesforce counts {told.get('totalSize')}")
    found = {str(row.get("DeveloperName")).lower() for row in rows}
    return [name for key, name in own.items() if key in found]


def _property(node: etree._Element) -> Property:
    kind = metadata.text(node, "type")
    return Property(
        name=metadata.text(node, "fullName").partition(".")[2],
        type=_DESCRIBED.get(kind, kind.lower()),
        length=_whole(metadata.text(node, "length")),
        precision=_whole(metadata.text(node, "precision")),
        scale=_whole(metadata.text(node, "scale")),
        calculated=bool(metadata.text(node, "formula")),
        options=tuple(_options(node)),
    )


def _options(node: etree._Element) -> Iterator[dict[str, object]]:
    for definition in node.iter(f"{{{metadata.NAMESPACE}}}valueSetDefinition"):
        for value in metadata.children(definition, "value"):
            name = metadata.text(value, "fullName")
            active = metadata.text(value, "isActive") != "false"
            yield {"value": name, "label": metadata.text(value, "label") or name, "active": active}


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0
