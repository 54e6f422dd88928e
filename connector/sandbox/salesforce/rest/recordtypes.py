"""Record types as the layout describe and the user interface API tell them, with the picklist values they offer.

Source: developer.salesforce.com, "Get Layouts and Descriptions for an Object With Multiple Record Types" (REST guide)
and "Get Values for All Picklist Fields of a Record Type" (User Interface API).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce.answers import not_found
from connector.sandbox.salesforce.rest.describe import record_types

if TYPE_CHECKING:
    from connector.sandbox.salesforce.calls import Asked
    from connector.sandbox.salesforce.org.schema import Field, SObject

PICKLISTS = ("picklist", "multipicklist")


def layouts(asked: Asked, name: str) -> Answer:
    """Answer which record types there are; an object with several tells no layouts here."""
    mappings = [
        {**told, "layoutId": None, "picklistsForRecordType": None}
        for told in record_types(asked, asked.view.named(name))
    ]
    return answer({"layouts": None, "recordTypeMappings": mappings, "recordTypeSelectorRequired": [False]})


def layout(asked: Asked, name: str, record_type: str) -> Answer:
    """Answer the layout of one record type: this org has empty ones."""
    _known(asked, asked.view.named(name), record_type)
    parts = ("detailLayoutSections", "editLayoutSections", "multirowEditLayoutSections", "offlineLinks", "relatedLists")
    return answer({"buttonLayoutSection": None, "id": None, **{part: [] for part in parts}})


def picklist_values(asked: Asked, name: str, record_type: str) -> Answer:
    """Answer the values that a record type offers in each picklist the user sees."""
    view = asked.view
    sobject = view.named(name)
    _known(asked, sobject, record_type)
    here = f"{asked.root}/ui-api/object-info/{sobject.name}/picklist-values/{record_type}"
    told: dict[str, Any] = {
        held.name: {
            "controllerValues": {},
            "defaultValue": None,
            "url": f"{here}/{held.name}",
            "values": _offered(asked, held, record_type),
        }
        for held in view.fields(sobject)
        if held.type in PICKLISTS
    }
    return answer({"picklistFieldValues": told})


def _offered(asked: Asked, held: Field, record_type: str) -> list[dict[str, Any]]:
    only = asked.org.rules.record_type_values.get(f"{record_type}/{held.name}")
    return [
        {"attributes": None, "label": one["label"], "validFor": [], "value": one["value"]}
        for one in held.values
        if one["active"] and (only is None or one["value"] in only)
    ]


def _known(asked: Asked, sobject: SObject, record_type: str) -> None:
    if record_type not in {told["recordTypeId"] for told in record_types(asked, sobject)}:
        raise not_found()
