"""Changes as they are planned, and outcomes as they land."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class Target(StrEnum):
    """What kind of record is written."""

    ACCOUNT = "account"
    DEAL = "deal"

    __hash__ = str.__hash__  # Enum's own is a Python call, and every key of a plan is hashed with it


class Cause(StrEnum):
    """Why a value changes."""

    FIRST = "first assignment"
    RULES = "rules edited"
    PARAMETERS = "parameter edited"
    DATA = "own data changed"
    PEERS = "peers moved"
    OVERRIDE = "override changed"
    HIERARCHY = "hierarchy changed"
    CURRENCY = "currency"
    LANGUAGE = "language changed"
    """The sentences are told in another one."""
    TIME = "time passed"
    EDITED = "changed in the CRM"
    """The rules still want what was written last; somebody changed it since."""
    UNDO = "undo"
    UNDONE = "undone value again"
    """The rules still want what an undo took back."""
    UNKNOWN = "unknown"


class Change(NamedTuple):
    """One property of one record, old to new, both in canonical text; `None` is empty.

    Canonical text: option value, `true`/`false`, decimal without needless zeros, ISO date, multi-select
    sorted and joined by `;`.
    """

    account: str
    target: Target
    record: str
    """The id of the record written: the account itself, or the deal."""
    property: str
    old: str | None
    new: str | None
    cause: str = Cause.UNKNOWN


class RecordWrite(Struct, frozen=True):
    """All changed properties of one record, as one write."""

    target: Target
    record: str
    values: tuple[tuple[str, str | None], ...]
    before: tuple[tuple[str, str | None], ...] = ()
    """What the record held when it was looked at last: holding anything else, it is not sent again unasked."""


class Landed(StrEnum):
    """How one record's write ended."""

    WRITTEN = "written"
    REFUSED = "refused"
    """The CRM said no to this record; `reason` is in its own words."""
    GONE = "gone"
    """The record no longer exists."""
    UNSETTLED = "unsettled"
    """The answer was lost and could not be found out; the next run settles it."""
    SKIPPED = "skipped"
    """Not sent: refused beforehand by the property's definition, set aside, or the run stopped first."""
    KEPT = "kept"
    """Not sent: the CRM holds a value that a person set."""
    WAITING = "waiting"
    """Not sent yet: data seem to be missing, and a person decides."""


class Outcome(Struct, frozen=True):
    """What became of one record's write."""

    target: Target
    record: str
    landed: Landed
    code: str = ""
    reason: str = ""
