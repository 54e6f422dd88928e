"""One HubSpot account: its records, definitions, associations, pipelines, owners and switches."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from connector.sandbox.chance import seeded
from connector.sandbox.hubspot.access import Access
from connector.sandbox.hubspot.account.catalogue import Catalogue
from connector.sandbox.hubspot.account.kinds import KINDS, Kind, kind_of
from connector.sandbox.hubspot.account.links import Links
from connector.sandbox.hubspot.account.pipelines import standard_pipelines
from connector.sandbox.hubspot.account.records import Shelf
from connector.sandbox.hubspot.account.state import dump, fill
from connector.sandbox.hubspot.account.times import iso, to_ms
from connector.sandbox.hubspot.account.workflows import Workflows
from connector.sandbox.hubspot.limits import UNLIMITED, Meter, Quota

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

FIRST_ID = 400_000_000_000
"""Minted ids are 12 digits, as in accounts of today (hubspot.md 4)."""


@dataclass
class Account:
    """What account details tell (hubspot.md 5.10)."""

    portal_id: int = 147_930_284
    time_zone: str = "Europe/Amsterdam"
    currency: str = "EUR"
    additional_currencies: list[str] = field(default_factory=list)
    ui_domain: str = "app-eu1.hubspot.com"
    hosting: str = "eu1"
    kind: str = "DEVELOPER_TEST"


@dataclass
class Switches:
    """Behaviour of the vendor that is unverified, or that tests want both ways."""

    no_op_bumps_modified: bool = False
    """A write of equal values bumps the modified date [U]."""
    association_bumps_modified: bool = False
    """A new or lost association bumps the modified date of both records [U]."""
    trace_errors_on_update: bool = False
    """Batch update answers validation errors per record when every input has a trace id [U]."""
    merge_keeps_primary: bool = False
    """A merge keeps the primary id instead of minting a new one (beta setting)."""
    null_clears: bool = True
    """A JSON null clears a property, as "" does [U]."""
    list_page: int = 100
    """Records in one page of a list, whatever larger limit is asked for; the vendor promises no fewest."""
    association_page: int = 500
    """Associated records per record in one answer."""
    inline_associations: int = 100
    """Associated records per record in a list answer."""
    retry_after_on_429: bool = False
    """A 429 carries Retry-After; documented only for 477 [U]."""
    dated_statuses_are_200: bool = False
    """Dated paths answer 200 where v3 answers 201 or 207, as the vendor's 2026-09 description has it [S]."""
    result_order: str = "shuffled"
    """Order of batch results: `shuffled`, or `sent`."""


class Portal:
    """The account the sandbox serves; `now` is its clock, `seed` the source of all chance."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        tick: Callable[[], float] = monotonic,
        quota: Quota = UNLIMITED,
        seed: int = 1,
        index_lag: float = 0.0,
    ) -> None:
        self._now = now
        self.offset_ms = 0
        """How far the account's clock was moved by hand."""
        self.access = Access()
        self.meter = Meter(quota, tick=tick)
        self.chance = seeded(seed)
        self.account = Account()
        self.switches = Switches()
        lag_ms = int(index_lag * 1000)
        self.shelves = {kind.name: Shelf(kind, lag_ms=lag_ms) for kind in KINDS}
        self.catalogues = {kind.name: Catalogue(kind) for kind in KINDS}
        self.links = Links()
        self.pipelines = standard_pipelines()
        self.owners: list[dict[str, Any]] = []
        self.owner_names: dict[str, str] = {}
        """Owner ids of loaded files -> owner ids here."""
        self.rates: list[dict[str, Any]] = []
        self.workflows = Workflows()
        self.changes = 0
        """Counts every change, so the state file is written only when there is one."""
        self._last_id = FIRST_ID

    def now(self) -> int:
        """Give the time of the account's clock in epoch milliseconds."""
        return to_ms(self._now()) + self.offset_ms

    def stamp(self) -> str:
        """Give the time as HubSpot writes it."""
        return iso(self.now())

    def shelf(self, name: str) -> Shelf:
        """Find the records of an object type by any of its names."""
        return self.shelves[kind_of(name).name]

    def catalogue(self, name: str) -> Catalogue:
        """Find the definitions of an object type by any of its names."""
        return self.catalogues[kind_of(name).name]

    def url(self, kind: Kind) -> str:
        """Give the address records of this type are shown at."""
        return f"https://{self.account.ui_domain}/contacts/{self.account.portal_id}/record/{kind.type_id}"

    def mint(self) -> int:
        """Give the next record id: ascending, with gaps, as in a shared database."""
        self._last_id += self.chance.randint(1, 97)
        return self._last_id

    def reserve(self, identity: int) -> None:
        """Keep minted ids above an id that came from outside."""
        self._last_id = max(self._last_id, identity)

    def correlation(self) -> str:
        """Give the id of the next answer."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def dump(self) -> dict[str, Any]:
        """Give everything the account holds, as JSON."""
        return dump(self)

    def fill(self, content: dict[str, Any]) -> None:
        """Put back what `dump` gave; ValueError when that was another version."""
        fill(self, content)

    @property
    def last_id(self) -> int:
        """The highest id given out."""
        return self._last_id
