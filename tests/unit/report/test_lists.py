"""The two long lists: planned changes and say-no advice."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from connector.model.changes import Cause, Change, Target
from connector.report import PlannedAccount
from connector.report.advice import view_advice, view_advised
from connector.report.moves import main_cause, view_changes, view_move
from tests.unit.report.bases import advised, planned


def test_a_first_assignment_is_not_a_change_of_tier() -> None:
    moves = [
        view_move(planned("1", before=None, after="large", cents=500)),
        view_move(planned("2", before="large", after="regular", cents=300)),
        view_move(planned("3", before="large", after="large")),
    ]
    view = view_changes(moves, keep=10)
    assert (view.accounts, view.values, view.moves, view.tier_changes, view.first) == (3, 3, 2, 1, 1)
    assert view.moved_revenue == Decimal("3.00")
    assert [row.account for row in view.rows] == ["2", "1"]


def test_changes_keep_the_moves_of_most_revenue_and_count_all() -> None:
    moves = (view_move(planned(str(i), before="large", after="regular", cents=i)) for i in range(100))
    view = view_changes(moves, keep=3)
    assert [row.account for row in view.rows] == ["99", "98", "97"]
    assert (view.moves, view.causes) == (100, ((Cause.DATA, 100),))


def test_changes_count_who_becomes_a_no_and_who_is_cleared() -> None:
    one = planned("1", before="large", after="large")
    newly = replace(one, context=replace(one.context, say_no_before=None, say_no_wanted=True))
    cleared = replace(one, context=replace(one.context, say_no_before=True, say_no_wanted=None))
    view = view_changes([view_move(newly), view_move(cleared)], keep=10)
    assert (view.newly_say_no, view.no_longer_say_no, view.tier_changes) == (1, 1, 0)


def test_a_move_counts_all_values_and_names_the_accounts_own_properties() -> None:
    one = planned("1", before="large", after="regular")
    deal = Change("1", Target.DEAL, "88", "seg_account_tier", "large", "regular", Cause.DATA)
    move = view_move(PlannedAccount(one.context, [*one.changes, deal]))
    assert (move.values, move.properties) == (2, ("seg_tier",))


def test_an_owner_is_shown_by_name_and_an_unnamed_one_by_id() -> None:
    one = planned("1", before="large", after="regular")
    owned = replace(one, context=replace(one.context, owner="70"))
    assert view_move(owned, owners={"70": "Els"}).owner == "Els"
    assert view_move(owned, owners={"71": "Els"}).owner == "70"
    assert view_move(one, owners={"70": "Els"}).owner is None
    assert view_advice(advised(owner="70"), owners={"70": "Els"}).owner == "Els"


def test_the_cause_of_a_move_is_that_of_its_tier() -> None:
    def change(name: str, cause: Cause) -> Change:
        return Change("1", Target.ACCOUNT, "1", name, None, None, cause)

    tier, flag, other = (
        change("seg_tier", Cause.PEERS),
        change("seg_say_no", Cause.TIME),
        change("seg_action", Cause.DATA),
    )
    assert main_cause([other, flag, tier]) == Cause.PEERS
    assert main_cause([other, flag]) == Cause.TIME
    assert main_cause([other]) == Cause.DATA
    assert main_cause([]) == Cause.UNKNOWN


K1 = advised("K1", revenue_cents=180_000, net_contribution_cents=-9_000, energy_hours=Decimal(9))
K2 = advised("K2", revenue_cents=250_000, net_contribution_cents=-45_000, energy_hours=Decimal(12))
K3 = advised("K3", revenue_cents=400_000, net_contribution_cents=-155_000, energy_hours=Decimal(5))


def test_savings_add_up_as_in_the_worked_example() -> None:
    total = view_advised(map(view_advice, [K1, K2, K3]), keep=10).total
    assert (total.accounts, total.revenue, total.money_saved, total.hours_freed) == (
        3,
        Decimal(8_300),
        Decimal(2_090),
        Decimal(26),
    )


def test_a_no_never_saves_money_on_a_profitable_account() -> None:
    assert view_advice(advised(net_contribution_cents=50_000)).money_saved == 0


def test_an_unknown_contribution_saves_an_unknown_amount() -> None:
    view = view_advised([view_advice(advised())], keep=10)
    assert (view.total.money_saved, view.total.hours_freed) == (None, None)


def test_the_say_no_list_starts_with_the_relations_to_review() -> None:
    accounts = [
        advised("1", scope="no_extra_effort", revenue_cents=900),
        advised("2", scope="exit_review", revenue_cents=100),
        advised("3", scope="decline"),
        advised("4", scope="exit_review", revenue_cents=200),
    ]
    view = view_advised(map(view_advice, accounts), keep=10)
    assert [row.account for row in view.rows] == ["4", "2", "3", "1"]
    assert [(one.scope, one.accounts) for one in view.scopes] == [
        ("exit_review", 2),
        ("decline", 1),
        ("no_extra_effort", 1),
    ]


def test_accounts_to_watch_stand_apart_with_the_protected_first() -> None:
    accounts = [
        advised("1", status="watch", scope=None, revenue_cents=900),
        advised("2", status="watch", scope=None, protected_by=("strategic",)),
        advised("3"),
    ]
    view = view_advised(map(view_advice, accounts), keep=10)
    assert (view.say_no, view.watch, view.protected) == (1, 2, 1)
    assert [row.account for row in view.watch_rows] == ["2", "1"]


def test_a_long_list_keeps_the_same_rows_as_sorting_all_of_it() -> None:
    accounts = [view_advice(advised(str(i), revenue_cents=(i * 7919) % 10_007)) for i in range(2_000)]
    kept = view_advised(iter(accounts), keep=5).rows
    by_revenue = sorted(accounts, key=lambda one: (-(one.revenue or 0), one.account))
    assert [row.account for row in kept] == [row.account for row in by_revenue[:5]]
