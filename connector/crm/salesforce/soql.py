"""SOQL as text, and ids (pure).

Source: Salesforce's SOQL reference: datetime literals carry no quotes, text literals escape with a backslash, an id is
15 characters that tell upper from lower case, or 18 that do not need to.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

IDS_AT_ONCE = 300
"""Ids in one IN list: 27 encoded bytes each, and an address may have 16 KB."""

_ESCAPED = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
"""What a text literal writes with a backslash before it."""
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def select(fields: Sequence[str], entity: str, *conditions: str, order: str = "") -> str:
    """A query; conditions are joined by AND."""
    parts = ["SELECT", ", ".join(fields), "FROM", entity]
    if conditions:
        parts += ["WHERE", " AND ".join(conditions)]
    return " ".join([*parts, "ORDER BY", order] if order else parts)


def moment(at: datetime) -> str:
    """A datetime literal in UTC; stamps are of whole seconds, and one that is finer keeps its milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond else "seconds")[:-6] + "Z"


def any_of(values: Iterable[str]) -> str:
    """A list for IN."""
    return f"({', '.join(quoted(value) for value in values)})"


def quoted(text: str) -> str:
    """A text literal."""
    return f"'{text.translate(_ESCAPED)}'"


def is_id(text: str) -> bool:
    """Whether this can be a record id at all."""
    return _ID.fullmatch(text) is not None


def full_id(text: str) -> str:
    """The 18-character form of an id of 15 or 18; any other text as it is.

    The last three characters tell which of the first fifteen are upper case, five bits each.
    """
    if not is_id(text) or len(text) > len("001xx0000000001"):
        return text
    bits = [sum((char.isupper()) << place for place, char in enumerate(text[at : at + 5])) for at in (0, 5, 10)]
    return text + "".join(_SUFFIX[number] for number in bits)
