"""A situation of the HubSpot provider: what happens to the portal, what the provider does, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.errors import ConnectorError
from connector.model.fields import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.hubspot import HubSpot
    from tests.hubspot.line import Line

EVERYTHING = {
    Table.ACCOUNTS: ("account_id", "name", "employees", "country", "created_at"),
    Table.DEALS: ("deal_id", "name", "amount", "home_amount", "currency", "is_won", "close_date"),
    Table.TICKETS: ("ticket_id", "category"),
    Table.OWNERS: ("owner_id", "name", "archived"),
}


def nothing(_line: Line) -> None:
    """The portal as it is loaded: companies 101 to 103, 105 deals from 201 on, two tickets."""


@dataclass(frozen=True)
class Situation:
    """One recording: what happens to the portal, what the provider does, and what must come of it."""

    name: str
    about: str
    run: Callable[[HubSpot], Any]
    check: Callable[[Any], None]
    prepare: Callable[[Line], None] = nothing
    options: dict[str, Any] = field(default_factory=dict)
    live: bool = False

    def outcome(self, crm: HubSpot) -> Any:
        """What came of it: a result, or the error that ended it."""
        try:
            return self.run(crm)
        except ConnectorError as error:
            return error


def faulty(action: str, **rule: Any) -> Callable[[Line], None]:
    return lambda line: line.fault(action, **rule)


def ended(kind: type[ConnectorError], *words: str) -> Callable[[Any], None]:
    """The run ended with an error of this kind that says these words and how to go on."""

    def check(error: Any) -> None:
        assert isinstance(error, kind), error
        assert error.hint
        for word in words:
            assert word in str(error)

    return check


def equals(expected: object) -> Callable[[Any], None]:
    def check(result: Any) -> None:
        assert result == expected

    return check
