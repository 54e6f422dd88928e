"""What a pull has in hand before the first record: what each kind of record looks like to this user, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from connector.crm.said import say
from connector.crm.salesforce import schema
from connector.crm.salesforce.pulling import discounts, reference
from connector.crm.salesforce.pulling.columns import Columns, Situation
from connector.crm.salesforce.pulling.sources import NEEDED, SOURCES
from connector.crm.salesforce.session import queries, versions
from connector.crm.salesforce.session.client import Forbidden, Refused, hides
from connector.errors import AccessRefused, UsageError
from connector.model.fields import Table
from connector.model.runs import Reason

if TYPE_CHECKING:
    from connector.crm.salesforce.mapping import FieldMap
    from connector.crm.salesforce.pulling.sources import Source
    from connector.crm.salesforce.schema import Entity
    from connector.crm.salesforce.session.client import Client
    from connector.ports import PullRequest

CURRENCY = "CurrencyIsoCode"


class Intake(Struct):
    """One pull's knowledge, shared by its jobs."""

    client: Client
    request: PullRequest
    fields: FieldMap
    home_currency: str
    situation: Situation
    entities: dict[str, Entity] = field(default_factory=dict)
    user: reference.User = field(default_factory=reference.User)
    columns: dict[str, Columns] = field(default_factory=dict)
    """By kind of record."""
    stamps: dict[str, str | None] = field(default_factory=dict)
    closed: dict[Table, str] = field(default_factory=dict)
    """Tables that may not be read, with the permission they need."""
    rates: dict[str, list[str | None]] | None = None
    warnings: list[Reason] = field(default_factory=list)

    def prepare(self) -> None:
        """Read what everything else depends on.

        Raises UsageError for a field of [fields] that is missing, hidden or wrong, AccessRefused for one of the
        standard fields that nothing goes without.
        """
        for source in self._sources():
            self._describe(source)
        self._currencies()
        if self.fields.override(Table.DEALS, "discount_pct") == discounts.NAMED and discounts.visible(self.client):
            self.situation = replace(self.situation, discounts={})
        for source in self._sources():
            if source.table not in self.closed:  # calls without meetings would be a count that is too low
                self._open(source)
        for source in self._sources():
            self._close_useless(source)
        for table in SOURCES:
            self._alike(table)
        self.require()

    def stamp(self) -> None:
        """Note Salesforce's time before anything is read; where it tells none, the newest change of each kind."""
        now = self.client.server_time()
        for entity in self.columns:
            self.stamps[entity] = now.isoformat() if now else queries.newest(self.client, entity)

    def tables(self) -> list[Table]:
        """The tables that are connected."""
        found = dict.fromkeys(columns.source.table for columns in self.columns.values())
        return [*found, *([Table.CURRENCY_RATES] if self.rates is not None else [])]

    def of(self, table: Table) -> list[Columns]:
        """The kinds of records behind a table."""
        return [columns for columns in self.columns.values() if columns.source.table is table]

    def absent(self, table: Table) -> frozenset[str]:
        """The asked columns of a table that Salesforce does not have or does not show."""
        asked = frozenset(self.request.columns.get(table, ()))
        if table is Table.CURRENCY_RATES and self.rates is not None:
            return asked - self.rates.keys()
        found = self.of(table)
        return asked - frozenset(found[0].names) if found else asked

    def require(self) -> None:
        """A field that a setting names, or that deals mean nothing without, must be there and usable."""
        for table, names in self.request.required.items():
            for name in sorted(self.absent(table) & names):
                wrong = {key: text for columns in self.of(table) for key, text in columns.wrong.items()}
                raise UsageError(f"[fields] {name}: {wrong.get(name) or self._not_there(table, name)}", hint=_GRANT)
        for columns in self.columns.values():
            if lacking := self._lacking(columns):
                raise AccessRefused(lacking[0], hint=f"{_SHOW}, or name another in [fields]")

    def _not_there(self, table: Table, name: str, entity: str = "") -> str:
        if self.fields.override(table, name) == discounts.NAMED:
            return f"{discounts.NAMED} may not be read by this user"
        entity = entity or (SOURCES[table][0].entity if table in SOURCES else table.value)
        field_name = self.fields.candidates(table, name)[0]
        return f"Salesforce has no field {entity}.{field_name}, or hides it from this user"

    def _sources(self) -> list[Source]:
        return [source for table, sources in SOURCES.items() if table in self.request.columns for source in sources]

    def _describe(self, source: Source) -> None:
        try:
            self.entities[source.entity] = schema.read(self.client, source.entity)
        except (Refused, Forbidden) as error:
            if not hides(error):
                raise
            if source.needed:
                versions.require(self.client)
                raise AccessRefused(
                    f"{source.entity} may not be read: {error}",
                    hint=f"grant {source.permission}: Setup → Permission Sets → Object Settings → {source.entity}",
                ) from None
            self.closed[source.table] = say("closed_entity", entity=source.entity, permission=source.permission)

    def _open(self, source: Source) -> None:
        self.columns[source.entity] = Columns(
            source,
            self.request.columns[source.table],
            entity=self.entities[source.entity],
            fields=self.fields,
            situation=self.situation,
        )

    def _close_useless(self, source: Source) -> None:
        """A table that means nothing without a column it lacks is not connected; deals are asked for by `require`."""
        columns = self.columns.get(source.entity)
        if columns and not source.needed and (lacking := self._lacking(columns)):
            self.closed[source.table] = lacking[0]
            for other in SOURCES[source.table]:
                self.columns.pop(other.entity, None)

    def _lacking(self, columns: Columns) -> list[str]:
        """What is wrong with each column that its table means nothing without, in words."""
        table, entity = columns.source.table, columns.source.entity
        names = sorted(NEEDED.get(table, frozenset()) & columns.missing)
        return [columns.wrong.get(name) or self._not_there(table, name, entity) for name in names]

    def _alike(self, table: Table) -> None:
        """Pages of one table have the same columns, whichever kind of record they are made of."""
        found = self.of(table)
        if len(found) > 1:
            any_of = {name for columns in found for name in columns.names}
            names = [name for name in self.request.columns[table] if name in any_of]
            for columns in found:
                columns.widen(names)

    def _currencies(self) -> None:
        """With several currencies: whose conversion can be used, and the rates."""
        deals = self.entities.get("Opportunity")
        if deals is None or deals.get(CURRENCY) is None:
            return
        self.user = reference.user(self.client, several_currencies=True)
        converts = self.user.currency == self.home_currency
        self.situation = replace(self.situation, converts=converts)
        if not converts:
            theirs = self.user.currency or say("hidden_currency")
            text = say("user_converts", theirs=theirs, ours=self.home_currency)
            self.warnings.append(Reason("HOME_CURRENCY_DIFFERS", text))
        if Table.CURRENCY_RATES in self.request.columns:
            try:
                self.rates = reference.rates(self.client, self.home_currency)
            except (Refused, Forbidden) as error:
                if not hides(error):
                    raise
                self.closed[Table.CURRENCY_RATES] = str(error)


_SHOW = (
    "show the field: Setup → Permission Sets → Customer Tier Integration → Object Settings → Field Permissions → Read"
)
_GRANT = f"correct the name in [fields], or {_SHOW}"
