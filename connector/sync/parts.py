"""What a walk works with: the ports, the rules, and the policy the settings ask for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from connector.model.texts import Texts
from connector.planning.compare import EditedValues
from connector.planning.guards import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from connector.planning.compare import AccountPlan
    from connector.ports import Clock, Crm, Engine, Evaluation, Journal, Lease, Mirror, Progress, PullRequest, Source
    from connector.rules.ruleset import RuleSet
    from connector.sync.result import Result


class Policy(Struct, frozen=True, kw_only=True):
    """What the settings say about runs."""

    limits: Limits = field(default_factory=Limits)
    edited_values: EditedValues = EditedValues.KEEP
    on_edit: Mapping[str, EditedValues] = field(default_factory=dict)
    """The same for single properties; it wins."""
    quiet: timedelta = timedelta(0)
    """A record that a person edited less long ago is not written; nothing looks for edits when it is 0."""
    as_of: date | None = None
    """None is the day of the run in `time_zone`."""
    time_zone: str = "Europe/Amsterdam"
    home_currency: str = "EUR"
    language: str = "en"
    full_every: timedelta = timedelta(days=1)
    """Everything is pulled again when the last full pull is older; changes only in between."""
    keep_snapshots: int = 3
    keep_runs: timedelta | None = None
    """How long the journal keeps runs that ended; None is for ever."""
    lease_wait_seconds: float = 30

    @property
    def texts(self) -> Texts:
        """What runs say, in their language."""
        return Texts("connector.sync", self.language)

    def keeps(self, name: str) -> bool:
        """Whether a person's value of this property stays."""
        return self.on_edit.get(name, self.edited_values) is EditedValues.KEEP

    def day(self, now: datetime) -> date:
        """Return the day that verdicts are given for."""
        return self.as_of or now.astimezone(ZoneInfo(self.time_zone)).date()


class Stop(Protocol):
    """Asks a run to end after the batch in hand; a threading.Event will do."""

    def is_set(self) -> bool:
        """Whether the run should end."""


class Never:
    """Nobody asks to stop."""

    def is_set(self) -> bool:
        """No."""
        return False


class Reporter(Protocol):
    """Draws the report of a run that was evaluated; `changes(run)` of the journal are its plan."""

    def __call__(self, result: Result, evaluation: Evaluation) -> str | None:
        """Return where the report lies."""


class Listing(Protocol):
    """Hears a plan part by part while it is made, in the order of accounts."""

    def __call__(self, plans: Sequence[AccountPlan], /) -> None:
        """Take in the plans of some accounts."""


class Parts(Struct, frozen=True, kw_only=True):
    """The ports of one walk."""

    crm: Crm
    engine: Engine
    mirror: Mirror
    journal: Journal
    lease: Lease
    rules: RuleSet
    request: PullRequest
    """What to pull; `since` is filled in here."""
    policy: Policy
    clock: Clock
    progress: Progress
    beside: Sequence[Source] = ()
    """Tables beside the CRM."""
    report: Reporter | None = None
    who: str = ""
    """Who started it, for the journal: a person at a machine."""
    listing: Listing | None = None
    begun: Callable[[str], None] | None = None
    """Hears the id of each run that begins, for the log."""
