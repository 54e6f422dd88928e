"""Record ids: 15 characters that are case-sensitive, and three more that say which of them are capitals."""

from __future__ import annotations

import re
from functools import lru_cache

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
SHORT, LONG, GROUP = 15, 18, 5
POD = "5g0"
"""Characters 4 to 6: the instance the record was made on, and a reserved one."""


def suffix(short: str) -> str:
    """Give the three check characters of a 15-character id: one bit per character, set for a capital."""
    return "".join(_check(short[start : start + GROUP]) for start in range(0, SHORT, GROUP))


@lru_cache(maxsize=4096)
def _check(group: str) -> str:
    return SUFFIX[sum(letter.isupper() << place for place, letter in enumerate(group))]


def canonical(text: str) -> str | None:
    """Give the 18 characters of an id of 15 or 18; None when it is none, or its check characters are wrong.

    The check characters themselves are read without case, as the vendor does.
    """
    if not SHAPE.fullmatch(text):
        return None
    whole = text[:SHORT] + suffix(text[:SHORT])
    return whole if len(text) == SHORT or text[SHORT:].upper() == whole[SHORT:] else None


def base62(number: int, width: int) -> str:
    """Write a number in digits, capitals and small letters."""
    found = ""
    while number:
        number, rest = divmod(number, len(DIGITS))
        found = DIGITS[rest] + found
    return found.rjust(width, "0")


class Mint:
    """Gives ids: ascending per prefix, many of them equal but for the case of a letter."""

    def __init__(self) -> None:
        self.given: dict[str, int] = {}

    def next(self, prefix: str) -> str:
        """Give the next id of 18 characters for a key prefix."""
        self.given[prefix] = number = self.given.get(prefix, 999) + 1
        short = f"{prefix}{POD}{base62(number, SHORT - len(prefix) - len(POD))}"
        return short + suffix(short)
