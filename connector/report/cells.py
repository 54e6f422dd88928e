"""Values as CSV cells and JSON: exact numbers, and texts that no spreadsheet takes for a formula."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct
from msgspec.structs import asdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SPECIAL = re.compile(r'[",;=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]|^\s|\s$')
"""Anything that may need care; most cells hold nothing of it."""
_RISKY = re.compile(r"(?:^|[;\t\r\n])\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^(?=[\t\r])")
"""A cell that starts a formula, also where a semicolon, tab or line break would start a new cell: a Dutch Excel
splits on semicolons whatever the quotes say. The last four are the full-width forms, formulas in East Asia."""
_TO_QUOTE = re.compile(r'[",;\r\n]|^\s|\s$')


def line(values: Iterable[object]) -> str:
    """Return one CSV line (RFC 4180)."""
    return ",".join(map(cell, values)) + "\r\n"


def cell(value: object) -> str:
    """Return one CSV cell: numbers bare, texts neutralised with an apostrophe and quoted where they must be."""
    write = _WRITERS.get(type(value))
    return write(value) if write else text_cell(str(value))


@lru_cache(maxsize=4096)
def text_cell(text: str) -> str:
    """Return a text as a cell; a plain number, negative ones included, stays a number."""
    if not _SPECIAL.search(text) or _NUMBER.fullmatch(text):
        return text
    text = _RISKY.sub(_disarmed, text)
    return '"' + text.replace('"', '""') + '"' if _TO_QUOTE.search(text) else text


def _plain(value: Decimal) -> str:
    return f"{value:f}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: text_cell,
    type(None): lambda _: "",
    bool: lambda value: "true" if value else "false",
    int: str,
    Decimal: _plain,
    tuple: lambda value: text_cell(";".join(value)),
}
"""How each type is written; any other by its text (a date, an enumeration)."""


def _disarmed(found: re.Match[str]) -> str:
    """Return the start of a formula with an apostrophe before it, and one at the very start of the cell."""
    space, sign = found.group()[:-1], found.group()[-1:]
    if found.start() > 0:
        return f"{space}'{sign}"
    return f"'{space}'{sign}" if space.strip(" ") else f"'{space}{sign}"


def json_bytes(value: object, *, indent: bool = False) -> bytes:
    """Return JSON with exact decimals as numbers and ISO dates."""
    return orjson.dumps(value, default=_exact, option=orjson.OPT_INDENT_2 if indent else None)


def _exact(value: object) -> orjson.Fragment | dict[str, Any]:
    if isinstance(value, Struct):
        return asdict(value)
    if isinstance(value, Decimal):
        return orjson.Fragment(_plain(value))
    raise TypeError(type(value).__name__)
