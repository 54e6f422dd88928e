"""An undo asks the guards like any run; what they hold, one more command releases."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from connector.errors import StopRun
from connector.model.changes import Target
from connector.model.fields import Type
from connector.model.outputs import Output
from connector.model.runs import RunOutcome
from connector.planning.compare import EditedValues
from connector.planning.guards import Limits
from connector.rules.ruleset import NO_RULES
from connector.sync import history
from tests.twins import OUTPUTS, Crash, Fate, House, open_limits, rule_set
from tests.unit.sync.walking import codes

TIERS: dict[str, dict[str, str]] = {"large": {}, "small": {}, "prospect": {}}
RANKED = Output("seg_tier", Type.TEXT, {}, options=TIERS, ranked=True, on_deals="seg_account_tier")
PEOPLE = 24


def house() -> House:
    """Customers in the books of two owners, written; a few of them bought much since, and nobody looked."""
    made = House(rules=rule_set(outputs=(RANKED, *OUTPUTS[1:])))
    made.policy = replace(made.policy, limits=open_limits())
    for number in range(PEOPLE):
        made.account(f"a{number:02}", deals=[20], owner_id="anna" if number < 4 else "bob")
    made.walk().sync(yes=True)
    return made


def mistake(made: House, count: int, *, first: int = 4) -> str:
    """So many accounts rise that should not have."""
    for number in range(first, first + count):
        win(made, f"a{number:02}", 500)
    return made.walk().sync().run


def win(made: House, account: str, amount: int) -> None:
    made.crm.put(Target.DEAL, f"{account}-{amount}", account_id=account, amount=str(amount))


def guarded(made: House, **limits: Any) -> None:
    """The limits of the settings are in force from here on."""
    made.policy = replace(made.policy, limits=replace(Limits(), **{"min_accounts": 20, **limits}))


def tiers(made: House) -> list[str | None]:
    return [row.get("seg_tier") for _, row in sorted(made.crm.records[Target.ACCOUNT].items())]


def test_a_small_undo_asks_nobody() -> None:
    made = house()
    run = mistake(made, 2)
    guarded(made, max_revenue_moved_pct=100)
    assert made.walk().undo(run).outcome is RunOutcome.OK
    assert tiers(made) == ["small"] * PEOPLE


def test_an_undo_that_moves_too_much_is_held_and_one_more_command_releases_it() -> None:
    made = house()
    before = made.crm.picture()
    run = mistake(made, 10)
    written = len(made.crm.batches)
    guarded(made)
    held = made.walk().undo(run)
    assert (held.outcome, held.exit_code) == (RunOutcome.HELD, 3)
    assert codes(held) == ["TIER_CHANGE_SHARE", "REVENUE_MOVED_SHARE"]
    first = held.reasons[0].message
    assert "10 of 24 accounts with a tier (41.67 %) would change it; the limit is 30 %" in first
    assert f'tiersync approve {held.run} --reason "…"' in first
    assert len(made.crm.batches) == written
    status = history.status(made.journal, now=made.clock())["held"]
    assert (status["run"], status["command"]) == (held.run, "undo")

    done = made.walk().approve(held.run, reason="the import of Monday was wrong")
    assert (done.run, done.outcome, done.figures["written"]) == (held.run, RunOutcome.OK, held.figures["changes"])
    assert tiers(made) == ["small"] * PEOPLE
    deals = {place for place in made.crm.picture() if place not in before}
    assert all(target is Target.DEAL for target, _ in deals)
    assert history.show(made.journal, held.run)["released"]["reason"] == "the import of Monday was wrong"
    assert history.status(made.journal, now=made.clock())["held"] is None
    made.policy = replace(made.policy, limits=open_limits())
    assert codes(made.walk().sync()) == ["UNDONE"]


def test_a_held_undo_is_a_run_with_a_plan_that_can_be_looked_at() -> None:
    made = house()
    run = mistake(made, 10)
    guarded(made)
    held = made.walk().undo(run)
    document = held.as_json()
    assert document["outcome"] == "held"
    assert document["plan"]["moves"] == [{"from": "large", "to": "small", "accounts": 10, "revenue": "5200.00"}]
    assert (document["plan"]["accounts"], document["plan"]["by_owner"]) == (10, {"bob": 10})
    assert [hold["code"] for hold in document["plan"]["holds"]] == codes(held)
    records = history.show(made.journal, held.run)["records"]
    assert {(row["cause"], row["outcome"]) for row in records} == {("undo", "planned")}
    assert len(records) == held.figures["changes"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"max_tier_change_pct": 8}, "TIER_CHANGE_SHARE"),
        ({"max_revenue_moved_pct": 10}, "REVENUE_MOVED_SHARE"),
        ({"max_revenue_down_pct": 10}, "REVENUE_DOWN_SHARE"),
        ({"max_owner_book_pct": 40}, "OWNER_BOOK_SHARE"),
    ],
)
def test_each_guard_holds_an_undo(limits: dict[str, int], code: str) -> None:
    made = house()
    run = mistake(made, 2, first=0)
    made.limits(min_accounts=20, **limits)
    assert codes(made.walk().undo(run)) == [code]


def test_nothing_falls_when_an_undo_raises() -> None:
    made = house()
    for number in range(4, 6):
        made.crm.put(Target.DEAL, f"a{number:02}-0", amount="500")
    made.walk().sync()
    for number in range(4, 6):
        made.crm.put(Target.DEAL, f"a{number:02}-0", amount="20")
    run = made.walk().sync().run
    made.limits(min_accounts=20, max_revenue_down_pct=0)
    assert made.walk().undo(run).outcome is RunOutcome.OK


def test_an_undo_that_brings_many_a_no_back_is_held() -> None:
    made = house()
    for number in range(6):
        made.crm.put(Target.ACCOUNT, f"a{number:02}", bad="yes")
    made.walk().sync()
    for number in range(6):
        made.crm.put(Target.ACCOUNT, f"a{number:02}", bad=None)
    run = made.walk().sync().run
    made.limits(min_accounts=20, max_new_say_no_pct=10, max_new_say_no=5)
    held = made.walk().undo(run)
    assert codes(held) == ["NEW_SAY_NO_SHARE", "NEW_SAY_NO_CAP"]
    assert made.walk().approve(held.run, reason="they are in arrears after all").exit_code == 0


def test_the_undo_of_a_first_run_takes_every_tier_away_and_is_held() -> None:
    made = house()
    guarded(made)
    (first,) = made.journal.rows
    held = made.walk().undo(first)
    assert "TIER_CHANGE_SHARE" in codes(held)
    assert made.walk().approve(held.run, reason="we start again").exit_code == 0
    assert not any(name.startswith("seg_") for row in made.crm.picture().values() for name in row)


def test_what_changed_since_a_held_undo_stays_and_the_rest_goes_back() -> None:
    made = house()
    run = mistake(made, 10)
    guarded(made)
    held = made.walk().undo(run)
    made.policy = replace(made.policy, edited_values=EditedValues.OVERWRITE, limits=open_limits())
    made.crm.put(Target.ACCOUNT, "a04", seg_tier="typed")
    win(made, "a05", 700)
    later = made.walk().sync()
    assert later.figures["written"]
    made.crm.put(Target.ACCOUNT, "a04", seg_tier="typed")
    done = made.walk().approve(held.run, reason="wrong import")
    assert (done.outcome, done.exit_code, codes(done)) == (RunOutcome.PARTIAL, 4, ["SKIPPED"])
    assert made.crm.holds(Target.ACCOUNT, "a04", "seg_tier") == "typed"
    assert made.crm.holds(Target.ACCOUNT, "a05", "seg_revenue_12m") == "1220"
    assert made.crm.holds(Target.ACCOUNT, "a06", "seg_tier") == "small"


def test_a_held_undo_stays_in_sight_while_the_worker_goes_on() -> None:
    made = house()
    run = mistake(made, 10)
    guarded(made)
    held = made.walk().undo(run)
    made.clock.move(hours=1)
    assert made.walk().sync().outcome is RunOutcome.OK
    win(made, "a00", 30)
    made.clock.move(hours=1)
    assert made.walk().sync().figures["written"]
    assert history.status(made.journal, now=made.clock())["held"]["run"] == held.run
    assert made.walk().approve(held.run, reason="x").exit_code == 0


def test_an_undo_that_did_nothing_hides_no_held_run() -> None:
    made = house()
    run = mistake(made, 2)
    made.walk().undo(run)
    held = made.walk().sync()
    assert codes(held) == ["UNDONE"]
    assert made.walk().undo(run).figures["changes"] == 0
    assert history.status(made.journal, now=made.clock())["held"]["run"] == held.run


def test_asking_again_is_the_same_hold_and_every_id_of_it_releases_it() -> None:
    made = house()
    run = mistake(made, 10)
    guarded(made)
    first, second = made.walk().undo(run), made.walk().undo(run)
    assert second.same_as == first.run
    assert made.walk().approve(first.run, reason="x").run == second.run
    assert tiers(made) == ["small"] * PEOPLE
    assert codes(made.walk().approve(second.run, reason="x")) == ["ALREADY_APPLIED"]


def test_a_held_undo_expires_like_any_hold() -> None:
    made = house()
    run = mistake(made, 10)
    guarded(made)
    held = made.walk().undo(run)
    made.clock.move(days=7, minutes=1)
    refused = made.walk().approve(held.run, reason="x")
    assert (refused.exit_code, codes(refused)) == (3, ["EXPIRED"])
    assert f"tiersync undo {run}" in refused.hint
    assert history.status(made.journal, now=made.clock())["held"]["release"] == f"tiersync undo {run}"


def test_an_undo_that_was_released_can_be_undone() -> None:
    made = house()
    run = mistake(made, 10)
    after = made.crm.picture()
    guarded(made)
    undone = made.walk().undo(run)
    made.walk().approve(undone.run, reason="x")
    again = made.walk().undo(undone.run)
    assert codes(again) == ["TIER_CHANGE_SHARE", "REVENUE_MOVED_SHARE"]
    made.walk().approve(again.run, reason="it was right after all")
    assert made.crm.picture() == after
    made.policy = replace(made.policy, limits=open_limits())
    assert made.walk().sync().figures["changes"] == 0


def test_a_rescue_needs_neither_a_pull_nor_a_mirror_nor_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    made = house()
    run = mistake(made, 10)
    guarded(made)

    def lost() -> None:
        raise StopRun("the mirror lost a file")

    def no_pull() -> None:
        raise StopRun("the CRM answers no list")

    monkeypatch.setattr(made.mirror, "owners", lost)
    made.crm.before_pull = no_pull
    made.rules = NO_RULES
    held = made.walk().undo(run)
    assert codes(held) == ["TIER_CHANGE_SHARE", "REVENUE_MOVED_SHARE"]
    assert made.walk().approve(held.run, reason="x").exit_code == 0
    assert tiers(made) == ["small"] * PEOPLE


def test_a_small_customer_base_has_no_percentages_here_either() -> None:
    made = house()
    run = mistake(made, 10)
    guarded(made, min_accounts=25)
    assert made.walk().undo(run).outcome is RunOutcome.OK


@pytest.mark.parametrize("at", range(1, 60, 4))
def test_a_released_undo_that_dies_is_finished_by_the_next(at: int) -> None:
    made = house()
    run = mistake(made, 10)
    guarded(made)
    held = made.walk().undo(run)
    try:
        made.walk(Fate(at)).approve(held.run, reason="x")
    except Crash:
        made.clock.move(minutes=1)
    made.policy = replace(made.policy, limits=open_limits())
    made.walk().undo(run)
    assert tiers(made) == ["small"] * PEOPLE


def test_a_value_that_a_later_run_wrote_anew_is_that_runs_and_never_taken_for_a_persons() -> None:
    made = house()
    made.crm.put(Target.DEAL, "a04-0", amount="500")
    run = made.walk().sync().run
    made.limits(max_tier_change_pct=0, min_accounts=1)
    held = made.walk().undo(run)
    assert held.outcome is RunOutcome.HELD
    made.policy = replace(made.policy, limits=open_limits())
    for amount in ("20", "500"):
        made.crm.put(Target.DEAL, "a04-0", amount=amount)
        made.walk().sync()
    assert made.crm.holds(Target.ACCOUNT, "a04", "seg_tier") == "large"  # as when the undo was planned
    done = made.walk().approve(held.run, reason="x")
    assert (done.outcome, codes(done), done.figures["written"]) == (RunOutcome.PARTIAL, ["SKIPPED"], 0)
    made.crm.put(Target.DEAL, "a04-0", amount="20")
    assert made.walk().sync().figures["kept"] == 0
    assert made.crm.holds(Target.ACCOUNT, "a04", "seg_tier") == "small"
