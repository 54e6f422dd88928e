"""Outputs as Salesforce custom fields, in the language of the installation (pure).

Source: domain.md 6.1 and Salesforce's CustomField metadata: a checkbox has a default and cannot be required, a text
holds 255 characters, a label 40, values of a picklist are never removed, only deactivated. Money of ours is a plain
number: a currency field would show it in the currency of the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.said import say
from connector.crm.texts import label, unique
from connector.model.fields import Type

if TYPE_CHECKING:
    from connector.crm.salesforce.schema import Property
    from connector.model.outputs import Output

Part = tuple[str, "str | tuple[Part, ...]"]
"""One element of metadata: its name, and its text or its elements."""

SHORT, LONG = 255, 32_768
_LABEL = 40
_DIGITS = 18
_DECIMALS = 4
"""Where a number does not say how many it has."""
LISTS = frozenset({"seg_missing_data"})
"""Texts that name many things and outgrow a short field."""

_TYPES = {
    "Picklist": frozenset({"picklist"}),
    "MultiselectPicklist": frozenset({"multipicklist"}),
    "Text": frozenset({"string", "textarea"}),
    "LongTextArea": frozenset({"textarea"}),
    "Number": frozenset({"double", "int", "currency", "percent"}),
    "Checkbox": frozenset({"boolean"}),
    "Date": frozenset({"date"}),
    "DateTime": frozenset({"datetime"}),
}
"""Kind of custom field -> what describe calls the types that can hold the same."""


def kind(output: Output) -> str:
    """The kind of custom field an output needs."""
    if output.type is Type.MULTI:
        return "MultiselectPicklist"
    if output.options and output.type is Type.TEXT:
        return "Picklist"
    if output.type is Type.LONG_TEXT or output.name in LISTS:
        return "LongTextArea"
    if output.type is Type.TEXT:
        return "Text"
    return {Type.BOOLEAN: "Checkbox", Type.DATE: "Date", Type.TIMESTAMP: "DateTime"}.get(output.type, "Number")


def decimals(output: Output) -> int:
    """Decimals the field keeps."""
    if output.type is Type.INTEGER:
        return 0
    if output.type is Type.MONEY:
        return 2
    return _DECIMALS if output.decimals is None else output.decimals


def field(output: Output, name: str, language: str, *, known: Property | None = None) -> tuple[Part, ...]:
    """The elements of one custom field, `fullName` and those of its kind in the order of the WSDL.

    `known` is the field as it is: its picklist values stay.
    """
    which = kind(output)
    parts: list[Part] = [("label", (label(output.label, language) or name)[:_LABEL]), ("type", which)]
    if which == "Checkbox":
        parts.append(("defaultValue", "false"))
    if which in ("Text", "LongTextArea"):
        parts.append(("length", str(SHORT if which == "Text" else LONG)))
    if which == "Number":
        parts += [("precision", str(_DIGITS)), ("scale", str(decimals(output)))]
    if which in ("Picklist", "MultiselectPicklist"):
        parts.append(("valueSet", _value_set(output, language, known)))
    if which in ("MultiselectPicklist", "LongTextArea"):
        parts.append(("visibleLines", "5"))
    return (("fullName", name), *sorted(parts, key=lambda part: part[0]))


def _value_set(output: Output, language: str, known: Property | None) -> tuple[Part, ...]:
    values = {str(option.get("value")): str(option.get("label")) for option in known.options} if known else {}
    wanted = {value: label(texts, language) or value for value, texts in output.options.items() if value not in values}
    shown = values | unique(wanted, values.values())
    items: list[Part] = [
        ("value", (("fullName", value), ("default", "false"), ("label", text))) for value, text in shown.items()
    ]
    return (("restricted", "true"), ("valueSetDefinition", (("sorted", "false"), *items)))


def missing_values(output: Output, known: Property) -> list[str]:
    """Picklist values the field lacks, or has inactive."""
    if kind(output) not in ("Picklist", "MultiselectPicklist"):
        return []
    return [value for value in output.options if value not in known.values]


def objection(output: Output, known: Property) -> str:
    """Why an existing field cannot hold this output, or nothing; values can be added, a type cannot change."""
    which = kind(output)
    if known.calculated:
        return say("prop.formula")
    if known.type not in _TYPES[which]:
        return say("prop.other_type", found=known.type, needed=which)
    if which == "Number" and known.scale < decimals(output):
        return say("prop.decimals", found=known.scale, needed=decimals(output))
    if which == "LongTextArea" and known.length <= SHORT:
        return say("prop.short", found=known.length)
    return ""
