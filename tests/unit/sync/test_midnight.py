"""A run that begins before midnight and ends after it is of one day: the one it began on, in the business time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.pictures import Override
from connector.model.runs import RunOutcome
from connector.planning.overrides import ACTIVE, SOON, Note
from tests.twins import House
from tests.twins.fate import Clock

if TYPE_CHECKING:
    from connector.sync import Result

MIDNIGHT = datetime(2026, 4, 2, 22, tzinfo=UTC)
"""In Amsterdam, where the third of April begins."""
BEFORE, AFTER = date(2026, 4, 2), date(2026, 4, 3)


@dataclass
class Passing(Clock):
    """A clock on which a second passes between two looks at it; `looks_left` of them are before midnight."""

    looks_left: int = 0

    def __call__(self) -> datetime:
        self.looks_left -= 1
        return MIDNIGHT - timedelta(seconds=self.looks_left + 1)


def house() -> House:
    """Two accounts; an override of one ends soon as seen from the later day only."""
    made = House(overrides=(Override("a", "a", tier="large", say_no=None, until=AFTER + SOON, status=ACTIVE),))
    made.account("a", deals=[150])
    made.account("b", deals=[20])
    return made


def run(made: House, clock: Passing) -> Result:
    result = replace(made.walk(), clock=clock).sync(yes=True)
    assert result.outcome is RunOutcome.OK
    return result


def looks() -> int:
    """How often a run looks at the clock."""
    clock = Passing(looks_left=1000)
    run(house(), clock)
    return 1000 - clock.looks_left


@pytest.mark.parametrize("left", range(looks() + 1))
def test_a_run_is_of_the_day_it_began_whenever_midnight_comes(left: int) -> None:
    made = house()
    result = run(made, Passing(looks_left=left))
    row = made.journal.run(result.run)
    assert row is not None
    assert result.plan is not None
    day = BEFORE if row.started < MIDNIGHT else AFTER
    assert (made.evaluated[0].as_of, result.plan.as_of, row.as_of) == (day, day, day)
    assert made.crm.holds(Target.ACCOUNT, "a", "seg_last_evaluated") == day.isoformat()
    assert list(result.overrides[Note.ENDS_SOON]) == ([] if day == BEFORE else ["a"])


def test_the_run_after_midnight_is_of_the_new_day() -> None:
    made = house()
    assert run(made, Passing(looks_left=looks() // 2)).run
    second = run(made, Passing())
    assert second.plan is not None
    assert second.plan.as_of == AFTER
