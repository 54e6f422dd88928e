"""Every guard at, below and above its limit, and around the smallest population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.model.changes import Change, Target
from connector.model.verdicts import AccountContext, PopulationFigures
from connector.planning.compare import AccountPlan
from connector.planning.guards import Baseline, Limits, Situation, doubts, trips
from connector.planning.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMITS = Limits()


def account(
    name: str,
    *,
    tier: tuple[str | None, str | None] | None = None,
    say_no: tuple[str | None, str | None] | None = None,
    owner: str | None = None,
    revenue: int = 0,
    group: str | None = None,
) -> AccountPlan:
    """One account's plan; `tier` and `say_no` are old and new."""
    context = AccountContext(
        account=name,
        name=name,
        owner=owner,
        revenue_cents=revenue,
        tier_before=tier[0] if tier else None,
        tier_wanted=tier[1] if tier else None,
        say_no_before=None,
        say_no_wanted=None,
        group=group,
    )
    pairs = {"seg_tier": tier, "seg_say_no": say_no}
    changes = tuple(
        Change(name, Target.ACCOUNT, name, prop, pair[0], pair[1]) for prop, pair in pairs.items() if pair is not None
    )
    return AccountPlan(context, changes, ())


def tally(plans: Iterable[AccountPlan]) -> Tally:
    counted = Tally()
    for plan in plans:
        counted.add(plan)
    return counted


def situation(
    *plans: AccountPlan,
    evaluated: int = 100,
    had_tier: int = 100,
    revenue: int = 100_00,
    books: dict[str, int] | None = None,
    active: int = 50,
    first_run: bool = False,
) -> Situation:
    population = PopulationFigures(
        evaluated=evaluated,
        active_customers=active,
        had_tier=had_tier,
        had_tier_by_owner=books or {},
        revenue_had_tier_cents=revenue,
    )
    return Situation(run="r7", first_run=first_run, population=population, tally=tally(plans))


def codes(given: Situation, limits: Limits = LIMITS) -> list[str]:
    return [doubt.code for doubt in doubts(given, limits)] + [reason.code for reason in trips(given, limits)]


def newly_no(count: int) -> list[AccountPlan]:
    return [account(f"a{number}", say_no=("false", "true")) for number in range(count)]


def moving(count: int, *, owner: str | None = None, revenue: int = 0) -> list[AccountPlan]:
    return [account(f"a{n}", tier=("small", "large"), owner=owner, revenue=revenue) for n in range(count)]


@pytest.mark.parametrize(("count", "held"), [(9, False), (10, False), (11, True)])
def test_newly_say_no_trips_above_its_share_of_the_evaluated(count: int, *, held: bool) -> None:
    assert codes(situation(*newly_no(count))) == (["NEW_SAY_NO_SHARE"] if held else [])


@pytest.mark.parametrize(("evaluated", "held"), [(19, False), (20, True)])
def test_percentages_rest_below_the_smallest_population(evaluated: int, *, held: bool) -> None:
    given = situation(*newly_no(3), *moving(7), evaluated=evaluated, had_tier=10)
    assert codes(given) == (["NEW_SAY_NO_SHARE", "TIER_CHANGE_SHARE"] if held else [])


@pytest.mark.parametrize(("count", "held"), [(4, False), (5, False), (6, True)])
def test_the_cap_on_newly_say_no_holds_in_the_smallest_population_too(count: int, *, held: bool) -> None:
    given = situation(*newly_no(count), evaluated=8)
    assert codes(given, replace(LIMITS, max_new_say_no=5)) == (["NEW_SAY_NO_CAP"] if held else [])


def test_an_account_without_a_say_no_before_counts_as_newly_say_no_after_the_first_run() -> None:
    given = situation(*[account(f"a{n}", say_no=(None, "true")) for n in range(11)])
    assert codes(given) == ["NEW_SAY_NO_SHARE"]


def test_a_say_no_that_is_lifted_or_stays_is_not_newly_say_no() -> None:
    given = situation(*[account(f"a{n}", say_no=("true", "false")) for n in range(50)])
    assert codes(given) == []
    assert given.tally.no_longer_say_no == 50


def test_on_a_first_run_nothing_counts_as_newly_say_no() -> None:
    assert codes(situation(*newly_no(600), first_run=True)) == ["FIRST_RUN"]


