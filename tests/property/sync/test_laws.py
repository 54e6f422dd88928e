"""Laws of the walk, held against a model of the CRM: whatever happens in whatever order, people and money are safe."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.runs import RunOutcome
from connector.planning.guards import Limits
from connector.store import open_store
from tests.twins import Crash, Fate, House, by_revenue, open_limits

if TYPE_CHECKING:
    from tests.twins import MemoryJournal, MemoryLease

ACCOUNTS = ("a", "b", "c", "d")
WRITTEN = ("seg_tier", "seg_say_no", "seg_revenue_12m")
PEOPLE_TYPE = ("typed one", "typed two")
"""Never a value of ours: a person who types exactly what we would is not told apart, nor need be."""

TIGHT = Limits(
    max_new_say_no_pct=0,
    max_new_say_no=0,
    max_tier_change_pct=0,
    max_revenue_moved_pct=0,
    max_owner_book_pct=0,
    min_accounts=1,
)
"""Limits that anything trips which moves a tier."""
accounts = st.sampled_from(ACCOUNTS)
amounts = st.sampled_from((20, 60, 150))
deaths = st.integers(min_value=1, max_value=120)


class People(RuleBasedStateMachine):
    """People, data, crashes, lost answers, syncs and undos, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House()
        self.house.policy = replace(self.house.policy, limits=open_limits())
        self.typed: dict[tuple[Target, str, str], str] = {}
        self.held: list[str] = []
        """Undos that guards held, and that nobody released yet."""
        self.deals = 0

    @initialize()
    def start(self) -> None:
        for name in ACCOUNTS:
            self.house.account(name, deals=[20] if name != "d" else [])

    @rule(account=accounts, amount=amounts)
    def win_a_deal(self, account: str, amount: int) -> None:
        self.deals += 1
        self.house.crm.put(Target.DEAL, f"deal-{self.deals}", account_id=account, amount=str(amount))

    @rule(account=accounts, bad=st.sampled_from(("yes", None)))
    def misbehave(self, account: str, bad: str | None) -> None:
        self.house.crm.put(Target.ACCOUNT, account, bad=bad)

    @rule(account=accounts, name=st.sampled_from(WRITTEN), value=st.sampled_from(PEOPLE_TYPE))
    def type_a_value(self, account: str, name: str, value: str) -> None:
        self._type(Target.ACCOUNT, account, name, value)

    @rule(value=st.sampled_from(PEOPLE_TYPE))
    def type_on_a_deal(self, value: str) -> None:
        self._type(Target.DEAL, "a-0", "seg_account_tier", value)

    @rule(account=accounts, value=st.sampled_from(PEOPLE_TYPE))
    def type_a_value_while_a_run_goes_on(self, account: str, value: str) -> None:
        self.house.crm.after_pull = lambda: self._type(Target.ACCOUNT, account, "seg_tier", value)
        self.house.walk().sync(yes=True)
        self.house.crm.after_pull = lambda: None

    def _type(self, target: Target, record: str, name: str, value: str) -> None:
        """Nobody can protect a person from a write that was sent before they typed and arrives after."""
        crm = self.house.crm
        crm.late = [write for write in crm.late if write.record != record]
        crm.put(target, record, **{name: value})
        self.typed[target, record, name] = value

    @rule(account=accounts, times=st.integers(1, 4), how=st.sampled_from(("loses", "mutes", "delays")))
    def lose_answers(self, account: str, times: int, how: str) -> None:
        getattr(self.house.crm, how)[Target.ACCOUNT, account] = times

    @rule()
    def sync(self) -> None:
        self.house.walk().sync(yes=True)

    @rule(at=deaths)
    def die_while_syncing(self, at: int) -> None:
        try:
            self.house.walk(Fate(at)).sync(yes=True)
        except Crash:
            self.house.clock.move(minutes=1)

    @precondition(lambda self: self.applied())
    @rule(at=st.none() | deaths, back=st.integers(1, 3))
    def undo(self, at: int | None, back: int) -> None:
        runs = self.applied()
        try:
            self.house.walk(Fate(at)).undo(runs[-min(back, len(runs))])
        except Crash:
            self.house.clock.move(minutes=1)

    @precondition(lambda self: self.applied())
    @rule(at=st.none() | deaths, back=st.integers(1, 3))
    def undo_under_guards(self, at: int | None, back: int) -> None:
        """What a guard holds has sent nothing, whenever it dies."""
        house, runs, sent = self.house, self.applied(), self.house.crm.sent.total()
        open_policy, house.policy = house.policy, replace(house.policy, limits=TIGHT)
        try:
            result = house.walk(Fate(at)).undo(runs[-min(back, len(runs))])
            if result.outcome is RunOutcome.HELD:
                assert house.crm.sent.total() == sent
                self.held.append(result.run)
        except Crash:
            house.clock.move(minutes=1)
        house.policy = open_policy

    @precondition(lambda self: self.held)
    @rule(at=st.none() | deaths)
    def release_an_undo(self, at: int | None) -> None:
        try:
            self.house.walk(Fate(at)).approve(self.held.pop(), reason="a mistake")
        except Crash:
            self.house.clock.move(minutes=1)

    @rule(days=st.integers(1, 2))
    def let_time_pass(self, days: int) -> None:
        self.house.crm.arrive()
        self.house.clock.move(days=days)

    def applied(self) -> list[str]:
        return [row.run for row in reversed(self.house.journal.runs()) if row.applied]

    @invariant()
    def what_people_typed_is_still_there(self) -> None:
        for (target, record, name), value in self.typed.items():
            assert self.house.crm.holds(target, record, name) == value

    def teardown(self) -> None:
        """Left in peace, every value is the wanted one or a person's, and one more plan is empty."""
        self.house.crm.loses.clear()
        self.house.crm.mutes.clear()
        self.house.crm.delays.clear()
        for _ in range(3):
            result = self.house.walk().sync(yes=True)
            if result.outcome is RunOutcome.HELD:
                assert [reason.code for reason in result.reasons] == ["UNDONE"]
                result = self.house.walk().approve(result.run, reason="yes")
            assert result.outcome is RunOutcome.OK, result
        self.what_people_typed_is_still_there()
        for account in ACCOUNTS:
            self._wanted_or_typed(account)
        assert self.house.walk().plan().figures["changes"] == 0

    def _wanted_or_typed(self, account: str) -> None:
        crm = self.house.crm
        deals = {name: row for name, row in crm.records[Target.DEAL].items() if row["account_id"] == account}
        wanted = by_revenue(crm.records[Target.ACCOUNT][account], list(deals.values()))
        for name in WRITTEN:
            self._is(Target.ACCOUNT, account, name, wanted[name])
        for deal in deals:
            self._is(Target.DEAL, deal, "seg_account_tier", wanted["seg_tier"])

    def _is(self, target: Target, record: str, name: str, wanted: str | None) -> None:
        expected = self.typed.get((target, record, name), wanted)
        assert self.house.crm.holds(target, record, name) == expected, (target, record, name)


class PeopleOnSql(People):
    """The same, with the journal and the lease that tiersync ships."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        place = Path(self.folder.name)
        self.store = open_store(f"sqlite:///{place}/state.db", place / "mirror", clock=lambda: datetime.now(UTC))
        self.house.journal = cast("MemoryJournal", self.store.journal)
        self.house.lease = cast("MemoryLease", self.store.lease)

    def teardown(self) -> None:
        """As before, then tidy up."""
        try:
            super().teardown()
        finally:
            self.store.close()
            self.folder.cleanup()


TestPeopleOnSql = PeopleOnSql.TestCase
TestPeopleOnSql.settings = settings(max_examples=5, stateful_step_count=15, deadline=None, phases=[Phase.generate])
TestPeople = People.TestCase
TestPeople.settings = settings(max_examples=80, stateful_step_count=40, deadline=None, phases=[Phase.generate])
