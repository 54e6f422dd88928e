"""One Salesforce org: its records, definitions, users, permissions, switches and clock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.sandbox.chance import seeded
from connector.sandbox.salesforce.limits import UNLIMITED, Meter, Quota
from connector.sandbox.salesforce.org.access import Access
from connector.sandbox.salesforce.org.ids import Mint
from connector.sandbox.salesforce.org.standard import currency_field, currency_objects, standard_objects
from connector.sandbox.salesforce.org.state import dump, fill
from connector.sandbox.salesforce.org.tables import Table
from connector.sandbox.salesforce.org.times import second, stamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.sandbox.salesforce.bulk.jobs import Job
    from connector.sandbox.salesforce.org.schema import Field
    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.salesforce.rest.query import Cursor

EDIT, READ = "PermissionsEdit", "PermissionsRead"


@dataclass
class Switches:
    """Behaviour of the vendor that is unverified, or that tests want both ways."""

    short_pages: bool = False
    """Query pages hold fewer rows than asked for, by chance."""
    page_rows: int = 2000
    """Query pages hold at most so many rows, as they do where rows are large or complex."""
    log_days: float = 15.0
    """How far back the deletion log reaches: it is cut when it grows too long."""
    merge_moves_children_stamp: bool = True
    """Records re-parented by a merge get a new SystemModstamp [U]."""
    soap_login: bool = True
    """SOAP login() is enabled in this org."""
    auto_assign_moves_owner: bool = False
    """An assignment rule gives accounts another owner, unless Sforce-Auto-Assign is FALSE."""
    bulk_polls: int = 1
    """How often a job is seen unfinished before it ends."""
    bulk_order: str = "shuffled"
    """Order of bulk results: `shuffled`, or `sent`."""
    crlf: bool = False
    """Long texts are kept with CR LF at their line ends, whatever they were sent with [U]."""
    gzip: bool = False
    """Answers are compressed for clients that accept it."""


@dataclass
class Identity:
    """What the org is."""

    name: str = "Sandbox"
    currency: str = "EUR"
    time_zone: str = "Europe/Amsterdam"
    multi_currency: bool = False
    dated_rates: bool = False
    """Advanced currency management: convertCurrency uses the rate of the close date."""
    domain: str = "acme.my.salesforce.com"


@dataclass
class Rules:
    """What the customer's own automation does to writes."""

    validations: list[dict[str, Any]] = field(default_factory=list)
    """`{"object", "field", "pattern", "message", "on"}`: a record whose field matches is refused.

    With `code` it is refused with another code, such as that of a trigger or flow that failed.
    """
    flows: list[dict[str, Any]] = field(default_factory=list)
    """`{"object", "field", "pattern", "on", "set": {FIELD: VALUE}}`: before a record that matches is saved."""
    duplicates: list[dict[str, Any]] = field(default_factory=list)
    """`{"object", "field", "pattern", "on"}`: an alert, unless Sforce-Duplicate-Rule-Header says allowSave=true."""
    locks: list[dict[str, Any]] = field(default_factory=list)
    """`{"object", "share", "times"}` or `{"ids", "times"}`: rows that cannot be locked so many times."""
    bulk_failures: list[dict[str, Any]] = field(default_factory=list)
    """`{"object", "after", "message"}`: an ingest job fails after so many rows, the rest is not processed."""
    record_type_values: dict[str, list[str]] = field(default_factory=dict)
    """`RecordTypeId/Field` -> the picklist values that record type allows."""