def test_where_a_first_run_goes_on_only_who_had_a_tier_counts_as_newly_say_no() -> None:
    fresh = [account(f"f{n}", say_no=("false", "true")) for n in range(600)]
    judged = [account(f"j{n}", tier=("small", "small"), say_no=("false", "true")) for n in range(11)]
    assert codes(replace(situation(*fresh, *judged[:10]), rest_of_first=True)) == []
    given = replace(situation(*fresh, *judged), rest_of_first=True)
    assert codes(given) == ["NEW_SAY_NO_SHARE"]
    assert "11 of 100" in trips(given, LIMITS)[0].message


def test_a_confirmed_first_run_is_let_through_and_nothing_else_is() -> None:
    given = replace(situation(*moving(31), first_run=True), confirmed=True)
    assert codes(given) == ["TIER_CHANGE_SHARE"]
    assert codes(replace(situation(*newly_no(99), first_run=True), confirmed=True)) == []


def test_a_first_run_with_nothing_to_write_is_not_held() -> None:
    assert codes(situation(first_run=True)) == []


@pytest.mark.parametrize(("count", "held"), [(29, False), (30, False), (31, True)])
def test_tier_changes_trip_above_their_share_of_accounts_that_had_a_tier(count: int, *, held: bool) -> None:
    assert codes(situation(*moving(count), evaluated=1000)) == (["TIER_CHANGE_SHARE"] if held else [])


def test_a_first_assignment_is_no_tier_change() -> None:
    given = situation(
        *[account(f"a{n}", tier=(None, "large"), owner="o", revenue=90_00) for n in range(99)], had_tier=1
    )
    assert codes(given) == []


def test_the_revenue_of_a_group_moves_once_however_many_members_it_has() -> None:
    members = [account(f"m{n}", tier=("small", "large"), revenue=20_00, group="g") for n in range(5)]
    alone = [account(f"a{n}", tier=("small", "large"), revenue=3_00) for n in range(2)]
    counted = tally([*members, *alone])
    assert counted.tiers_changed == 7
    assert counted.revenue_moved_cents == 26_00
    assert sum(counted.revenue_by_move.values()) == 26_00
    assert "REVENUE_MOVED_SHARE" not in codes(situation(*members, *alone))


def test_a_group_that_parts_is_in_each_move_and_once_in_the_sum() -> None:
    members = [account(f"m{n}", tier=("small", after), revenue=20_00, group="g") for n, after in enumerate("ab")]
    counted = tally(members)
    assert list(counted.revenue_by_move.values()) == [20_00, 20_00]
    assert counted.revenue_moved_cents == 20_00


@pytest.mark.parametrize(("revenue", "held"), [(29_99, False), (30_00, False), (30_01, True)])
def test_revenue_that_moves_trips_above_its_share(revenue: int, *, held: bool) -> None:
    given = situation(*moving(1, revenue=revenue))
    assert codes(given) == (["REVENUE_MOVED_SHARE"] if held else [])


@pytest.mark.parametrize(
    ("after", "revenue", "held"),
    [("top", 40_00, False), ("low", 10_00, False), ("low", 10_01, True), ("unheard of", 10_01, True)],
)
def test_revenue_that_falls_has_a_limit_of_its_own(after: str, revenue: int, *, held: bool) -> None:
    counted = Tally(best_first=("top", "middle", "low"))
    members = [account(f"m{n}", tier=("middle", after), revenue=revenue, group="g") for n in range(3)]
    for plan in members:
        counted.add(plan)
    assert counted.revenue_moved_down_cents == (0 if after == "top" else revenue)
    given = replace(situation(), tally=counted)
    limits = Limits(max_revenue_moved_pct=60, max_revenue_down_pct=10)
    assert [reason.code for reason in trips(given, limits)] == (["REVENUE_DOWN_SHARE"] if held else [])


@pytest.mark.parametrize(("count", "held"), [(4, False), (5, False), (6, True)])
def test_one_owners_book_trips_above_its_share(count: int, *, held: bool) -> None:
    given = situation(*moving(count, owner="ann"), books={"ann": 10, "bob": 90})
    assert codes(given) == (["OWNER_BOOK_SHARE"] if held else [])


def test_a_lone_account_that_moves_is_no_damage_to_a_book_of_one() -> None:
    assert codes(situation(*moving(1, owner="ann"), books={"ann": 1})) == []
    assert codes(situation(*moving(2, owner="ann"), books={"ann": 2})) == ["OWNER_BOOK_SHARE"]


