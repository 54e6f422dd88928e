"""What a pull has in hand before the first record: account details, which columns exist, how many rows to expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.crm.hubspot import mapping, schema
from connector.crm.hubspot.pulling import links, reference
from connector.crm.hubspot.pulling.columns import Account, Columns, Stages
from connector.crm.hubspot.pulling.objects import Objects
from connector.crm.hubspot.session.client import Forbidden, Refused
from connector.crm.said import say
from connector.errors import UsageError
from connector.model.fields import Table
from connector.model.runs import Reason
from connector.ports import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.hubspot.mapping import FieldMap
    from connector.crm.hubspot.paths import Paths
    from connector.crm.hubspot.pulling.objects import Standing
    from connector.crm.hubspot.session.client import Client
    from connector.ports import PullRequest

LINK_TABLE = {Table.DEALS: Table.DEAL_ACCOUNTS, Table.TICKETS: Table.TICKET_ACCOUNTS}
_RECORD_TABLES = (Table.ACCOUNTS, Table.DEALS, Table.TICKETS)
_NEEDED = (Table.ACCOUNTS, Table.DEALS)


class Intake(Struct):
    """One pull's knowledge, shared by its jobs; each job writes its own keys only."""

    client: Client
    paths: Paths
    request: PullRequest
    fields: FieldMap
    home_currency: str
    details: reference.Details = field(default_factory=reference.Details)
    columns: dict[Table, Columns] = field(default_factory=dict)
    standings: dict[Table, Standing] = field(default_factory=dict)
    closed: dict[Table, str] = field(default_factory=dict)
    """Tables that may not be read, with HubSpot's words."""
    warnings: list[Reason] = field(default_factory=list)

    def objects(self, table: Table) -> Objects:
        """The objects behind a table."""
        return Objects(self.client, self.paths, mapping.KIND[table])

    def prepare(self) -> None:
        """Read what everything else depends on; raises UsageError for a required column that HubSpot lacks."""
        self.details = reference.details(self.client, self.paths)
        if self.details.zone is not None:
            self.client.limits.zone = self.details.zone
        account = Account(self.details.currency, self.home_currency, self._stages())
        for table in _RECORD_TABLES:
            if table in self.request.columns:
                self._open(table, account)
        self.require()
        if account.foreign and Table.DEALS in self.columns:
            text = say("converts", theirs=account.company_currency or say("unknown"), ours=self.home_currency)
            self.warnings.append(Reason("HOME_CURRENCY_DIFFERS", text))

    def require(self) -> None:
        """A field that a setting names must exist."""
        for table, names in self.request.required.items():
            for name in sorted(self.absent(table) & names):
                source, kind = self.fields.property(table, name), mapping.KIND.get(table, table.value)
                raise UsageError(
                    f"[fields] {name}: HubSpot has no property {source!r} on {kind}, or does not show it",
                    hint="correct the name in [fields], or give the token the scope to read it",
                )

    def absent(self, table: Table) -> frozenset[str]:
        """The asked columns of a table that HubSpot does not have or does not show."""
        if table in self.columns:
            return self.columns[table].missing
        return frozenset() if table in self.others() else frozenset(self.request.columns.get(table, ()))

    def others(self) -> set[Table]:
        """What is delivered besides the record tables: the links of each, and the owners when they may be read."""
        owners = {Table.OWNERS} & self.request.columns.keys() - self.closed.keys()
        return {LINK_TABLE[table] for table in self.columns if table in LINK_TABLE} | owners

    def link_page(self, table: Table, ids: list[str], *, keep_empty: bool) -> Page:
        """The links of at most 1,000 records; `keep_empty` also says of which there are none."""
        kind = mapping.KIND[table]
        found = links.read(self.client, self.paths, kind, mapping.KIND[Table.ACCOUNTS], ids)
        return Page(LINK_TABLE[table], found.columns(keep_empty=keep_empty))

    def owners(self, put: Callable[[Page], None]) -> None:
        """A job: owners, active and archived; closed when they may not be read."""
        wanted = self.request.columns[Table.OWNERS]
        try:
            for archived in (False, True):
                for columns in reference.owners(self.client, self.paths, archived=archived):
                    put(Page(Table.OWNERS, {name: columns[name] for name in wanted}))
        except (Forbidden, Refused) as error:
            self.closed[Table.OWNERS] = str(error)

    def _stages(self) -> Stages:
        if Table.DEALS not in self.request.columns:
            return Stages()
        try:
            return reference.deal_stages(self.client, self.paths)
        except (Forbidden, Refused):
            return Stages()

    def _open(self, table: Table, account: Account) -> None:
        """Which columns a table has; one that may not be read is closed, and stops the run when it is needed."""
        try:
            definitions = schema.read(self.client, self.paths, mapping.KIND[table])
        except (Forbidden, Refused):
            definitions = None
        try:
            self.standings[table] = self.objects(table).standing()
        except (Forbidden, Refused) as error:
            if table in _NEEDED:
                raise
            self.closed[table] = str(error)
            return
        logical = self.request.columns[table]
        self.columns[table] = Columns(table, logical, fields=self.fields, definitions=definitions, account=account)