class Org:
    """The org the sandbox serves; `now` is its clock, `seed` the source of all chance."""

    def __init__(self, *, now: Callable[[], datetime], quota: Quota = UNLIMITED, seed: int = 1) -> None:
        self._now = now
        self.offset = timedelta()
        """How far the clock was moved by hand."""
        self.identity = Identity()
        self.switches = Switches()
        self.rules = Rules()
        self.meter = Meter(quota)
        self.chance = seeded(seed)
        self.mint = Mint()
        self.access = Access()
        self.objects = standard_objects()
        self.tables: dict[str, Table] = {found.name: Table(found) for found in self.objects.values()}
        self.changes = 0
        """Counts every change, so the state file is written only when there is one."""
        self.schema_version = 0
        self.schema_seen: tuple[int, datetime] | None = None
        """The version of the schema last described, and since when it is known."""
        """Counts changes of definitions and permissions."""
        self.owner_names: dict[str, str] = {}
        """Ids of users -> owner ids of loaded files."""
        self.deployments: dict[str, tuple[list[Any], int, bool]] = {}
        """Deployments by id: their failures, how many parts, and whether they were checked only."""
        self.jobs: dict[str, Job] = {}
        """Bulk jobs by id."""
        self.field_ids: dict[str, str] = {}
        """Ids of custom fields by their full name."""
        self.cursors: dict[str, Cursor] = {}
        """Queries with further pages."""
        self._grants: tuple[tuple[int, int], dict[str, dict[str, int]]] = ((-1, -1), {})

    def id(self) -> str:
        """Give the org's own id."""
        return next(iter(self.tables["Organization"].rows))

    def now(self) -> datetime:
        """Give the time of the org's clock."""
        return self._now() + self.offset

    def stamp(self) -> str:
        """Give the time as Salesforce stamps records: in whole seconds."""
        return second(self.now())

    def instant(self) -> str:
        """Give the time with its milliseconds."""
        return stamp(self.now())

    def table(self, name: str) -> Table:
        """Give the records of an object."""
        return self.tables[name]

    def dump(self) -> dict[str, Any]:
        """Give everything the org holds, as JSON."""
        return dump(self)

    def fill(self, content: dict[str, Any]) -> None:
        """Put back what `dump` gave; ValueError when that was another version."""
        fill(self, content)

    def user_id(self, username: str) -> str:
        """Give the id of a user by name."""
        return next(str(row["Id"]) for row in self.tables["User"].rows.values() if row["Username"] == username)

    def find(self, identity: str) -> tuple[Table, Record] | None:
        """Find a record of any object by its id."""
        for table in self.tables.values():
            if identity.startswith(table.sobject.prefix) and identity in table.rows:
                return table, table.rows[identity]
        return None

    def several_currencies(self) -> None:
        """Turn on several currencies, which cannot be turned off again."""
        if self.identity.multi_currency:
            return
        self.identity.multi_currency = True
        for name, made in currency_objects().items():
            self.objects[name] = made
            self.tables[made.name] = Table(made)
        for found in self.objects.values():
            if not found.setup or found.name == "DatedConversionRate":
                found.add(currency_field())
        self.objects["user"].add(_user_currency())
        self.schema_version += 1

    def grants(self, user: str) -> dict[str, int]:
        """Give what a user may do with fields: `Account.Rating` -> 1 read, 2 read and edit."""
        version = (self.tables["FieldPermissions"].version, self.tables["PermissionSetAssignment"].version)
        if self._grants[0] != version:
            self._grants = (version, {})
        known = self._grants[1].get(user)
        if known is None:
            known = self._grants[1][user] = self._gather(user)
        return known

    def _gather(self, user: str) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        sets = self.permission_sets(user)
        for row in self.tables["FieldPermissions"].rows.values():
            if row["ParentId"] in sets and row.get(READ):
                found[row["Field"].lower()] = max(found[row["Field"].lower()], 2 if row.get(EDIT) else 1)
        return dict(found)

    def permission_sets(self, user: str) -> set[str]:
        """Give the permission sets of a user, the one its profile owns included."""
        assigned = self.tables["PermissionSetAssignment"].rows.values()
        profile = self.tables["User"].rows[user].get("ProfileId")
        owned = {row["Id"] for row in self.tables["PermissionSet"].rows.values() if row.get("ProfileId") == profile}
        return owned | {row["PermissionSetId"] for row in assigned if row["AssigneeId"] == user}

    def may(self, user: str, permission: str) -> bool:
        """Tell whether a user has a permission of the org."""
        rows = self.tables["PermissionSet"].rows
        return any(rows[found].get(permission) for found in self.permission_sets(user))

    def allows(self, user: str, sobject: str, permission: str = "PermissionsRead") -> bool:
        """Tell whether a user may do something with an object; setup objects are open to all."""
        if self.objects[sobject.lower()].setup or sobject == "User":
            return True
        sets = self.permission_sets(user)
        rows = self.tables["ObjectPermissions"].rows.values()
        return any(row["ParentId"] in sets and row["SobjectType"] == sobject and row.get(permission) for row in rows)

    def right(self, user: str, sobject: str, held: Field) -> int:
        """Tell what a user may do with a field: 0 it is not there, 1 read, 2 edit."""
        if not held.permissionable:
            return 2
        return self.grants(user).get(f"{sobject}.{held.name}".lower(), 0)


def _user_currency() -> Field:
    made = currency_field()
    made.name, made.label = "DefaultCurrencyIsoCode", "Default Currency ISO Code"
    return made