def test_accounts_without_an_owner_are_in_nobodys_book() -> None:
    assert codes(situation(*moving(20), books={})) == []


def baseline(**rows: int) -> Baseline:
    return Baseline(run="r6", evaluated=100, active_customers=50, rows=rows)


@pytest.mark.parametrize(("active", "held"), [(36, False), (35, False), (34, True), (0, True)])
def test_a_population_that_drops_is_held(active: int, *, held: bool) -> None:
    given = replace(situation(active=active), baseline=baseline())
    assert codes(given) == (["POPULATION_DROP"] if held else [])


def test_a_population_that_drops_below_the_smallest_is_held_all_the_same() -> None:
    given = replace(situation(active=0, evaluated=0), baseline=baseline())
    assert codes(given) == ["POPULATION_DROP"]


def test_a_small_population_may_lose_what_it_likes() -> None:
    small = replace(baseline(accounts=19), evaluated=19)
    assert codes(replace(situation(active=0, evaluated=10), baseline=small, rows={"accounts": 10})) == []


@pytest.mark.parametrize(("rows", "held"), [(81, False), (80, False), (79, True), (0, True)])
def test_a_pull_that_is_suspiciously_small_is_held(rows: int, *, held: bool) -> None:
    given = replace(situation(), baseline=baseline(deals=100), rows={"deals": rows})
    assert codes(given) == (["SMALL_PULL"] if held else [])


@pytest.mark.parametrize(("rows", "held"), [(51, False), (50, False), (49, True), (0, True)])
def test_a_table_beside_the_crm_that_shrinks_is_held(rows: int, *, held: bool) -> None:
    before = replace(baseline(), rows={"tables.invoices": 100})
    given = replace(situation(), baseline=before, rows={"tables.invoices": rows})
    assert codes(given) == (["SMALL_PULL"] if held else [])


def test_a_table_that_is_no_longer_shown_is_a_small_pull() -> None:
    given = replace(situation(), baseline=baseline(tickets=40), rows={"accounts": 100})
    assert codes(given) == ["SMALL_PULL"]


@pytest.mark.parametrize(("now", "held"), [(51, False), (50, False), (49, True), (0, True)])
def test_an_input_that_is_suddenly_empty_is_held(now: int, *, held: bool) -> None:
    base = replace(baseline(accounts=100), filled={"accounts": {"growth_potential": 100}})
    filled = {"accounts": {"growth_potential": now}}
    given = replace(situation(), baseline=base, rows={"accounts": 100}, filled=filled)
    assert codes(given) == (["EMPTIED_INPUT"] if held else [])


def test_an_input_that_is_no_longer_shown_is_held() -> None:
    base = replace(baseline(accounts=100), filled={"accounts": {"growth_potential": 100}})
    (doubt,) = doubts(replace(situation(), baseline=base, rows={"accounts": 100}), LIMITS)
    assert doubt.text.startswith("growth_potential is filled in on 0 accounts where run r6 had 100: 100 % fewer")


@pytest.mark.parametrize(("column", "before"), [("open_invoice_amount", 100), ("seg_tier", 100), ("nps", 19)])
def test_an_input_that_may_be_emptied_or_was_rare_is_not_held(column: str, before: int) -> None:
    base = replace(baseline(accounts=100), filled={"accounts": {column: before}})
    assert codes(replace(situation(), baseline=base, rows={"accounts": 100})) == []


def test_values_that_were_undone_are_not_written_again_unasked() -> None:
    given = situation(*moving(1))
    given.tally.undone_again = 1
    assert codes(given) == ["UNDONE"]


def test_every_message_holds_the_figure_the_limit_and_the_command_that_releases_it() -> None:
    (reason,) = trips(situation(*newly_no(11)), LIMITS)
    assert reason.message == (
        "11 of 100 evaluated accounts (11 %) would newly say no; the limit is 10 % (max_new_say_no_pct). "
        'Release with: tiersync approve r7 --reason "…"'
    )


def test_limits_with_decimals_are_exact() -> None:
    limits = replace(LIMITS, max_new_say_no_pct=10.1)
    assert codes(situation(*newly_no(101), evaluated=1000), limits) == []
    assert codes(situation(*newly_no(102), evaluated=1000), limits) == ["NEW_SAY_NO_SHARE"]
