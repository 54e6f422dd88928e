"""Salesforce's values as canonical text and back (pure).

Source: describe field types; JSON numbers arrive as numbers, several picklist values are joined by `;`, a checkbox is
never empty, a null clears in JSON and `#N/A` clears in a bulk file.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.crm.texts import lines, number, options

CLEARED = "#N/A"
"""What clears a field in a bulk file, where an empty cell means "leave as it is"."""

LONG_TEXT = "textarea"
NUMERIC = frozenset({"int", "long", "double", "currency", "percent"})


def moment(text: str) -> str:
    """`…12.000+0000` of JSON as `…12.000Z`, which is how a bulk file writes it."""
    return f"{text[:-5]}Z" if text.endswith("+0000") else text


def instant(told: object) -> datetime | None:
    """A moment as Salesforce tells it, in UTC; None when it is none."""
    with suppress(TypeError, ValueError):
        return datetime.fromisoformat(str(told)).astimezone(UTC)
    return None


def canonical(value: object, kind: str) -> str | None:
    """A value of this describe type as canonical text; empty is None."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else str(value)
    if kind in NUMERIC:
        return number(text)
    if kind == "multipicklist":
        return options(text) or None
    if kind == LONG_TEXT:
        return lines(text)
    return moment(text) if kind == "datetime" else text


def of_ours(value: object, kind: str) -> str | None:
    """A value of a property of ours: an unticked checkbox is an empty one, nobody may ever have looked at it."""
    text = canonical(value, kind)
    return None if kind == "boolean" and text == "false" else text


def to_json(value: str | None, kind: str) -> Any:
    """Canonical text as Salesforce takes it in JSON; None clears, and unticks a checkbox, which is never empty.

    Numbers go as numbers: a whole one exactly, a broken one as the nearest double, which Salesforce rounds to the
    field's scale.
    """
    if kind == "boolean":
        return value == "true"
    if value is None or value == "":
        return None
    if kind in NUMERIC:
        return _json_number(value)
    return value


def _json_number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(Decimal(text))
    except InvalidOperation:
        return text


def to_csv(value: str | None, kind: str) -> str:
    """Canonical text as a cell of a bulk file."""
    if kind == "boolean":
        return "true" if value == "true" else "false"
    return value or CLEARED
