"""Takes writes back: what the tables held before is put in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org


class Undo:
    """Remembers every table and definition; records are never changed in place, so that is enough."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._rows = {name: dict(table.rows) for name, table in org.tables.items()}
        self._fields = {name: dict(held.fields) for name, held in org.objects.items()}

    def back(self) -> None:
        """Put everything back as it was."""
        for name, rows in self._rows.items():
            table = self._org.tables[name]
            table.rows = rows
            table.version += 1
        for name, fields in self._fields.items():
            self._org.objects[name].fields = fields
