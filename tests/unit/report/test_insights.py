"""What single models show, by the worked numbers of the domain, and only where a model is configured."""

from __future__ import annotations

from decimal import Decimal

from connector.model.pictures import Ageing, Attention, Dream, Insights, Spend
from connector.report.insights import machine_rows, view_insights


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
    assert rows["dreams"][1] == ["7", "Anvil", Decimal(62500), Decimal(30000), Decimal("2.50"), Decimal("1.25"), None]
    assert rows["spend"][1] == ["seg_icp_fit", None, 2, Decimal(3000), Decimal(4000), Decimal("75.0")]
