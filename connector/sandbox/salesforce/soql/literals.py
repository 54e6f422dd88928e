"""Literals of a query: dates relative to today, and values as the type of their field wants them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connector.sandbox.salesforce.answers import Refusal, malformed
from connector.sandbox.salesforce.org.ids import canonical
from connector.sandbox.salesforce.org.schema import NUMBERS
from connector.sandbox.salesforce.org.times import read_stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.salesforce.org.schema import Field
    from connector.sandbox.salesforce.soql.tree import Value

MONTHS = {"MONTH": 1, "QUARTER": 3, "FISCAL_QUARTER": 3, "YEAR": 12, "FISCAL_YEAR": 12}
WHOLE = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)")
COUNTED = re.compile(r"(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)S:(\d+)")
AGO = re.compile(r"N_(DAY|WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)S_AGO:(\d+)")
NEAR = {"TODAY": (0, 1), "YESTERDAY": (-1, 0), "TOMORROW": (1, 2), "LAST_90_DAYS": (-90, 1), "NEXT_90_DAYS": (1, 91)}
SHOWN = {"datetime": "dateTime", "double": "double", "int": "int", "currency": "double", "percent": "double"}


def span(text: str, today: date) -> tuple[date, date]:
    """Give first day and day after the last of a date literal; weeks begin on Sunday, fiscal years in January.

    `LAST_N_DAYS:n` includes today, and so is n + 1 days (salesforce.md 3.1).
    """
    if text in NEAR:
        first, last = NEAR[text]
        return today + timedelta(first), today + timedelta(last)
    if found := WHOLE.fullmatch(text):
        place = ("LAST", "THIS", "NEXT").index(found[1]) - 1
        return _moved(found[2], today, place), _moved(found[2], today, place + 1)
    if found := COUNTED.fullmatch(text):
        return _counted(found[1], found[2], int(found[3]), today)
    if found := AGO.fullmatch(text):
        return _moved(found[1], today, -int(found[2])), _moved(found[1], today, 1 - int(found[2]))
    raise malformed(f"unexpected token: {text}")


def _counted(side: str, unit: str, number: int, today: date) -> tuple[date, date]:
    if unit == "DAY":
        return (
            (today - timedelta(number), today + timedelta(1))
            if side == "LAST"
            else (
                today + timedelta(1),
                today + timedelta(number + 1),
            )
        )
    if side == "LAST":
        return _moved(unit, today, -number), _moved(unit, today, 0)
    return _moved(unit, today, 1), _moved(unit, today, number + 1)


def _moved(unit: str, today: date, by: int) -> date:
    """Give the first day of the week, month, … that is `by` after today's."""
    if unit == "DAY":
        return today + timedelta(by)
    if unit == "WEEK":
        return today - timedelta((today.weekday() + 1) % 7) + timedelta(7 * by)
    size = MONTHS[unit]
    number = ((today.year * 12 + today.month - 1) // size + by) * size
    return date(number // 12, number % 12 + 1, 1)


class Reading:
    """Reads literals for one running user: whose today it is, and in which zone its days begin."""

    def __init__(self, now: datetime, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self.today = now.astimezone(self._zone).date()

    def span(self, held: Field, text: str) -> tuple[str, str]:
        """Give a date literal as bounds of the field's own kind: from, and before."""
        first, after = span(text, self.today)
        if held.type == "date":
            return first.isoformat(), after.isoformat()
        return self._midnight(first), self._midnight(after)

    def _midnight(self, day: date) -> str:
        return stamp(datetime.combine(day, time.min, self._zone).astimezone(UTC))

    def value(self, held: Field, found: Value) -> Any:
        """Give a literal as records of this field hold it; refuse one of another type."""
        if found.kind == "null":
            return None
        read = _READ.get(held.type, _text)
        return read(held, found)


def _wrong(held: Field) -> Refusal:
    shown = SHOWN.get(held.type, "string" if held.type not in {"boolean", "date", "time"} else held.type)
    quotes = "should be enclosed in quotes" if shown == "string" else "should not be enclosed in quotes"
    text = f"value of filter criterion for field '{held.name}' must be of type {shown} and {quotes}"
    return Refusal(400, "INVALID_FIELD", text)


def _text(held: Field, found: Value) -> str | None:
    if found.kind != "text":
        raise _wrong(held)
    return found.text.casefold() or None


def _identity(held: Field, found: Value) -> str | None:
    if found.kind != "text":
        raise _wrong(held)
    if not found.text:
        return None
    whole = canonical(found.text)
    if whole is None:
        raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {found.text}")
    return whole


def _number(held: Field, found: Value) -> float:
    if found.kind != "number":
        raise _wrong(held)
    return float(found.text)


def _truth(held: Field, found: Value) -> bool:
    if found.kind != "truth":
        raise _wrong(held)
    return found.text == "true"


def _day(held: Field, found: Value) -> str:
    if found.kind != "day":
        raise _wrong(held)
    try:
        return date.fromisoformat(found.text).isoformat()
    except ValueError as error:
        raise malformed(f"Invalid date: {found.text}") from error


def _instant(held: Field, found: Value) -> str:
    if found.kind != "instant":
        raise _wrong(held)
    try:
        return read_stamp(found.text)
    except ValueError as error:
        raise malformed(f"Invalid datetime: {found.text}") from error


_READ: dict[str, Callable[[Field, Value], Any]] = {
    "id": _identity,
    "reference": _identity,
    "boolean": _truth,
    "date": _day,
    "datetime": _instant,
    **dict.fromkeys(NUMBERS, _number),
}
