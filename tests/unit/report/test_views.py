from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from connector.model.pictures import Crossing, MissingField, Slice
from connector.report.pyramid import view_pyramid
from connector.report.views import view_matrix, view_population
from tests.unit.report.bases import OUTPUTS, base_100, pictures, slices, source


def test_pyramid_of_the_reference_base_meets_every_benchmark() -> None:
    levels = view_pyramid(base_100()).levels
    assert [level.level for level in levels] == ["top", "big", "medium", "small"]
    assert [level.customers for level in levels] == [1, 4, 15, 80]
    assert [level.customers_pct for level in levels] == [1, 4, 15, 80]
    assert [level.revenue for level in levels] == [400_000, 250_000, 150_000, 200_000]
    assert [level.revenue_pct for level in levels] == [40, 25, 15, 20]
    assert [level.benchmark_pct for level in levels] == [40, 25, 15, 20]
    assert [level.difference_points for level in levels] == [0, 0, 0, 0]
    assert [level.line for level in levels] == [240_000, 27_500, 6_250, None]


def test_pyramid_tells_how_revenue_is_spread() -> None:
    view = view_pyramid(base_100())
    assert (view.customers, view.revenue) == (100, Decimal(1_000_000))
    assert view.top20_revenue_pct == 80
    assert (view.customers_for_80, view.customers_for_80_pct) == (20, Decimal(20))
    assert view.gini == Decimal("0.7047")


def test_pyramid_warns_of_one_customer_above_a_quarter() -> None:
    view = view_pyramid(base_100())
    assert (view.largest_pct, view.concentrated) == (Decimal(40), True)
    assert not view_pyramid(base_100(), warn_above_pct=Decimal(40)).concentrated


def test_pyramid_holds_energy_against_its_target() -> None:
    view = view_pyramid(base_100(hours=True))
    assert [level.energy_pct for level in view.levels] == [12, 15, 13, 60]
    assert [str(level.energy_index) for level in view.levels] == ["0.300", "0.600", "0.867", "3.000"]
    assert (view.top20_energy_pct, view.energy_status, view.hours_to_shift) == (Decimal(40), "off_target", Decimal(400))


def test_pyramid_without_energy_knows_nothing_of_it() -> None:
    view = view_pyramid(base_100())
    assert (view.energy_hours, view.top20_energy_pct, view.energy_status, view.hours_to_shift) == (None,) * 4
    assert {level.energy_pct for level in view.levels} == {None}


def test_pyramid_keeps_a_level_without_customers_in_sight() -> None:
    view = view_pyramid(pictures([100, 100], seg_pyramid_level=slices({"small": (2, 2)})))
    assert [(level.level, level.customers) for level in view.levels] == [
        ("top", 0),
        ("big", 0),
        ("medium", 0),
        ("small", 2),
    ]


def test_pyramid_of_nobody_has_no_levels() -> None:
    view = view_pyramid(pictures(seg_pyramid_level=slices({"prospect": (7, 0)})))
    assert (view.levels, view.customers, view.gini, view.top20_revenue_pct, view.largest_pct) == (
        (),
        0,
        None,
        None,
        None,
    )


def test_pyramid_of_customers_without_revenue_has_no_shares() -> None:
    view = view_pyramid(pictures([0, 0], seg_pyramid_level=slices({"small": (2, 0)})))
    assert [level.revenue_pct for level in view.levels] == [None] * 4
    assert (view.customers_for_80, view.concentrated) == (None, False)


def test_slices_come_in_the_order_people_see_them() -> None:
    drawn = pictures(
        seg_tier=[Slice(None, 1, 1, 0), *slices({"newcomer": (1, 0), "excluded": (3, 0), "large": (2, 0)})]
    )
    found = view_population(source(drawn)).slices["seg_tier"]
    assert [one.value for one in found] == ["large", "excluded", "newcomer", None]


def test_about_counts_excluded_and_unknown_accounts() -> None:
    drawn = pictures(seg_tier=slices({"large": (5, 10), "unknown": (2, 0), "excluded": (3, 0)}))
    about = view_population(source(drawn)).about
    assert (about.accounts, about.unknown, about.excluded) == (10, 2, 3)


def test_about_counts_all_accounts_where_no_tier_is_configured() -> None:
    drawn = pictures(seg_pyramid_level=[*slices({"small": (5, 10)}), Slice(None, 2, 2, 0)])
    about = view_population(source(drawn)).about
    assert (about.accounts, about.unknown, about.excluded) == (7, None, None)


def test_matrix_keeps_first_assignments_apart_from_moves() -> None:
    drawn = replace(
        base_100(),
        crossings={
            "seg_tier": [
                Crossing("large", "large", 10, 500),
                Crossing("large", "regular", 2, 300),
                Crossing("regular", None, 1, 50),
                Crossing(None, "large", 4, 900),
                Crossing(None, None, 6, 0),
            ]
        },
    )
    view = view_matrix("seg_tier", drawn, tuple(OUTPUTS[0].options), ranked=False)
    assert view.befores == ("large", "regular", None)
    assert view.afters == ("large", "regular", None)
    assert view.accounts == ((10, 2, 0), (0, 0, 1), (4, 0, 6))
    assert (view.stayed, view.moved, view.first, view.moved_revenue) == (10, 3, 4, Decimal("3.50"))


def test_missing_fields_come_with_the_most_revenue_first() -> None:
    drawn = replace(
        base_100(),
        missing=[MissingField("pain_fit", 90, 100), MissingField("growth_potential", 12, 31_000_000)],
    )
    missing = view_population(source(drawn)).health.missing
    assert [(one.field, one.accounts, one.revenue) for one in missing] == [
        ("growth_potential", 12, Decimal(310_000)),
        ("pain_fit", 90, Decimal(1)),
    ]
