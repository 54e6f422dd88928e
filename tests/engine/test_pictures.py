"""The population from above: counted once per account, and once per group where money is concerned."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.model.fields import Table
from connector.model.pictures import Crossing, Fit, Window
from connector.rules.loading import load
from tests.engine.evaluating import evaluated, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.engine.answers.evaluation import DuckDbEvaluation
    from connector.model.pictures import Pictures

RULES = Path(__file__).parents[2] / "rules"
WON = {"is_won": "true", "is_closed": "true", "close_date": "2026-03-01"}
DEALS = [("one", "1000"), ("two", "400"), ("two", "600")]


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDbEvaluation]:
    """A group of two, three single customers, a former one, a prospect we should refuse, one without a deal."""
    accounts = [
        {"account_id": "daughter", "parent_id": "mother", "seg_pyramid_level": "small"},
        {"account_id": "mother", "seg_pyramid_level": "small"},
        {"account_id": "one"},
        {"account_id": "two"},
        {"account_id": "three", "seg_pyramid_level": "top"},
        {"account_id": "former"},
        {"account_id": "tiny", "employees": "5", "quote_requested_at": "2026-03-01", "owner_id": "7", "name": "Tiny"},
        {"account_id": "unknown"},
    ]
    amounts = {"daughter": "600", "mother": "400", "one": "90", "two": "80", "three": "70"}
    deals = [WON | {"deal_id": name, "account_id": name, "amount": amount} for name, amount in amounts.items()]
    deals += [WON | {"deal_id": "old", "account_id": "former", "amount": "5", "close_date": "2020-03-01"}]
    deals += [WON | {"deal_id": "foreign", "account_id": "one", "amount": "5", "currency": "XXX"}]
    deals += [WON | {"deal_id": "lost", "account_id": "nobody", "amount": "5"}]
    asked = request(tmp_path_factory.mktemp("pictures"), {Table.ACCOUNTS: accounts, Table.DEALS: deals})
    with evaluated(load(RULES), asked) as found:
        yield found


@pytest.fixture(scope="module")
def pictures(evaluation: DuckDbEvaluation) -> Pictures:
    return evaluation.tables()


def test_the_window_is_the_one_revenue_was_counted_over(pictures: Pictures) -> None:
    assert pictures.window == Window("trailing_12_months", date(2025, 4, 2), date(2026, 4, 1))


def test_the_profile_is_held_against_what_customers_bring_and_ask(tmp_path: Path) -> None:
    small = {"employees": "40", "industry": "RETAIL", "gross_margin_pct": "50"}
    fitting = {"employees": "250", "industry": "MACHINERY", "pain_fit": "high", "gross_margin_pct": "50"}
    late = {"open_invoice_amount": "500", "oldest_open_invoice_date": "2025-12-01"}
    accounts = [
        small | late | {"account_id": "a", "nps": "4", "sm_cost_12m": "300"},
        small | {"account_id": "b", "nps": "7", "sm_cost_12m": "100"},
        fitting | {"account_id": "c", "nps": "9"},
        small | {"account_id": "former", "nps": "1"},
    ]
    deals = [WON | {"deal_id": name, "account_id": name, "amount": "1000"} for name in "abc"]
    asked_for = [{"ticket_id": str(n), "account_id": "a", "created_at": "2026-03-01T09:00:00Z"} for n in range(9)]
    asked = request(tmp_path, {Table.ACCOUNTS: accounts, Table.DEALS: deals, Table.TICKETS: asked_for})
    with evaluated(load(RULES), asked) as found:
        fits = found.tables().insights.fits
    weak = (2, 2000_00, 325_00, 9, Decimal("5.5"), 400_00, 2000_00, 1)
    strong = (1, 1000_00, 500_00, 0, Decimal("9.0"), None, None, 0)
    assert fits == (
        Fit("seg_icp_fit", "ideal", *strong),
        Fit("seg_icp_fit", "least_ideal", *weak),
        Fit("size_band", "above", *strong),
        Fit("size_band", "below", *weak),
    )


@pytest.mark.parametrize(
    ("costs", "spends"),
    [
        ({}, {"by_won_deals": [(0, 0, 300_00), (0, 0, 600_00)], "off": []}),
        ({"sm_cost_12m": "200"}, {"by_revenue": [(0, 0, 450_00), (1, 200_00, 450_00)], "off": [(1, 200_00, None)]}),
    ],
)
def test_a_budget_is_allocated_to_segments_beside_what_was_spent_on_accounts(
    tmp_path: Path, costs: dict[str, str], spends: dict[str, list[tuple[int, int, int | None]]]
) -> None:
    accounts = [
        {"account_id": "one", "industry": "MACHINERY"},
        {"account_id": "two", "industry": "RETAIL"} | costs,
        {"account_id": "nobody", "industry": "TOYS"},
    ]
    deals = [WON | {"deal_id": f"{n}", "account_id": who, "amount": amount} for n, (who, amount) in enumerate(DEALS)]
    asked = request(tmp_path, {Table.ACCOUNTS: accounts, Table.DEALS: deals})
    for way, expected in spends.items():
        rules = load(RULES, {"acquisition.budget": "900", "acquisition.allocate": way})
        with evaluated(rules, asked) as found:
            spend = [one for one in found.tables().insights.spend if one.output == "industry"]
        assert [(one.accounts, one.spend_cents, one.allocated_cents) for one in spend] == expected


def test_a_group_brings_its_revenue_once(pictures: Pictures) -> None:
    assert list(pictures.revenues_cents) == [1000_00, 90_00, 80_00, 70_00]
    levels = {s.value: (s.accounts, s.customers, s.revenue_cents) for s in pictures.slices["seg_pyramid_level"]}
    assert levels["top"] == (2, 1, 1000_00)
    assert levels["small"] == (3, 3, 240_00)
    assert levels["inactive"] == (1, 1, 0)


def test_crossings_tell_from_where_to_where(pictures: Pictures) -> None:
    crossings = pictures.crossings["seg_pyramid_level"]
    assert Crossing("small", "top", accounts=2, revenue_cents=1000_00) in crossings
    assert Crossing("top", "small", accounts=1, revenue_cents=70_00) in crossings
    assert sum(crossing.accounts for crossing in crossings) == 8


def test_benchmarks_and_lines_stand_beside_the_levels(pictures: Pictures) -> None:
    assert {level: str(share) for level, share in pictures.benchmarks.items()} == {
        "top": "40",
        "big": "25",
        "medium": "15",
        "small": "20",
    }
    assert pictures.lines_cents["top"] == 545_00


def test_warnings_and_missing_fields_are_counted(pictures: Pictures) -> None:
    assert ("CURRENCY_UNKNOWN", 1) in {(w.code, w.accounts) for w in pictures.warnings}
    assert {m.field for m in pictures.missing} >= {"icp_employees"}


def test_deals_of_nobody_are_reported_and_not_counted(pictures: Pictures) -> None:
    assert pictures.deals_without_account == 1
    assert sum(pictures.revenues_cents) == 1240_00


def test_the_advised_accounts_are_those_to_refuse_or_watch(evaluation: DuckDbEvaluation) -> None:
    (tiny,) = evaluation.advised()
    assert (tiny.account, tiny.name, tiny.owner, tiny.status, tiny.scope) == ("tiny", "Tiny", "7", "say_no", "decline")
    assert tiny.reasons == ("N5",)
    assert tiny.reason is not None
    assert "5" in tiny.reason
    assert tiny.net_contribution_cents is None
