"""A run that is killed at any call of any port: the next one puts it right, and nothing of ours becomes a person's."""

from __future__ import annotations

import copy

import pytest
from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.runs import RunOutcome
from tests.twins import Crash, Fate, House, open_limits


def house() -> House:
    """Some accounts written before, some new, one value of a person, and news for all of them."""
    made = House()
    made.policy = replace(made.policy, limits=open_limits())
    for number in range(4):
        made.account(f"a{number}", deals=[20])
    made.walk().sync(yes=True)
    made.crm.put(Target.ACCOUNT, "a0", seg_tier="typed")
    for number in range(6):
        made.account(f"a{number}", deals=[20, 150])
    return made


def steps(made: House) -> int:
    fate = Fate()
    copy.deepcopy(made).walk(fate).sync()
    return fate.steps


def right(made: House) -> House:
    """As it is when nothing goes wrong."""
    calm = copy.deepcopy(made)
    assert calm.walk().sync().outcome is RunOutcome.OK
    return calm


START = house()
EXPECTED = right(START).crm.picture()
STEPS = steps(START)


@pytest.mark.parametrize("pause", [0, 3])
def test_a_run_killed_at_any_call_is_put_right_by_the_next(pause: int) -> None:
    assert STEPS > 60
    for at in range(1, STEPS + 1):
        made = copy.deepcopy(START)
        with pytest.raises(Crash):
            made.walk(Fate(at)).sync()
        made.clock.move(hours=pause)
        result = made.walk().sync()
        assert result.outcome is RunOutcome.OK, at
        assert result.figures["kept"] == 1, at
        assert made.crm.picture() == EXPECTED, at
        assert made.walk().sync().figures["changes"] == 0, at
        assert all(row.outcome is not None for row in made.journal.rows.values()), at


def test_a_value_is_sent_again_only_when_its_first_send_did_not_arrive() -> None:
    for at in range(1, STEPS + 1):
        made = copy.deepcopy(START)
        made.crm.sent.clear()
        with pytest.raises(Crash):
            made.walk(Fate(at)).sync()
        made.walk().sync()
        assert set(made.crm.sent.values()) == {1}, at


def test_a_first_run_killed_anywhere_leaves_no_value_that_counts_as_a_persons() -> None:
    start = House()
    start.policy = replace(start.policy, limits=open_limits())
    for number in range(4):
        start.account(f"a{number}", deals=[20])
    for at in range(1, 200):
        made = copy.deepcopy(start)
        try:
            made.walk(Fate(at)).sync(yes=True)
        except Crash:
            for number in range(4):
                made.crm.put(Target.DEAL, f"a{number}-0", amount="900")
            result = made.walk().sync(yes=True)
            assert (result.outcome, result.figures["kept"]) == (RunOutcome.OK, 0), at
            assert made.crm.holds(Target.ACCOUNT, "a3", "seg_tier") == "large", at
        else:
            assert at > 60
            break


@pytest.mark.parametrize("command", ["approve", "undo"])
def test_a_release_or_undo_killed_anywhere_is_put_right(command: str) -> None:
    start = copy.deepcopy(START)
    run = start.walk().sync().run
    if command == "approve":
        start = House()
        start.account("a", deals=[20])
        run = start.walk().sync().run
    for at in range(1, 200):
        made = copy.deepcopy(start)
        try:
            getattr(made.walk(Fate(at)), command)(run, **({"reason": "yes"} if command == "approve" else {}))
        except Crash:
            result = made.walk().sync(yes=True)
            if result.outcome is RunOutcome.HELD:
                result = made.walk().approve(result.run, reason="yes")
            assert result.outcome is RunOutcome.OK, (at, result)
            assert made.walk().plan().figures["changes"] == 0, at
        else:
            assert at > 30
            break
