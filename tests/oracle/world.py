"""Domain 1.1 and 2.6: accounts, groups and deals as the other sections see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from tests.oracle.parameters import Parameters
    from tests.oracle.tables import Row

ZERO = Fraction(0)


@dataclass
class Deal:
    """A deal that existed by `as_of`; `amount` is in home currency, None when unknown."""

    row: Row
    won: bool
    open: bool
    closed_on: date | None
    amount: Fraction | None
    trouble: str | None
    """`CURRENCY_UNKNOWN`, `AMOUNT_MISSING` or `AMOUNT_INVALID`, when the amount is unknown."""
    term_months: Fraction | None


@dataclass
class Contact:
    """A ticket, by its day and category."""

    day: date | None
    category: str | None


@dataclass
class Effort:
    """An activity, by its day, kind and minutes."""

    day: date | None
    kind: str | None
    minutes: Fraction | None


@dataclass
class Group:
    """Domain 2.8: an account with its subsidiaries; every value question is answered here."""

    members: list[Account]
    """Those that count, ascending by id; the ultimate parent is `top`."""
    everybody: list[Account]
    """Excluded ones, too: their inputs still tell of the group (11.14 names the parent, counted or not)."""
    top: Account
    revenue: Fraction = ZERO
    lifecycle: str = "suspect"
    customer_since: date | None = None
    tenure: int | None = None
    value_known: bool = True
    won_count: int = 0
    metric: Fraction | None = ZERO
    """What the pyramid ranks by; None where that is unknown, and then nobody can tell the place."""
    rank: int | None = None
    computed_level: str | None = None
    level: str | None = None
    ladder_step: str | None = None
    fw: Fraction = ZERO
    referred: Fraction | None = ZERO
    aw: Fraction | None = None
    aw_source: str | None = "default"
    kw: Fraction = Fraction(1)
    value: Fraction = ZERO
    value_without_referrals: Fraction | None = None
    """What the value is at least, where only what was brought in is unknown."""
    ambassador: bool = False
    potential: str = "unknown"
    upside: Fraction | None = None
    value_high: bool | None = False
    """None where no line tells."""
    customer_type: str | None = None
    dream_rank_in: bool = False
    unreliable: bool = False
    revenue_known: bool = True

    @property
    def active(self) -> bool:
        """Domain 1.1: an active customer."""
        return self.lifecycle == "customer"

    @property
    def deals(self) -> list[Deal]:
        """The deals of all members."""
        return [deal for member in self.members for deal in member.deals]

    def given(self, name: str) -> Row | None:
        """Domain 11.14: whose input counts: the ultimate parent's, else the first member's by id that has one."""
        for account in [self.top, *self.everybody]:
            if account.row.text(name) is not None:
                return account.row
        return None


@dataclass
class Account:
    """One line of the accounts file with what belongs to it."""

    id: str
    row: Row
    excluded: bool
    deals: list[Deal] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)
    warnings: set[str] = field(default_factory=set)
    group: Group | None = None
    unreadable: bool = False
    undated: bool = False
    """A won deal lacks its date: nobody knows whether it counts."""
    out: dict[str, object] = field(default_factory=dict)
    revenue: Fraction = ZERO
    tenure: int | None = None
    unreliable: bool = False
    revenue_known: bool = True
    margin: Fraction | None = None
    signals: set[str] = field(default_factory=set)
    hits: list[str] = field(default_factory=list)
    figures: dict[str, Fraction | None] = field(default_factory=dict)
    tier: str = "unknown"
    status: str = "clear"


@dataclass
class World:
    """Everything that one evaluation sees, and what it finds out about the population."""

    as_of: date
    language: str
    parameters: Parameters
    columns: set[str]
    deal_columns: set[str]
    tickets: bool
    activities: bool
    accounts: dict[str, Account]
    groups: list[Group] = field(default_factory=list)
    lines: dict[str, Fraction | None] = field(default_factory=dict)
    first_run: bool = True

    @property
    def active(self) -> list[Group]:
        """The customer base (domain 1.1): a group counts once."""
        return [group for group in self.groups if group.active]

    @property
    def served(self) -> list[tuple[Group, Account]]:
        """Every account that counts, with its group."""
        return [(group, account) for group in self.groups for account in group.members]
