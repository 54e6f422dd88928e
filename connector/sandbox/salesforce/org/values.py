"""Values on their way into a record: checked, rounded and cut as the vendor does (salesforce.md 2.4, 5)."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import Refusal, invalid
from connector.sandbox.salesforce.org.ids import canonical
from connector.sandbox.salesforce.org.times import read_day, read_stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.salesforce.org.schema import Field

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
INT_BOUND = 2**31


def stored(held: Field, given: Any, *, allowed: list[str] | None = None) -> Any:
    """Give a value as records hold it; None clears. Refuse what the field cannot hold.

    `allowed` are the values a record type leaves of a restricted picklist.
    """
    if given is None or given == "":
        return False if held.type == "boolean" else None
    if isinstance(given, dict | list):
        raise _wrong(held, "START_OBJECT", held.type)
    store: Callable[[Field, Any, list[str] | None], Any] = _STORED.get(held.type, _text)
    return store(held, given, allowed)


def _wrong(held: Field, given: Any, soap: str) -> Refusal:
    shown = f"{given}" if isinstance(given, str) else str(given).lower()
    text = f"Cannot deserialize instance of {soap} from VALUE_STRING value {shown} or request may be missing a "
    return invalid("JSON_PARSER_ERROR", f"{text}required field at [line:1, column:1]", held.name)


def _text(held: Field, given: Any, _allowed: list[str] | None) -> str | None:
    if isinstance(given, bool):
        given = str(given).lower()
    text = str(given).strip()
    if held.length and len(text) > held.length:
        message = f"{held.label}: data value too large: {text} (max length={held.length})"
        raise invalid("STRING_TOO_LONG", message, held.name)
    if held.type == "email" and "@" not in text:
        raise invalid("INVALID_EMAIL_ADDRESS", f"{held.label}: invalid email address: {text}", held.name)
    return text or None


def _picked(held: Field, given: Any, allowed: list[str] | None) -> str | None:
    text = _text(held, given, None)
    if text is None:
        return None
    known = {found["value"].casefold(): found["value"] for found in held.values if found["active"]}
    chosen = str(known.get(text.casefold(), text))
    if held.restricted and (text.casefold() not in known or (allowed is not None and chosen not in allowed)):
        message = f"{held.label}: bad value for restricted picklist field: {text}"
        raise invalid("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, held.name)
    return chosen


def _several(held: Field, given: Any, allowed: list[str] | None) -> str | None:
    parts = [part.strip() for part in str(given).split(";")]
    chosen = [value for part in parts if part and (value := _picked(held, part, allowed)) is not None]
    order = [found["value"] for found in held.values]
    # The vendor gives values back in the order of their definition.
    chosen.sort(key=lambda value: order.index(value) if value in order else len(order))
    return ";".join(dict.fromkeys(chosen)) or None


def _number(held: Field, given: Any, _allowed: list[str] | None) -> float:
    if isinstance(given, bool) or not NUMBER.fullmatch(str(given)):
        raise _wrong(held, given, "double")
    try:
        exact = Decimal(str(given)).quantize(Decimal(1).scaleb(-held.scale), ROUND_HALF_UP)
    except InvalidOperation:
        exact = Decimal(10) ** 99
    if held.precision and abs(exact) >= Decimal(10) ** (held.precision - held.scale):
        message = f"{held.label}: value outside of valid range on numeric field: {given}"
        raise invalid("NUMBER_OUTSIDE_VALID_RANGE", message, held.name)
    # A number field is an xsd:double on the wire, and so it is one here.
    return float(exact)


def _integer(held: Field, given: Any, _allowed: list[str] | None) -> int:
    if isinstance(given, bool) or not NUMBER.fullmatch(str(given)):
        raise _wrong(held, given, "int")
    number = Decimal(str(given))
    if number != number.to_integral_value() or abs(number) >= INT_BOUND:
        raise _wrong(held, given, "int")
    return int(number)


def _truth(held: Field, given: Any, _allowed: list[str] | None) -> bool:
    if isinstance(given, bool):
        return given
    if str(given).lower() in {"true", "1", "false", "0"}:
        return str(given).lower() in {"true", "1"}
    raise _wrong(held, given, "boolean")


def _day(held: Field, given: Any, _allowed: list[str] | None) -> str:
    try:
        return read_day(str(given)[:10])
    except ValueError as error:
        raise _wrong(held, given, "date") from error


def _instant(held: Field, given: Any, _allowed: list[str] | None) -> str:
    try:
        return read_stamp(str(given))
    except ValueError as error:
        raise _wrong(held, given, "dateTime") from error


def _identity(held: Field, given: Any, _allowed: list[str] | None) -> str:
    whole = canonical(str(given))
    if whole is None:
        raise invalid("MALFORMED_ID", f"{held.label}: id value of incorrect type: {given}", held.name)
    return whole


_STORED: dict[str, Callable[[Field, Any, list[str] | None], Any]] = {
    "picklist": _picked,
    "multipicklist": _several,
    "currency": _number,
    "double": _number,
    "percent": _number,
    "int": _integer,
    "boolean": _truth,
    "date": _day,
    "datetime": _instant,
    "reference": _identity,
    "id": _identity,
}
