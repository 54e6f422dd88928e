"""Overrides a person should look at again: the rules agree by now, it ends, it ended, it stands for long."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.model.pictures import Override

SOON = timedelta(days=14)
"""Before an override's end (domain.md 7.12)."""
LONG = timedelta(days=182)
"""Two quarters: either the rule or the person is wrong (domain.md 5.5)."""
ACTIVE, EXPIRED = "active", "expired"


class Note(StrEnum):
    """Why somebody should look at an override again."""

    AGREES = "agrees"
    """The rules give the same tier by now; nothing would change without it."""
    ENDS_SOON = "ends_soon"
    EXPIRED = "expired"
    LONG = "long"
    """In force for two quarters or more."""


def notes(override: Override, *, as_of: date, since: date | None) -> Iterator[Note]:
    """Yield what is to be said of one override; `since` is the day it came into force, None where that is not known."""
    if override.status == EXPIRED:
        yield Note.EXPIRED
    if override.status != ACTIVE:
        return
    if override.tier is not None and override.say_no is None and override.tier == override.computed:
        yield Note.AGREES
    if override.until is not None and override.until <= as_of + SOON:
        yield Note.ENDS_SOON
    if since is not None and as_of - since >= LONG:
        yield Note.LONG


def noted(overrides: Iterable[Override], *, as_of: date, since: Mapping[str, date]) -> dict[str, list[str]]:
    """Return the accounts per note, each note once, in the order of Note."""
    found: dict[str, list[str]] = {note.value: [] for note in Note}
    for override in overrides:
        for note in notes(override, as_of=as_of, since=since.get(override.account)):
            found[note.value].append(override.account)
    return found
