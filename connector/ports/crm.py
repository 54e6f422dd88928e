"""A CRM as the core sees it: pages in, outcomes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime, timedelta

    from connector.model.changes import Outcome, RecordWrite, Target
    from connector.model.fields import Table
    from connector.model.outputs import Output
    from connector.model.runs import Reason
    from connector.ports.outside import Progress


class Page(Struct, frozen=True):
    """Some rows of one table, as text columns by logical name; `None` is an empty cell.

    All columns are equally long; every page of one pull and table has the same columns.
    """

    table: Table
    columns: Mapping[str, Sequence[str | None]]


class PullRequest(Struct, frozen=True):
    """What to pull: logical columns per table (outputs of earlier runs among those of accounts and deals).

    `since` is the watermark of an earlier pull, for its changes only; None pulls everything.
    `required` are columns a setting names: missing in the CRM they are an error, not "not connected".
    `wrote` are records that may have been written since that watermark. A CRM that tells late what changed reads them
    by id, so that a value of ours is never missing from the mirror, where it would look like a person's edit.
    """

    columns: Mapping[Table, tuple[str, ...]]
    since: str | None = None
    required: Mapping[Table, frozenset[str]] = field(default_factory=dict)
    wrote: Mapping[Target, AbstractSet[str]] = field(default_factory=dict)


class PullSummary(Struct, frozen=True):
    """A complete pull. That it exists is the promise: every page arrived and the counts agree.

    A pull of changes delivers the changed records; of links, all those of every record it names in `from_id` (one row
    without an account when there are none); owners and tables without a key whole; and ids that are gone, also when
    it delivered them before.
    """

    watermark: str
    """Opaque; given back as `PullRequest.since`."""
    full: bool
    rows: Mapping[Table, int]
    """Rows delivered per table; a connected table that is empty has 0. The mirror compares them with its own count."""
    not_connected: Mapping[Table, frozenset[str]]
    """Per asked table, the columns the CRM does not have or does not show; all of them when the table is closed."""
    home_currency: str | None = None
    warnings: tuple[Reason, ...] = ()


class Finding(Struct, frozen=True):
    """One line of `doctor`: level is good, warning, bad or unchecked."""

    level: str
    subject: str
    message: str
    fix: str = ""


class ProvisionStep(Struct, frozen=True):
    """What `provision` did, or would do, about one property; action: create, extend, present, refuse."""

    target: Target
    property: str
    action: str
    detail: str = ""


class Quota(Struct, frozen=True):
    """The day's API quota, where the CRM tells: calls allowed, calls left, and when it starts anew."""

    limit: int | None
    left: int | None
    resets_at: datetime | None = None


class Cost(Struct, frozen=True):
    """Calls that some records of one target take when nothing goes wrong."""

    opening: int
    """To see that the target is ready to be written to."""
    read: int
    """To read all records once."""
    write: int
    """To write all records."""


class Crm(Protocol):
    """A CRM as the core sees it. Values are canonical text (model.changes.Change)."""

    name: str
    batch_size: int
    """Records per write call."""
    keeps_false: bool
    """Whether a false property is told apart from an empty one; where it is not (a checkbox), both are None here."""
    lingering: timedelta
    """How long after its run a write whose answer was lost may still arrive."""

    def pull(self, request: PullRequest, deliver: Callable[[Page], None], progress: Progress) -> PullSummary:
        """Deliver every page, from one thread; return only when the pull is complete and counts agree.

        Raises StopRun (BadAnswer, AccessRefused, QuotaUsedUp) otherwise, UsageError for a missing required column.
        Code NEEDS_FULL_PULL: the changes since then can no longer be told, everything has to be pulled.
        """

    def tenant(self) -> str | None:
        """What names the tenant behind this login; None where nothing does. A pull tells it, else the CRM is asked.

        Raises as `pull` does.
        """

    def connected(self, request: PullRequest) -> Mapping[Table, frozenset[str]]:
        """The asked columns the CRM has and shows, per table; absent tables are closed. Raises as `pull` does."""

    def read(
        self, target: Target, records: Sequence[str], properties: Sequence[str]
    ) -> Mapping[str, Mapping[str, str | None] | None]:
        """The values the CRM holds now, per record id; None for a record that is gone."""

    def edited(self, target: Target, records: Sequence[str], *, since: datetime) -> Mapping[str, datetime]:
        """Records that a person changed at `since` or later, with the last such moment.

        What this connection wrote is no person's change. A change nobody can be told apart by counts as a person's.
        """

    def write(self, batch: Sequence[RecordWrite]) -> Sequence[Outcome]:
        """Write at most `batch_size` records of one target; one outcome per record, in any order.

        A record the CRM refuses is an outcome, isolated from the others. A lost answer is settled by reading
        back; a record that does not hold its values then is sent again, at most twice, and UNSETTLED after that.
        The caller hands a value in once per run. Raises StopRun only when nothing more can be written at all.
        """

    def check(self) -> None:
        """Raise the StopRun that ended an earlier `write` half-way; nothing when none did."""

    def preflight(self, outputs: Sequence[Output]) -> None:
        """Check that every written property exists with its type and options; StopRun names all that do not."""

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> Sequence[ProvisionStep]:
        """Create the missing group, properties and options; never changes a type. Raises StopRun on a refusal."""

    def doctor(self, request: PullRequest, outputs: Sequence[Output]) -> Iterator[Finding]:
        """Connection, scopes, fields, types, options, quota, clock; one finding each, none of them written."""

    def quota(self) -> Quota:
        """The last known quota; asks the CRM when it has not been seen yet."""

    def cost(self, target: Target, records: int, properties: Collection[str], /) -> Cost:
        """The calls that writing these properties of so many records takes; asks the CRM nothing."""

    def requests(self) -> int:
        """Calls sent so far by this object, retries included."""

    def close(self) -> None:
        """Close connections."""
