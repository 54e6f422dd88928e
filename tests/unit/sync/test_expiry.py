"""A hold waits for a person only so long, and the journal keeps who released it, when, why, and of which plan."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.fields import Type
from connector.model.outputs import Output
from connector.model.runs import RunOutcome
from connector.sync import Result, history
from tests.twins import OUTPUTS, House, open_limits, rule_set
from tests.unit.sync.walking import codes

TIERS: dict[str, dict[str, str]] = {"large": {}, "small": {}, "prospect": {}}
RANKED = Output("seg_tier", Type.TEXT, {}, options=TIERS, ranked=True, on_deals="seg_account_tier")


def house(count: int = 4) -> House:
    made = House(rules=rule_set(outputs=(RANKED, *OUTPUTS[1:])))
    made.policy = replace(made.policy, limits=open_limits())
    for number in range(count):
        made.account(f"a{number}", deals=[20])
    return made


def partly() -> tuple[House, Result]:
    """Deals are missing: one account rises, the losers of deals wait for a person."""
    made = house()
    made.walk().sync(yes=True)
    made.limits(max_rows_drop_pct=20, min_accounts=1, small_pull="wait")
    for name in ("a0-0", "a1-0"):
        del made.crm.records[Target.DEAL][name]
    made.crm.put(Target.DEAL, "a3-1", account_id="a3", amount="500")
    result = made.walk().sync(full=True)
    assert result.outcome is RunOutcome.PARTIAL
    return made, result


@pytest.mark.parametrize(("late", "code"), [({"minutes": 0}, 0), ({"minutes": 1}, 3)])
def test_a_hold_expires_and_says_when_it_did_and_what_to_do(late: dict[str, float], code: int) -> None:
    made = house()
    held = made.walk().sync()
    made.clock.move(days=7)
    made.clock.move(**late)
    result = made.walk().approve(held.run, reason="back from holiday")
    assert result.exit_code == code
    if code:
        (reason,) = result.reasons
        assert reason.code == "EXPIRED"
        assert reason.message.startswith(f"the hold of run {held.run} expired on 2026-04-09 08:00 CEST")
        assert "tiersync sync" in result.hint
        assert not made.crm.batches
        assert made.journal.rows[held.run].outcome is RunOutcome.HELD
        assert made.walk().approve(made.walk().sync().run, reason="seen again").exit_code == 0


def test_how_long_a_hold_waits_is_a_setting() -> None:
    made = house()
    made.limits(release_days=1)
    held = made.walk().sync()
    made.clock.move(days=1, minutes=1)
    assert codes(made.walk().approve(held.run, reason="x")) == ["EXPIRED"]


def test_the_same_plan_held_again_is_a_hold_of_today() -> None:
    made = house()
    made.policy = replace(made.policy, as_of=made.clock().date())
    first = made.walk().sync()
    made.clock.move(days=6)
    made.walk().sync()
    made.clock.move(days=6)
    assert made.walk().approve(first.run, reason="seen").exit_code == 0


def test_a_plan_that_would_be_held_expires_too() -> None:
    made = house()
    planned = made.walk().plan()
    made.clock.move(days=8)
    assert codes(made.walk().approve(planned.run, reason="x")) == ["EXPIRED"]


def test_the_part_of_a_run_that_waits_expires_too() -> None:
    made, part = partly()
    made.clock.move(hours=25)  # the hold doubts the pull: a day is all it has
    assert codes(made.walk().approve(part.run, reason="x")) == ["PULL_TOO_OLD"]


def test_status_tells_until_when_and_of_an_expired_hold_what_to_do() -> None:
    made = house()
    held = made.walk().sync()
    told = history.status(made.journal, now=made.clock())["held"]
    assert (told["run"], told["expires"], told["expired"]) == (held.run, "2026-04-09T06:00:00+00:00", False)
    assert told["release"] == f'tiersync approve {held.run} --reason "…"'
    made.clock.move(days=7, minutes=1)
    told = history.status(made.journal, now=made.clock())["held"]
    assert (told["run"], told["expired"], told["release"]) == (held.run, True, "tiersync sync")


def test_a_hold_of_an_older_version_has_the_same_time() -> None:
    made = house()
    held = made.walk().sync()
    row = made.journal.rows[held.run]
    details = {name: value for name, value in row.details.items() if name != "expires"}
    made.journal.rows[held.run] = replace(row, details=details)
    assert history.status(made.journal, now=made.clock())["held"]["expires"] == "2026-04-09T06:00:00+00:00"
    made.clock.move(days=7, minutes=1)
    assert codes(made.walk().approve(held.run, reason="x")) == ["EXPIRED"]


def test_who_released_a_run_and_when_and_why_is_read_back_from_the_journal() -> None:
    made = house()
    held = made.walk().sync()
    made.clock.move(hours=3)
    made.walk(who="anna@desk").approve(held.run, reason="seen with the team")
    made.clock.move(hours=3)
    made.walk().sync()
    expected = {
        "by": "approve",
        "who": "anna@desk",
        "at": "2026-04-02T09:00:00+00:00",
        "reason": "seen with the team",
        "digest": held.plan and held.plan.digest,
    }
    assert history.show(made.journal, held.run)["released"] == expected
    assert [row["released"] for row in history.runs(made.journal)] == [None, expected]


def test_an_approval_is_bound_to_the_digest_of_the_plan_that_was_held() -> None:
    made = house()
    held = made.walk().sync()
    tampered = made.journal.planned[held.run][0]
    tampered.row = replace(tampered.row, change=tampered.row.change._replace(new="strategic"))
    result = made.walk().approve(held.run, reason="x")
    assert (result.exit_code, codes(result)) == (3, ["PLAN_CHANGED"])
    assert not made.crm.batches


def test_the_approval_of_a_part_is_bound_to_the_digest_of_that_part() -> None:
    made, part = partly()
    waiting = [item for item in made.journal.planned[part.run] if item.row.landed == "waiting"]
    row = waiting[0].row
    waiting[0].row = replace(row, change=row.change._replace(new="strategic"))
    assert codes(made.walk().approve(part.run, reason="x")) == ["PLAN_CHANGED"]
    waiting[0].row = row
    assert made.walk().approve(part.run, reason="x").exit_code == 0


def test_who_confirmed_a_first_run_is_in_the_journal_and_a_later_yes_confirms_nothing() -> None:
    made = house()
    first = made.walk(who="anna@desk").sync(yes=True)
    made.crm.put(Target.DEAL, "a0-1", account_id="a0", amount="500")
    made.clock.move(hours=1)
    made.walk(who="anna@desk").sync(yes=True)
    told = {"by": "sync --yes", "who": "anna@desk", "at": "2026-04-02T06:00:00+00:00", "reason": ""}
    assert history.show(made.journal, first.run)["released"] == told
    assert [row["released"] for row in history.runs(made.journal)] == [None, told]
