"""What an answer of a CRM can mean, in words every vendor's answers are sorted by."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Meaning(Enum):
    """What happens next."""

    GOOD = "good"
    TOLD = "told"
    """Refused, and for the caller to judge."""
    REFUSED = "refused"
    """400 and its like: the same call will never work."""
    MISSING = "missing"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    EXPIRED = "expired"
    UNAUTHORISED = "unauthorised"
    DAY_USED = "day used up"
    RETIRED = "retired"
    REDIRECT = "redirect"
    AGAIN = "again"


_BY_CLASS = {2: Meaning.GOOD, 3: Meaning.REDIRECT, 4: Meaning.REFUSED, 5: Meaning.AGAIN}


def of_status(status: int, known: Mapping[int, Meaning]) -> Meaning:
    """The meaning of an HTTP status: one the vendor has a word for, or that of its class."""
    return known.get(status) or _BY_CLASS.get(status // 100, Meaning.REFUSED)
