"""What `[fields]` says: which property of the CRM a logical field lives in, where it differs from the vendor's map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.fields import CATALOGUE, Table

if TYPE_CHECKING:
    from collections.abc import Mapping


class Overrides(Struct, frozen=True):
    """Names of the settings: `pain_fit = "x"`, or `deals.amount = "x"`.

    A bare name belongs to the accounts when they have such a field, else to the deals, else to the tickets;
    a name no catalogue knows (an output, a custom field) belongs to the accounts.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)

    def override(self, table: Table, logical: str) -> str | None:
        """The property a setting names for this field, if any."""
        dotted = self.overrides.get(f"{table.value}.{logical}")
        return dotted or (self.overrides.get(logical) if table is _home(logical) else None)


def _home(logical: str) -> Table:
    for table in (Table.ACCOUNTS, Table.DEALS, Table.TICKETS):
        if any(known.name == logical for known in CATALOGUE[table]):
            return table
    return Table.ACCOUNTS
