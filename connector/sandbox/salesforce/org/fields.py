"""Custom fields as an admin defines them: in metadata words, checked by the rules of each type (salesforce.md 4.2)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import Refusal, invalid
from connector.sandbox.salesforce.org.schema import Field, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.schema import SObject

NAME = re.compile(r"([A-Za-z]\w*)\.([A-Za-z](?:[A-Za-z0-9]|_(?!_))*)__c")
LONGEST_NAME = LONGEST_LABEL = 40
KINDS = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "boolean",
    "Date": "date",
    "DateTime": "datetime",
    "Lookup": "reference",
    "Url": "url",
    "Email": "email",
    "Phone": "phone",
}
NUMBERS = {"Number", "Currency", "Percent"}
PRECISE = 18
TEXT_MOST, LONG_LEAST, LONG_MOST = 255, 256, 131_072
FIXED = {"TextArea": 255, "Url": 255, "Email": 80, "Phone": 40, "Lookup": 18}
WIDEST_PICK = 4099
ON = {"Activity": ("Task", "Event")}
"""Objects whose custom fields are shown on others."""


def objects_of(org: Org, full_name: str) -> list[tuple[SObject, str]]:
    """Give where a field of this full name lives, and its name there."""
    found = NAME.fullmatch(full_name)
    if found is None:
        raise invalid("FIELD_INTEGRITY_EXCEPTION", f"Custom Field Name: bad full name: {full_name}", "fullName")
    if len(found[2]) > LONGEST_NAME:
        raise invalid("STRING_TOO_LONG", f"Field Name: data value too large: {found[2]} (max length=40)", "fullName")
    named = [org.objects.get(name.lower()) for name in ON.get(found[1], (found[1],))]
    held = [sobject for sobject in named if sobject is not None and not sobject.setup]
    if not held:
        raise invalid("INVALID_CROSS_REFERENCE_KEY", f"In field: object - no CustomObject named {found[1]} found")
    return [(sobject, f"{found[2]}__c") for sobject in held]


def define(org: Org, full_name: str, facts: Mapping[str, Any], *, creating: bool = False) -> bool:
    """Make or change a custom field; tell whether it was made. Nobody may see a new one yet.

    `facts` are in metadata words; a new checkbox is false on every record there is.
    """
    made = False
    for sobject, name in objects_of(org, full_name):
        known = sobject.get(name)
        if known is not None and creating:
            text = f"There is already a field named {name.removesuffix('__c')} on {sobject.name}."
            raise invalid("DUPLICATE_DEVELOPER_NAME", text, "DeveloperName")
        put(org, sobject, _changed(known, _field(org, name, facts)))
        made = made or known is None
    org.schema_version += 1
    org.changes += 1
    return made


def put(org: Org, sobject: SObject, held: Field) -> None:
    """Take in a definition; a new checkbox is its default on every record there is."""
    sobject.add(held)
    if held.type == "boolean":
        table = org.table(sobject.name)
        for row in table.rows.values():
            row.setdefault(held.name, bool(held.default))
        table.version += 1


def _changed(known: Field | None, wanted: Field) -> Field:
    if known is None:
        return wanted
    if (known.type, known.long, bool(known.formula)) != (wanted.type, wanted.long, bool(wanted.formula)):
        text = f"Cannot change type of field {known.name} from {known.type} to {wanted.type}"
        raise invalid("FIELD_INTEGRITY_EXCEPTION", text, "type")
    if wanted.length < known.length or wanted.precision < known.precision:
        raise invalid("FIELD_INTEGRITY_EXCEPTION", f"Cannot shorten field {known.name}", "length")
    kept = [found for found in known.values if found["value"] not in {new["value"] for new in wanted.values}]
    # Values that are left out are switched off, never deleted.
    return replace(wanted, values=[*wanted.values, *({**found, "active": False} for found in kept)])


def _field(org: Org, name: str, facts: Mapping[str, Any]) -> Field:
    kind, label = str(facts.get("type") or ""), str(facts.get("label") or "")
    if kind not in KINDS:
        raise invalid("INVALID_FIELD", f"In field: type - no FieldType named {kind} found", "type")
    if not label or len(label) > LONGEST_LABEL:
        text = (
            "Required field is missing: label"
            if not label
            else "Value too long for field: MasterLabel maximum length is:40"
        )
        raise invalid("STRING_TOO_LONG" if label else "REQUIRED_FIELD_MISSING", text, "label")
    made = Field(name, KINDS[kind], label, custom=True, permissionable=True)
    made.long = kind == "LongTextArea"
    made.formula = str(facts.get("formula") or "")
    made.unique, made.external_id = truth(facts.get("unique")), truth(facts.get("externalId"))
    made.case_sensitive = truth(facts.get("caseSensitive"))
    _size(made, kind, facts)
    _require(made, kind, facts)
    if kind in {"Picklist", "MultiselectPicklist"}:
        _values(made, facts)
    if kind == "Lookup":
        _lookup(org, made, facts)
    return made


def _whole(facts: Mapping[str, Any], name: str) -> int:
    text = str(facts.get(name) or "0")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise invalid("INVALID_FIELD", f"'{text}' is not a valid value for the type xsd:int", name)
    return int(text)


def _size(made: Field, kind: str, facts: Mapping[str, Any]) -> None:
    length = _whole(facts, "length")
    if kind in NUMBERS:
        made.precision, made.scale = _whole(facts, "precision") or PRECISE, _whole(facts, "scale")
        if made.precision > PRECISE or made.scale > made.precision:
            raise invalid(
                "FIELD_INTEGRITY_EXCEPTION", "Precision must be at most 18 and not less than scale", "precision"
            )
    elif kind == "Text":
        if not 1 <= length <= TEXT_MOST:
            raise invalid("FIELD_INTEGRITY_EXCEPTION", "Length must be between 1 and 255 for Text", "length")
        made.length = length
    elif kind == "LongTextArea":
        if not LONG_LEAST <= length <= LONG_MOST or not facts.get("visibleLines"):
            text = "Long Text Area needs a length of 256 to 131072 and visibleLines"
            raise invalid("FIELD_INTEGRITY_EXCEPTION", text, "length")
        made.length = length
    elif kind in {"Picklist", "MultiselectPicklist"}:
        made.length = TEXT_MOST if kind == "Picklist" else WIDEST_PICK
        if kind == "MultiselectPicklist" and not facts.get("visibleLines"):
            raise invalid("FIELD_INTEGRITY_EXCEPTION", "Must specify 'visibleLines' for a CustomField", "visibleLines")
    else:
        made.length = FIXED.get(kind, 0)


def _require(made: Field, kind: str, facts: Mapping[str, Any]) -> None:
    if kind != "Checkbox":
        made.required = truth(facts.get("required"))
        made.permissionable = not made.required
        return
    if truth(facts.get("required")):
        text = "Can not specify 'required' for a CustomField of type Checkbox"
        raise invalid("FIELD_INTEGRITY_EXCEPTION", text, "required")
    if facts.get("defaultValue") in {None, ""}:
        raise invalid("FIELD_INTEGRITY_EXCEPTION", "Must specify 'defaultValue' for a CustomField of type Checkbox")
    made.default, made.nillable = truth(facts["defaultValue"]), False


def _dict(held: object) -> dict[str, Any]:
    return held if isinstance(held, dict) else {}


def _values(made: Field, facts: Mapping[str, Any]) -> None:
    group = _dict(facts.get("valueSet"))
    definition = _dict(group.get("valueSetDefinition"))
    if not definition:
        raise invalid(
            "FIELD_INTEGRITY_EXCEPTION", "Must specify a valueSet for a CustomField of type Picklist", "valueSet"
        )
    made.restricted = truth(group.get("restricted"))
    values = definition.get("value")
    for given in map(_dict, values if isinstance(values, list) else []):
        text = str(given.get("fullName") or given.get("valueName") or "")
        if not text or text.casefold() in {found["value"].casefold() for found in made.values}:
            raise invalid("DUPLICATE_VALUE", f"duplicate value found: {text or 'no value'}", "valueSet")
        made.values.append(value(text, label=str(given.get("label") or text), default=truth(given.get("default"))))
    if not made.values:
        raise invalid("FIELD_INTEGRITY_EXCEPTION", "A picklist needs at least one value", "valueSet")


def _lookup(org: Org, made: Field, facts: Mapping[str, Any]) -> None:
    target = org.objects.get(str(facts.get("referenceTo") or "").lower())
    if target is None or not facts.get("relationshipName"):
        raise invalid("FIELD_INTEGRITY_EXCEPTION", "A lookup needs referenceTo and relationshipName", "referenceTo")
    made.refers, made.relationship = (target.name,), made.name.removesuffix("__c") + "__r"


def truth(text: object) -> bool:
    """Read a boolean of JSON or XML."""
    return str(text).lower() == "true"


def drop(org: Org, full_name: str) -> None:
    """Delete a custom field with its values and what was granted on it."""
    for sobject, name in objects_of(org, full_name):
        held = sobject.get(name)
        if held is None:
            raise Refusal(400, "INVALID_CROSS_REFERENCE_KEY", f"no CustomField named {full_name} found")
        del sobject.fields[held.name.lower()]
        for row in org.table(sobject.name).rows.values():
            row.pop(held.name, None)
        table = org.table("FieldPermissions")
        for row in [row for row in table.rows.values() if row["Field"] == f"{sobject.name}.{held.name}"]:
            table.drop(row["Id"])
        org.table(sobject.name).version += 1
    org.schema_version += 1
    org.changes += 1


def told(sobject: SObject, held: Field) -> dict[str, Any]:
    """Give a custom field in metadata words."""
    kind = _kind(held)
    found: dict[str, Any] = {"fullName": f"{sobject.name}.{held.name}", "label": held.label, "type": kind}
    if kind in NUMBERS:
        found |= {"precision": held.precision, "scale": held.scale}
    elif kind in {"Text", "LongTextArea"}:
        found["length"] = held.length
    if kind == "Checkbox":
        found["defaultValue"] = bool(held.default)
    elif kind != "LongTextArea":
        found["required"] = held.required
    if kind == "Text":
        found |= {"unique": held.unique, "externalId": held.external_id}
    if held.formula:
        found["formula"] = held.formula
    if held.values:
        values = [
            {"fullName": one["value"], "default": one["defaultValue"], "label": one["label"]} for one in held.values
        ]
        found["valueSet"] = {"restricted": held.restricted, "valueSetDefinition": {"sorted": False, "value": values}}
    return found


def _kind(held: Field) -> str:
    if held.type == "textarea":
        return "LongTextArea" if held.long else "TextArea"
    return next((kind for kind, word in KINDS.items() if word == held.type), "Text")
