"""The kinds of Salesforce records behind each table, and the columns that no single field holds.

Source: domain.md 3.2 and 3.3: call durations are seconds, event durations minutes; old tasks and events are archived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from connector.crm.texts import number
from connector.model.fields import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Texts = Sequence[str | None]
    Made = dict[str, tuple[tuple[str, ...], Callable[..., "Cells"]]]

Cells = list[str | None]


class Source(Struct, frozen=True):
    """One kind of record of one table."""

    table: Table
    entity: str
    permission: str
    """What lets a user see it."""
    merges: bool = False
    """A deleted one may name the record it was merged into."""
    needed: bool = False
    made: Made = field(default_factory=dict)
    """Logical field -> the fields it is made of, and how."""


def _task_kinds(subtypes: Texts, seconds: Texts, _rows: int) -> Cells:
    return [_task_kind(subtype, length) for subtype, length in zip(subtypes, seconds, strict=True)]


def _task_kind(subtype: str | None, seconds: str | None) -> str:
    known = {"Call": "call", "Email": "email", "ListEmail": "email"}.get(subtype or "")
    return known or ("call" if seconds else "task")


def _minutes(seconds: Texts, _rows: int) -> Cells:
    return [None if s is None else number(str(round(float(s) / 60, 2))) for s in seconds]


def _first(*columns: Any) -> Cells:
    """The first of several that is not empty; the last argument is the number of rows."""
    return [next((value for value in row if value), None) for row in zip(*columns[:-1], strict=True)]


def _moments(*columns: Any) -> Cells:
    """The first that is not empty; of a mere date, noon."""
    return [v if v is None or "T" in v else f"{v}T12:00:00Z" for v in _first(*columns)]


def _meeting(rows: int) -> Cells:
    return ["meeting"] * rows


def _always_there(archived: Texts, _rows: int) -> Cells:
    return ["false" if active == "true" else "true" for active in archived]


_TASK: Made = {
    "activity_id": (("Id",), _first),
    "account_id": (("AccountId",), _first),
    "kind": (("TaskSubtype", "CallDurationInSeconds"), _task_kinds),
    "started_at": (("CompletedDateTime", "ActivityDate", "CreatedDate"), _moments),
    "minutes": (("CallDurationInSeconds",), _minutes),
}
_EVENT: Made = {
    "activity_id": (("Id",), _first),
    "account_id": (("AccountId",), _first),
    "kind": ((), _meeting),
    "started_at": (("StartDateTime", "ActivityDateTime", "ActivityDate"), _moments),
    "minutes": (("DurationInMinutes",), _first),
}
_USER: Made = {
    "owner_id": (("Id",), _first),
    "name": (("Name",), _first),
    "email": (("Email",), _first),
    "archived": (("IsActive",), _always_there),
}

SOURCES: dict[Table, tuple[Source, ...]] = {
    Table.ACCOUNTS: (Source(Table.ACCOUNTS, "Account", "Read and View All on Accounts", merges=True, needed=True),),
    Table.DEALS: (Source(Table.DEALS, "Opportunity", "Read and View All on Opportunities", needed=True),),
    Table.TICKETS: (Source(Table.TICKETS, "Case", "Read and View All on Cases", merges=True),),
    Table.ACTIVITIES: (
        Source(Table.ACTIVITIES, "Task", "Access Activities, and View All Data or sharing", made=_TASK),
        Source(Table.ACTIVITIES, "Event", "Access Activities, and View All Data or sharing", made=_EVENT),
    ),
    Table.OWNERS: (Source(Table.OWNERS, "User", "View All Users", made=_USER),),
}

NEEDED: dict[Table, frozenset[str]] = {
    Table.DEALS: frozenset({"account_id", "is_won", "amount", "close_date"}),
    Table.TICKETS: frozenset({"account_id", "created_at"}),
    Table.ACTIVITIES: frozenset({"account_id"}),
}
"""Columns without which a table means nothing."""
