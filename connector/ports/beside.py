"""Tables beside the CRM ([tables.*]): read whole with every pull, matched to accounts when the rules are applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from connector.ports.crm import Finding
    from connector.ports.outside import Progress

    Columns = Mapping[str, Sequence[str | None]]


class Join(Struct, frozen=True):
    """How the rows of a table find their account, and how long they may be used."""

    match: Mapping[str, str]
    """Their column -> our account field, or `account_id`; a row needs all of them."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """The rules' name of a column -> theirs, where it differs."""
    max_age_days: int | None = None

    def too_old(self, made_on: date | None, as_of: date) -> bool:
        """Whether the data are older than they may be on `as_of`."""
        return self.max_age_days is not None and made_on is not None and (as_of - made_on).days > self.max_age_days


class Beside(Struct, frozen=True):
    """A table beside the CRM as an evaluation reads it: text columns under their own names."""

    files: tuple[Path, ...]
    match: Mapping[str, str]
    columns: Mapping[str, str] = field(default_factory=dict)
    before: tuple[Path, ...] = ()
    """The table in the run to compare with, for the cause of a change."""
    too_old: bool = False
    """Treated as missing: facts over it are unknown."""
    made_on: date | None = None


class Matched(Struct, frozen=True):
    """What became of a table's rows: each is matched, unmatched (nobody has its key) or ambiguous (several have)."""

    name: str
    rows: int
    matched: int
    unmatched: int
    ambiguous: int
    accounts: int
    """Accounts with a row."""
    keyless: int
    """Accounts without a key to be matched by: facts are unknown there."""
    too_old: bool = False

    def counts(self) -> dict[str, int]:
        """The figures by name, as a run tells them."""
        return {
            "rows": self.rows,
            "matched": self.matched,
            "unmatched": self.unmatched,
            "ambiguous": self.ambiguous,
            "accounts": self.accounts,
            "accounts_without_key": self.keyless,
            "too_old": int(self.too_old),
        }


class Read(Struct, frozen=True):
    """A table that was read whole."""

    rows: int
    made_on: date
    """The day its data are of."""


class Source(Protocol):
    """One table beside the CRM."""

    name: str
    join: Join

    def read(self, wanted: Sequence[str], deliver: Callable[[Columns], None], progress: Progress) -> Read:
        """Deliver the wanted columns that are there, and those rows are matched by, in pieces, all text.

        Raises StopRun naming the table when it is missing, unreadable, empty, changed while it was read, lacks a
        column the settings name, or names a record twice. What was delivered until then is not to be used.
        """

    def look(self, wanted: Sequence[str]) -> Finding:
        """What `doctor` says of it; never raises for what is wrong with the table."""
