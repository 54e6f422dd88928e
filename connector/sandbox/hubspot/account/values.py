"""Property values: what the vendor accepts, in which form it keeps them, and how it refuses the rest.

Sources: hubspot.md 4 (forms), 6.1 (messages and codes). Codes marked [U] there are the vendor's likely ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from connector.sandbox.hubspot.account.times import iso, read_day, read_instant
from connector.sandbox.hubspot.answers import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Definition = dict[str, Any]
LONGEST_TEXT = 65_536
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")


class Problem(Exception):
    """One property value that is not valid."""

    def __init__(self, name: str, code: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.code = code
        self.text = text


def text_of(raw: object) -> str:
    """Give the text of a value as sent: JSON booleans and numbers are taken as their text, null clears [U]."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return raw if isinstance(raw, str) else str(raw)


def accept(definition: Definition, raw: object, current: str | None) -> str:
    """Give the value as it will be kept, "" to clear it; raise Problem when the definition does not allow it."""
    text = text_of(raw)
    if not text:
        return ""
    return _READERS[definition["type"]](definition, text, current or "")


def _text(definition: Definition, text: str, _current: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise Problem(definition["name"], "INVALID_STRING", f"{definition['name']} is longer than {LONGEST_TEXT}")
    return text


def _number(definition: Definition, text: str, _current: str) -> str:
    if not _NUMBER.fullmatch(text):
        code = "INVALID_INTEGER" if text.isdigit() else "INVALID_DOUBLE"
        raise Problem(definition["name"], code, f"{definition['name']} was not a valid number")
    return text


def _boolean(definition: Definition, text: str, _current: str) -> str:
    if text.lower() not in {"true", "false"}:
        raise _not_an_option(definition, text, ["true", "false"])
    return text.lower()


def _options(definition: Definition, text: str, current: str) -> str:
    allowed = [option["value"] for option in definition["options"]]
    if definition["externalOptions"]:
        return text
    if definition["fieldType"] != "checkbox":
        if text not in allowed:
            raise _not_an_option(definition, text, allowed)
        return text
    chosen = (current if text.startswith(";") else "").split(";") + text.split(";")
    for value in filter(None, chosen):
        if value not in allowed:
            raise _not_an_option(definition, value, allowed)
    return ";".join(dict.fromkeys(filter(None, chosen)))


def _not_an_option(definition: Definition, value: str, allowed: list[str]) -> Problem:
    text = f"{value} was not one of the allowed options: [{', '.join(allowed)}]"
    return Problem(definition["name"], "INVALID_OPTION", text)


def _date(definition: Definition, text: str, _current: str) -> str:
    return _instant(definition, text, read_day)


def _datetime(definition: Definition, text: str, _current: str) -> str:
    return _instant(definition, text, lambda value: iso(read_instant(value)))


def _instant(definition: Definition, text: str, read: Callable[[str], str]) -> str:
    try:
        return read(text)
    except (ValueError, OverflowError):
        name = definition["name"]
        raise Problem(name, "INVALID_DATE", f"{text} was not a valid {definition['type']} for {name}") from None


_READERS: dict[str, Callable[[Definition, str, str], str]] = {
    "string": _text,
    "phone_number": _text,
    "number": _number,
    "bool": _boolean,
    "enumeration": _options,
    "date": _date,
    "datetime": _datetime,
}


def refusal(problems: Sequence[Problem], *, portal_id: int) -> Refusal:
    """Refuse with 400: the message embeds JSON, and nothing tells which record it was (hubspot.md 6.1)."""
    return Refusal(
        400,
        message(problems, portal_id=portal_id),
        errors=[
            {"message": found.text, "code": found.code, "context": {"propertyName": [found.name]}} for found in problems
        ],
        category="VALIDATION_ERROR",
    )


def message(problems: Sequence[Problem], *, portal_id: int) -> str:
    """Write the vendor's message over all problems of a call."""
    inner = [
        {
            "isValid": False,
            "message": found.text,
            "error": found.code,
            "name": found.name,
            "localizedErrorMessage": found.text,
            "portalId": portal_id,
        }
        for found in problems
    ]
    return f"Property values were not valid: {orjson.dumps(inner).decode()}"
