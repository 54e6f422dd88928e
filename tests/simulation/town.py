"""A CRM in this very process and the people who work in it: what they do, what is true, and how it may fail."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from connector.model.changes import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from connector.crm.transport import Call
    from connector.model.outputs import Output
    from connector.model.secrets import Secret
    from connector.ports import Crm
    from connector.sandbox.answers import Answer
    from connector.sandbox.calls import Call as Request

START = datetime(2026, 6, 1, 6, tzinfo=UTC)
VIP = "vip"
"""What people type over a tier; the rules never say it, so it is theirs wherever it stands."""
LARGE_FROM = 1000
TIER, REVENUE, ON_DEAL = "seg_tier", "seg_revenue_12m", "seg_account_tier"
WON, OPEN, LOST = "won", "open", "lost"
MOST_DEALS = 60
LONGEST_RUN = 86_400.0
"""Seconds, with every wait of its calls."""
Shares = dict[str, tuple[str | None, int]]
"""Per live deal the account it counts for and its revenue, nothing unless it is won."""
"""From here on people tidy up, so that months do not make a town large."""


@dataclass
class Time:
    """One clock for everybody, which moves when somebody waits or calls; the worker's own may be wrong."""

    seconds: float = 0.0
    wrong: float = 0.0
    """By how many seconds the clock of the worker's machine is ahead."""

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def here(self) -> datetime:
        """What the worker's machine takes for the time."""
        return self.now() + timedelta(seconds=self.wrong)

    def ticks(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(frozen=True)
class Faults:
    """The vendor's ways to fail, by what they mean."""

    passing: Sequence[str]
    losing: Sequence[str]
    """A write may have been done, and nobody hears of it."""
    odd: Sequence[str]
    lasting: Sequence[str]
    ending: Sequence[str]
    """After one of these a run sends nothing more."""
    writes_only: Sequence[str] = ()


@dataclass(frozen=True)
class Sent:
    """One record of a call that writes, in logical names."""

    target: Target
    record: str
    values: Mapping[str, str]


@dataclass
class Town(ABC):
    """A CRM and its people; each vendor says how things are done there."""

    time: Time
    chance: Random
    past: list[tuple[float, Shares]] = field(default_factory=list)
    """What deals counted for, from which moment on; the last one still holds."""
    lag: float = 0.0
    """Seconds until a search shows what people did."""

    FAULTS: ClassVar[Faults]
    LOGIN: ClassVar[str]
    """The lane of logins."""

    # ── the vendor ───────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def connect(self, keep: Callable[[str], None], **clocks: Any) -> Crm:
        """The provider under test, with a login as its seed has it."""

    @abstractmethod
    def request(self, call: Call, bearer: Secret | None) -> Request:
        """A call as it arrives."""

    @abstractmethod
    def respond(self, request: Any) -> Answer:
        """What it is answered, once done."""

    @abstractmethod
    def instead(self, fault: str) -> Answer | None:
        """The answer of a fault that comes in place of the deed."""

    @abstractmethod
    def spoiled(self, fault: str, found: Answer) -> Answer:
        """A good answer as a fault leaves it."""

    @abstractmethod
    def sent(self, request: Any) -> list[Sent]:
        """The records of a call that writes; none of any other call."""

    @abstractmethod
    def done(self, sent: Sequence[Sent], found: Answer) -> set[str]:
        """The records that were written."""

    @abstractmethod
    def found(self, crm: Any, outputs: Sequence[Output]) -> None:
        """Make our properties, and an option of the people's own among ours."""

    @abstractmethod
    def disturb(self) -> None:
        """Something of the vendor's own that goes wrong for a while."""

    @abstractmethod
    def calm(self) -> None:
        """And is right again."""

    # ── people ───────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def live(self, target: Target) -> list[str]:
        """The ids of the records there are, in order."""

    @abstractmethod
    def company(self) -> str:
        """A new account."""

    @abstractmethod
    def deal(self, company: str, amount: int, *, won: bool) -> None:
        """A new deal."""

    @abstractmethod
    def change(self, target: Target, record: str, **values: str) -> None:
        """A person's edit: `amount`, `stage` (won, open or lost) or one of our properties."""

    @abstractmethod
    def drop(self, target: Target, record: str) -> None:
        """A person deletes a record."""

    @abstractmethod
    def merge(self, one: str, two: str) -> str | None:
        """A person merges two accounts; gives the survivor, None when it is refused."""

    def populate(self, companies: int) -> None:
        for _ in range(companies):
            company = self.company()
            for _ in range(self.chance.randrange(4)):
                self.deal(company, self.chance.choice([10, 400, 700, 2000]), won=self.chance.random() < 0.7)
        self.remember()

    def happens(self) -> str:
        """Something that people do; returns what, for the trace."""
        act = self.chance.choices(
            [self._new_deal, self._amount, self._stage, self._new_company, self._vip, self._drop, self._merge],
            [5, 5, 4, 2, 4, 2, 1],
        )[0]
        found = act()
        if len(self.live(Target.DEAL)) > MOST_DEALS:
            self.drop(Target.DEAL, self.live(Target.DEAL)[0])
        self.remember()
        return f"{act.__name__.strip('_')} {found}"

    def _some(self, target: Target) -> str | None:
        live = self.live(target)
        return self.chance.choice(live) if live else None

    def _new_deal(self) -> object:
        company = self._some(Target.ACCOUNT)
        if company is not None:
            self.deal(company, self.chance.choice([50, 600, 1500]), won=True)
        return company

    def _set(self, target: Target, **values: str) -> str | None:
        record = self._some(target)
        if record is not None:
            self.change(target, record, **values)
        return record

    def _amount(self) -> object:
        return self._set(Target.DEAL, amount=str(self.chance.choice([5, 300, 999, 1000, 5000])))

    def _stage(self) -> object:
        return self._set(Target.DEAL, stage=self.chance.choice([WON, OPEN, LOST]))

    def _new_company(self) -> object:
        return self.company()

    def _vip(self) -> object:
        return self._set(Target.ACCOUNT, **{TIER: VIP})

    def _drop(self) -> object:
        target = self.chance.choice([Target.ACCOUNT, Target.DEAL])
        record = self._some(target)
        if record is not None:
            self.drop(target, record)
        return f"{target} {record}"

    def _merge(self) -> object:
        one, two = self._some(Target.ACCOUNT), self._some(Target.ACCOUNT)
        if one is None or two is None or one == two:
            return "nothing"
        return f"{one} + {two} = {self.merge(one, two)}"

    # ── what is true ─────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def held(self, target: Target, record: str, name: str) -> str | None:
        """What a live record holds of a logical name."""

    @abstractmethod
    def counts(self) -> Shares:
        """Per live deal the account it counts for and its revenue, nothing unless it is won."""

    def right(self) -> dict[str, tuple[str, str]]:
        """Per live account the tier and revenue that are right at this moment."""
        revenue = dict.fromkeys(self.live(Target.ACCOUNT), 0)
        for company, amount in self.counts().values():
            if company in revenue:
                revenue[company] += amount
        return {company: (tier_of(found), str(found)) for company, found in revenue.items()}

    def remember(self) -> None:
        """Take down what is right now, and let go of what no run of today can have seen."""
        self.past.append((self.time.seconds, self.counts()))
        while len(self.past) > 1 and self.past[1][0] < self.time.seconds - LONGEST_RUN:
            del self.past[0]

    def seen(self, company: str, name: str, *, since: float) -> frozenset[str]:
        """Every tier, or every revenue, that a run may take for right that began to read at `since`.

        No CRM reads all of itself at one moment: who reads deal after deal while people change them, or before a
        search shows what they did, sees each deal as it was at some time since; and nothing older.
        """
        ends = [*(moment for moment, _ in self.past[1:]), float("inf")]
        lived = [shares for (_, shares), end in zip(self.past, ends, strict=True) if end > since - self.lag]
        sums = {0}
        for deal in sorted({deal for shares in lived for deal in shares}):
            amounts = _amounts([shares.get(deal, (None, 0)) for shares in lived], company)
            sums = {before + amount for before in sums for amount in amounts}
        return frozenset(tier_of(found) if name == TIER else str(found) for found in sums)


def _amounts(shares: Sequence[tuple[str | None, int]], company: str) -> set[int]:
    """What one deal may add; its account and its amount may be read at two moments."""
    owners = {owner for owner, _ in shares}
    amounts = {amount for _, amount in shares} if company in owners else set()
    return amounts | ({0} if owners != {company} else set())


def tier_of(revenue: int) -> str:
    return "large" if revenue >= LARGE_FROM else "small" if revenue > 0 else "prospect"
