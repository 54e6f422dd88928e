"""Reads a cell of a file as a field holds it; what a field could never hold is left out."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.org.times import read_day, read_stamp

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.schema import Field

NUMBERS = {"currency", "double", "percent"}


def read(held: Field, text: str) -> Any:
    """Give the value of a cell; None for one that no Salesforce record could hold, such as `12,5` in a number."""
    try:
        return _read(held, text)
    except (ValueError, InvalidOperation):
        return None


def _read(held: Field, text: str) -> Any:
    if held.type in NUMBERS:
        number = Decimal(text)
        # JSON and xsd:double know no NaN.
        return float(number) if number.is_finite() else None
    if held.type == "int":
        return int(Decimal(text))
    if held.type == "boolean":
        return text.strip().lower() == "true"
    if held.type == "date":
        return read_day(text[:10])
    return read_stamp(text) if held.type == "datetime" else text
