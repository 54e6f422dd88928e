"""Outputs as HubSpot property definitions, in the language of the installation (pure).

Source: domain.md 6.1 and HubSpot's properties pages: `bool` needs exactly the options true and false, option labels
must be unique within a property, a money property is a number that shows the currency.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.crm.said import say
from connector.crm.texts import label, unique
from connector.model.fields import Type
from connector.model.outputs import GROUP_LABEL, GROUP_NAME

if TYPE_CHECKING:
    from connector.crm.hubspot.schema import Property
    from connector.model.outputs import Output

YES_NO = {"en": {"true": "Yes", "false": "No"}, "nl": {"true": "Ja", "false": "Nee"}}

_KINDS: dict[Type, tuple[str, str]] = {
    Type.TEXT: ("string", "text"),
    Type.LONG_TEXT: ("string", "textarea"),
    Type.INTEGER: ("number", "number"),
    Type.NUMBER: ("number", "number"),
    Type.PERCENT: ("number", "number"),
    Type.MONEY: ("number", "number"),
    Type.BOOLEAN: ("bool", "booleancheckbox"),
    Type.DATE: ("date", "date"),
    Type.TIMESTAMP: ("datetime", "date"),
    Type.MULTI: ("enumeration", "checkbox"),
}


def kind(output: Output) -> tuple[str, str]:
    """HubSpot's `type` and `fieldType` of an output."""
    if output.options and output.type is Type.TEXT:
        return "enumeration", "select"
    return _KINDS[output.type]


def group(language: str) -> dict[str, Any]:
    """The property group everything of ours lives in."""
    return {"name": GROUP_NAME, "label": label(GROUP_LABEL, language), "displayOrder": -1}


def definition(output: Output, name: str, language: str) -> dict[str, Any]:
    """The definition to create for one output, as property `name`."""
    type_, field_type = kind(output)
    wanted: dict[str, Any] = {
        "groupName": GROUP_NAME,
        "name": name,
        "label": label(output.label, language) or name,
        "type": type_,
        "fieldType": field_type,
        "formField": False,
        "hidden": False,
    }
    if output.type is Type.MONEY:
        wanted["showCurrencySymbol"] = True
    choices = options(output, language)
    return wanted | {"options": choices} if choices else wanted


def options(output: Output, language: str) -> list[dict[str, Any]]:
    """The options of an output; a label that occurs twice carries its value, since labels must be unique."""
    if output.type is Type.BOOLEAN:
        labels = dict(YES_NO.get(language, YES_NO["en"]))
    else:
        labels = {value: label(texts, language) or value for value, texts in output.options.items()}
    return [
        {"label": shown, "value": value, "displayOrder": place, "hidden": False}
        for place, (value, shown) in enumerate(unique(labels).items())
    ]


def missing_options(output: Output, found: Property) -> list[str]:
    """Option values the property lacks."""
    if found.type != "enumeration":
        return []
    wanted = ["true", "false"] if output.type is Type.BOOLEAN else list(output.options)
    return [value for value in wanted if value not in found.values]


def objection(output: Output, found: Property) -> str:
    """Why an existing property cannot hold this output, or nothing; options can be added, a type cannot change."""
    type_, field_type = kind(output)
    if found.read_only:
        return say("prop.read_only")
    boolean = output.type is Type.BOOLEAN and (found.type, found.field_type) == ("enumeration", "booleancheckbox")
    if found.type != type_ and not boolean:
        return say("prop.other_type", found=found.type, needed=type_)
    if output.type is Type.MULTI and not found.multiple:
        return say("prop.one_option", found=found.field_type, needed=field_type)
    return ""
