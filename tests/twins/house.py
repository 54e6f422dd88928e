"""Everything a walk needs, in memory, put together again after each death."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.fields import Table
from connector.planning.guards import Limits
from connector.ports import (
    EvaluationRequest,
    PullRequest,
)
from connector.rules.ruleset import OutputOf, RuleSet
from connector.sync import Policy, Walk
from tests.twins.crm import ModelCrm
from tests.twins.engine import FunctionEngine, Wanted
from tests.twins.fate import Clock, Crashing, Fate, MemoryLease
from tests.twins.journal import MemoryJournal
from tests.twins.mirror import MemoryMirror
from tests.twins.words import NAMES, OUTPUTS, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.model.outputs import Output
    from connector.model.pictures import Override
    from connector.model.runs import Reason


def rule_set(version: str = "r1", outputs: Sequence[Output] = OUTPUTS) -> RuleSet:
    """A rule set that only says what comes out; the engine twin does not look further."""
    return RuleSet(
        version=version, parameters={}, nodes=(), outputs=tuple(OutputOf(one, "node") for one in outputs), warnings={}
    )


def by_revenue(account: Row, deals: list[Row]) -> Row:
    """Large from 100, else small; nothing bought is a prospect; `bad` says no."""
    revenue = sum(int(deal["amount"] or 0) for deal in deals)
    tier = "prospect" if not deals else "large" if revenue >= 100 else "small"
    return {
        "seg_tier": tier,
        "seg_say_no": "true" if account.get("bad") else "false",
        "seg_revenue_12m": str(revenue) if deals else None,
    }


ACCOUNT_COLUMNS = ("account_id", "name", "owner_id", "bad", "merged_ids", *NAMES)
DEAL_COLUMNS = ("deal_id", "account_id", "amount", "seg_account_tier")


@dataclass
class House:
    """Everything a walk needs, in memory, put together again after each death."""

    crm: ModelCrm = field(default_factory=ModelCrm)
    mirror: MemoryMirror = field(default_factory=MemoryMirror)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    lease: MemoryLease = field(default_factory=MemoryLease)
    clock: Clock = field(default_factory=Clock)
    policy: Policy = field(default_factory=Policy)
    rules: RuleSet = field(default_factory=rule_set)
    wanted: Wanted = by_revenue
    compares: bool = True
    unreadable: tuple[Reason, ...] = ()
    overrides: tuple[Override, ...] = ()
    steps: list[tuple[str, int]] = field(default_factory=list)
    evaluated: list[EvaluationRequest] = field(default_factory=list)

    def walk(self, fate: Fate | None = None, *, who: str = "") -> Walk:
        """A process that starts: with `fate`, one that dies."""
        engine = FunctionEngine(
            self.mirror, self.wanted, self.evaluated, self.unreadable, self.compares, self.overrides
        )
        ports: dict[str, object] = {
            "crm": self.crm,
            "engine": engine,
            "mirror": self.mirror,
            "journal": self.journal,
        }
        if fate is not None:
            ports = {name: Crashing(port, fate) for name, port in ports.items()}
        return Walk(
            **cast("dict[str, Any]", ports),
            lease=self.lease,
            rules=self.rules,
            request=PullRequest({Table.ACCOUNTS: ACCOUNT_COLUMNS, Table.DEALS: DEAL_COLUMNS}),
            policy=self.policy,
            clock=self.clock,
            progress=self._progress,
            who=who,
        )

    def _progress(self, step: str, done: int, total: int | None = None) -> None:
        self.steps.append((step, done if total is None else total))

    def limits(self, **limits: Any) -> None:
        """Other limits from here on."""
        self.policy = replace(self.policy, limits=replace(self.policy.limits, **limits))

    def account(self, name: str, *, deals: Sequence[int] = (), **values: str | None) -> None:
        """An account with won deals of these amounts."""
        self.crm.put(Target.ACCOUNT, name, name=name, **values)
        for number, amount in enumerate(deals):
            self.crm.put(Target.DEAL, f"{name}-{number}", account_id=name, amount=str(amount))

    def next_day(self) -> None:
        self.clock.move(days=1)


def open_limits() -> Limits:
    """Limits that never trip."""
    return Limits(
        max_new_say_no_pct=100,
        max_new_say_no=10**6,
        max_tier_change_pct=100,
        max_revenue_moved_pct=100,
        max_owner_book_pct=100,
        max_population_drop_pct=100,
        max_rows_drop_pct=100,
        max_input_drop_pct=100,
        max_table_drop_pct=100,
    )
