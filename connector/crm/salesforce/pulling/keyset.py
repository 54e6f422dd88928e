"""Reading page after page without a locator to live on: each page begins after the last record of the one before.

By id, which never changes, every record comes once, whatever is done to it meanwhile. By (SystemModstamp, Id) records
come in the order of their changes: stamps only grow, so one that is touched meanwhile moves ahead and comes (again);
none is passed over, and records with one stamp are told apart by id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from connector.crm.salesforce import soql
from connector.crm.salesforce.session import checks, queries
from connector.crm.salesforce.session.client import Refused
from connector.crm.salesforce.values import instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from connector.crm.salesforce.session.checks import Record
    from connector.crm.salesforce.session.client import Client
    from connector.crm.salesforce.session.queries import Rows

PAGE = 2_000
"""Records of one page: as many as Salesforce answers at once, so that an ordinary delta is one call."""
_LOCATOR_LOST = "INVALID_QUERY_LOCATOR"


class Position(NamedTuple):
    """Where a page ended; without a stamp where the order is by id."""

    id: str
    stamp: datetime | None

    def after(self) -> tuple[str, ...]:
        """The conditions for what comes after it."""
        if self.stamp is None:
            return (f"Id > {soql.quoted(self.id)}",)
        at = soql.moment(self.stamp)
        # The first is implied by the second: it stands alone because an index answers it, and not an OR.
        return (f"SystemModstamp >= {at}", f"(SystemModstamp > {at} OR Id > {soql.quoted(self.id)})")


class Reached(NamedTuple):
    """How far reading has come with a page."""

    stamp: datetime | None
    """Of its last record, where the order is by stamp."""
    asked: datetime | None
    """Salesforce's time before the page was asked for."""


class Selection(Struct, frozen=True, kw_only=True):
    """Which records of one kind: those changed since a moment in the order of their changes, else all by id."""

    entity: str
    fields: Sequence[str]
    where: tuple[str, ...] = ()
    since: datetime | None = None
    size: int = PAGE
    deleted: bool = False
    """What lies in the recycle bin too."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """What every record meets."""
        return self.where if self.since is None else (*self.where, queries.changed_since(self.since))

    def query(self, position: Position | None) -> str:
        """The page after a position."""
        key = ("Id",) if self.since is None else ("SystemModstamp", "Id")
        where = self.conditions if position is None else (*self.where, *position.after())
        fields = [*dict.fromkeys((*self.fields, *key))]
        return f"{soql.select(fields, self.entity, *where, order=', '.join(key))} LIMIT {self.size}"


def pages(client: Client, selection: Selection, what: str) -> Iterator[tuple[Rows, Reached]]:
    """Every page, and how far it reaches; BadAnswer when one is incomplete, out of order, or leads back.

    A page that Salesforce splits is followed by its locators; when one of them is refused, the next page begins after
    the last record that arrived.
    """
    position, passed = None, set[Position]()
    while True:
        arrived, asked = 0, client.server_time()
        try:
            for page in queries.pages(client, selection.query(position), what, deleted=selection.deleted):
                if page.records:
                    position = _position(selection, page.records[-1], position, what)
                arrived += len(page.records)
                yield page, Reached(position and position.stamp, asked)
        except Refused as error:
            if not arrived or error.problem.code != _LOCATOR_LOST:
                raise
        else:
            if arrived < selection.size:
                return
        if position is None or position in passed:
            raise checks.bad(what, "the pages go in a circle")
        passed.add(position)


def _position(selection: Selection, record: Record, before: Position | None, what: str) -> Position:
    """The position of a record, not before the one where the last page ended."""
    (name,) = checks.ids([record], what)
    if selection.since is None:
        return Position(name, None)
    at = instant(record.get("SystemModstamp"))
    if at is None:
        raise checks.bad(what, "Salesforce's answer holds a record without a usable SystemModstamp")
    if before is not None and before.stamp is not None and at < before.stamp:
        raise checks.bad(what, "the records do not come in the order of their stamps")
    return Position(name, at)
