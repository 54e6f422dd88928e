"""What single models show, by the worked numbers of the domain, and only where a model is configured."""

from __future__ import annotations

from decimal import Decimal

from connector.model.pictures import Ageing, Attention, DiscountGap, Dream, Fit, Insights, Spend
from connector.report import sentences
from connector.report.insights import machine_rows, view_insights
from connector.report.phrasebook import Phrasebook


def test_the_worked_whale_curve() -> None:
    net = [90, 60, 30, 10, 5, 0, -5, -10, -30, -50]
    [whale] = view_insights(Insights(net_cents=[one * 100 for one in reversed(net)]))
    assert [row[2] for row in whale.rows] == [90, 150, 180, 190, 195, 195, 190, 180, 150, 100]
    assert dict(whale.figures) == {"peak": 195, "final": 100, "pct": Decimal("195.0"), "losing": 4, "lost": 95}
    assert whale.rows[1][3] == Decimal("150.0")  # the first 20% bring 150%


def test_a_base_that_loses_money_has_no_percentages() -> None:
    [whale] = view_insights(Insights(net_cents=[-100, -200]))
    assert dict(whale.figures) == {"peak": 0, "final": Decimal("-3.00"), "pct": None, "losing": 2, "lost": 3}


def test_nothing_is_shown_without_models() -> None:
    assert view_insights(Insights()) == ()
    assert view_insights(Insights(net_cents=[])) == ()


def test_levels_stand_in_their_order_and_what_is_not_configured_is_no_zero() -> None:
    found = [Attention(level, 3, 1, None, 0) for level in ("big", "medium", "top")]
    [view] = view_insights(Insights(attention=found))
    assert [row[0] for row in view.rows] == ["top", "big", "medium"]
    assert view.rows[0] == ("top", 3, 1, None, 0)


def test_machines_read_ids_names_and_plain_numbers() -> None:
    insights = Insights(
        ageing=[Ageing("large", (1, 0, 2, 3))],
        dreams=[Dream("7", "Anvil", 6_250_000, 3_000_000, None, "2.5", "1.25")],
        spend=[Spend("seg_icp_fit", None, 2, 300_000, 400_000)],
    )
    rows = {view.name: list(machine_rows(view)) for view in view_insights(insights)}
    assert rows["payment"] == [
        ["tier", "days_0-30", "days_31-60", "days_61-89", "days_90+"],
        ["large", 1, 0, 2, 3],
    ]
    what_is_known = [Decimal(62500), None, Decimal(30000), Decimal("2.50"), Decimal("1.25"), None, None, None, None]
    assert rows["dreams"][1] == ["7", "Anvil", *what_is_known]
    assert rows["spend"][1] == [
        "seg_icp_fit",
        None,
        2,
        Decimal(3000),
        None,
        None,
        Decimal(4000),
        Decimal("75.0"),
        None,
    ]


def test_the_profile_is_told_per_fit_with_what_is_not_configured_left_open() -> None:
    known = Fit("seg_icp_fit", "ideal", 2, 200_000, 32_500, 9, Decimal("5.5"), 40_000, 200_000, 1)
    view, *rest = view_insights(Insights(fits=[known, Fit("size_band", "below", 1, 5_000)]))
    assert not rest
    assert view.rows == (
        ("seg_icp_fit:ideal", 2, Decimal(2000), Decimal(325), 9, Decimal("5.5"), Decimal("20.0"), 1),
        ("size_band:below", 1, Decimal(50), None, None, None, None, None),
    )


def test_the_profile_is_read_from_the_best_fit_and_the_most_employees_down() -> None:
    fits = [Fit("seg_icp_fit", value, 1, 100) for value in ("ideal", "least_ideal", "partial", "poor", "unknown")]
    fits += [Fit("size_band", value, 1, 100) for value in ("above", "below", None)]
    [view] = view_insights(Insights(fits=fits))
    assert [str(row[0]).partition(":")[2] for row in view.rows] == [
        *("ideal", "partial", "poor", "least_ideal", "unknown"),
        *("above", "below", ""),
    ]


def test_three_introductions_of_which_two_became_customers_convert_two_thirds() -> None:
    one = Dream("7", None, 6_250_000, 3_000_000, None, "2.5", "1.25", 2_000_000, 3, 2)
    [view] = view_insights(Insights(dreams=[one]))
    assert view.rows[0][2] == Decimal(20000)
    assert view.rows[0][-3:] == (3, 2, Decimal("66.7"))


def test_spend_is_told_per_new_customer_with_its_payback_and_who_it_went_to() -> None:
    one = Spend("seg_icp_fit", "ideal", 4, 300_000, 400_000, 200_000, 3, Decimal("10.0"))
    [view] = view_insights(Insights(spend=[one], spend_on_customers_cents=100_000, spend_on_others_cents=200_000))
    assert view.rows[0][3:] == (3, Decimal("1000.00"), Decimal("4000.00"), Decimal("50.0"), Decimal("10.0"))
    assert dict(view.figures) == {"on_customers": 1000, "on_others": 2000, "others_pct": Decimal("66.7")}


def test_a_budget_that_is_allocated_has_its_own_column_and_counts_per_new_customer() -> None:
    one = Spend("seg_icp_fit", "ideal", 4, 300_000, 400_000, 200_000, 3, Decimal("10.0"), allocated_cents=150_000)
    other = Spend("seg_icp_fit", None, 4, 100_000, None)
    [view] = view_insights(Insights(spend=[one, other]))
    assert [column.name for column in view.columns][2:5] == ["spend", "allocated", "new_customers"]
    assert view.rows[0][2:5] == (Decimal("3000.00"), Decimal("1500.00"), 3)
    assert view.rows[0][5:] == (Decimal("1500.00"), Decimal("4000.00"), Decimal("50.0"), Decimal("10.0"))
    assert view.rows[1][3] is None


def test_the_loyalty_gap_stands_above_who_is_not_taken_for_granted() -> None:
    gap = DiscountGap(Decimal("30.0"), Decimal("5.0"), Decimal("25.0"), alert=True)
    [view] = view_insights(Insights(attention=[Attention("top", 3, 1, None, 0)], discounts=gap))
    book = Phrasebook(language="nl", currency="EUR", outputs=(), field_labels={})
    assert sentences.insight(view, book) == (
        "Nieuwe klanten krijgen gemiddeld 30,0% korting, bestaande 5,0%: een kloof van 25,0%. "
        "Geef de trouwe klant hetzelfde aanbod."
    )
