"""A login of another tenant of the CRM: nothing is read into this state, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import UsageError
from connector.model.runs import RunOutcome
from tests.twins import House
from tests.unit.sync.writing import planned

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.planning.file import PlanFile
    from connector.sync import Result


def applied() -> House:
    made = House()
    for number in range(3):
        made.account(f"a{number}", deals=[20])
    made.walk().sync(yes=True)
    return made


def later(made: House) -> None:
    """Something to write, and a login of another tenant."""
    made.account("a9", deals=[500])
    made.crm.tenant_name = "model tenant 2"


@pytest.mark.parametrize(
    "command",
    [
        lambda made, _: made.walk().sync(yes=True),
        lambda made, _: made.walk().sync(full=True),
        lambda made, _: made.walk().plan(),
        lambda made, _: made.walk().pull(),
        lambda made, run: made.walk().undo(run),
    ],
)
def test_with_a_login_of_another_tenant_nothing_is_done(command: Callable[[House, str], Result]) -> None:
    made = applied()
    run = made.journal.runs()[0].run
    later(made)
    before, mirrored = made.crm.picture(), made.mirror.current()
    result = command(made, run)
    assert (result.outcome, [reason.code for reason in result.reasons]) == (RunOutcome.FAILED, ["OTHER_TENANT"])
    assert "model tenant 2" in result.reasons[0].message
    assert (made.crm.picture(), made.mirror.current()) == (before, mirrored)


def test_a_crm_of_another_vendor_which_cannot_read_how_far_the_last_pull_went_is_another_tenant() -> None:
    made = applied()
    later(made)

    def unreadable() -> None:
        raise UsageError("the stored watermark is not one of this vendor")

    made.crm.before_pull = unreadable
    assert [reason.code for reason in made.walk().sync().reasons] == ["OTHER_TENANT"]
    made.crm.tenant_name = "model tenant 1"
    assert [reason.code for reason in made.walk().sync().reasons] == ["USAGE"]


@pytest.mark.parametrize(
    "release",
    [lambda made, file: made.walk().approve(file.run, reason="seen"), lambda made, file: made.walk().apply(file)],
)
def test_a_plan_made_in_one_tenant_is_not_written_in_another(release: Callable[[House, PlanFile], Result]) -> None:
    made = applied()
    made.account("a4", deals=[30])
    file = planned(made)
    later(made)
    assert release(made, file).reasons[-1].code == "OTHER_TENANT"
    made.crm.tenant_name = "model tenant 1"
    assert release(made, file).outcome is RunOutcome.OK


def test_a_write_that_was_lost_in_one_tenant_is_not_looked_for_in_another() -> None:
    made = applied()
    made.account("a9", deals=[500])
    made.crm.loses.update(dict.fromkeys([(target, "a9") for target, name in made.crm.picture() if name == "a9"], 9))
    made.walk().sync()
    left = made.journal.unsettled()
    assert left
    made.crm.tenant_name = "model tenant 2"
    assert made.walk().sync().outcome is RunOutcome.FAILED
    assert made.journal.unsettled() == left


def test_a_crm_that_does_not_tell_its_tenant_is_taken_at_its_word_and_the_first_one_stays() -> None:
    made = applied()
    made.crm.tenant_name = None
    assert made.walk().sync().outcome is RunOutcome.OK
    made.crm.tenant_name = "model tenant 2"
    assert made.walk().sync().reasons[0].code == "OTHER_TENANT"
