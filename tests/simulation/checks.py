"""What must hold at the end of a life: the invariants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.changes import Target
from tests.simulation.town import REVENUE, TIER, VIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.store.journal import SqlJournal
    from tests.simulation.town import Town
    from tests.simulation.wire import Written


def check(town: Town, journal: SqlJournal, written: Sequence[Written]) -> None:
    """Nothing outside the plan, nothing wrong, nothing lost or doubled; journal and CRM agree."""
    _within_the_plan(journal, written)
    _never_wrong(written)
    _as_it_would_be_without_faults(town)
    _journal_agrees(town, journal)


def _within_the_plan(journal: SqlJournal, written: Iterable[Written]) -> None:
    rows = [row for run in journal.runs() for row in journal.changes(run.run)]
    sent = {(row.change.target, row.change.record, row.change.property, row.change.new) for row in rows if row.tries}
    for one in written:
        assert (one.target, one.record, one.name, one.value or None) in sent, f"{one} was never planned"


def _never_wrong(written: Iterable[Written]) -> None:
    """Every value written was right while its run went on: nothing partial, and nothing old, ever reached the CRM."""
    for one in written:
        assert one.target is not Target.ACCOUNT or one.value in one.right, f"{one} was never right meanwhile"


def _as_it_would_be_without_faults(town: Town) -> None:
    for company, (tier, revenue) in town.right().items():
        held = town.held(Target.ACCOUNT, company, TIER)
        assert held in {tier, VIP}, f"{company} has tier {held}, right is {tier}"
        found = town.held(Target.ACCOUNT, company, REVENUE)
        assert found == revenue, f"{company} has revenue {found}, right is {revenue}"


def _journal_agrees(town: Town, journal: SqlJournal) -> None:
    keys = [(Target.ACCOUNT, company, name) for company in town.right() for name in (TIER, REVENUE)]
    for (_, company, name), (value, *others) in journal.last_written(keys).items():
        held = town.held(Target.ACCOUNT, company, name)
        assert held in {value, VIP}, f"{company} {name}: the journal says {value}, the CRM {held}"
        assert not others
    assert not journal.unsettled()
