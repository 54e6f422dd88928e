"""Where each input of an account comes from, in the words of its CRM: `amount` is `Amount` to who looks there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.model.fields import CATALOGUE, Table
from connector.rules.columns import EXTRA_ACCOUNT_COLUMNS
from connector.rules.origins import ACCOUNT
from connector.settings.model import HubSpot, Salesforce

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.rules.origins import Origin
    from connector.settings.model import Settings

TABLES = {ACCOUNT: Table.ACCOUNTS, Table.DEALS.value: Table.DEALS, Table.TICKETS.value: Table.TICKETS}
"""What a CRM has names for; other records are called by the names of the rules."""


class Sources:
    """Tells what every value of a rule set is made of."""

    def __init__(self, origins: Mapping[str, tuple[Origin, ...]], settings: Settings) -> None:
        self._origins = origins
        self._fields = _field_map(settings)

    def of(self, name: str) -> list[dict[str, Any]]:
        """Give `over`, `columns`, the CRM's `fields` and the condition `where`, per kind of records."""
        return [self._told(origin) for origin in self._origins[name]]

    def _told(self, origin: Origin) -> dict[str, Any]:
        return {
            "over": origin.over,
            "columns": list(origin.columns),
            "fields": list(dict.fromkeys(self._named(origin))),
            "where": origin.where or None,
        }

    def _named(self, origin: Origin) -> Iterator[str]:
        table = TABLES.get(origin.over)
        for column in origin.columns:
            if table is None:
                yield column
            elif _held(table, column):
                yield from (column,) if self._fields is None else self._fields.sources(table, column)


def _held(table: Table, column: str) -> bool:
    """Tell whether a column lies in the CRM; the reader adds some of its own, like `currency_unknown`."""
    if table is Table.ACCOUNTS:
        return column not in EXTRA_ACCOUNT_COLUMNS
    return column in {field.name for field in CATALOGUE[table]}


def _field_map(settings: Settings) -> Any:
    """Give the map of the CRM's own names; None where the columns are called as the rules call them."""
    if isinstance(settings.crm, HubSpot):
        from connector.crm.hubspot.mapping import FieldMap

        return FieldMap(settings.fields)
    if isinstance(settings.crm, Salesforce):
        from connector.crm.salesforce.mapping import FieldMap as SalesforceMap

        return SalesforceMap(settings.fields)
    return None
