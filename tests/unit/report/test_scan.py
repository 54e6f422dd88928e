"""The one-page scan: each figure by hand, and no figure where nothing can be known."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.model.pictures import Crossing, Insights, Pictures, Spend
from connector.report import sentences
from connector.report.advice import view_advice, view_advised
from connector.report.phrasebook import Phrasebook
from connector.report.scan import view_scan
from connector.report.views import view_population
from tests.unit.report.bases import advised, base_100, pictures, slices, source

if TYPE_CHECKING:
    from connector.model.pictures import AdvisedAccount
    from connector.report.scan import ScanView

ENGLISH = Phrasebook(language="en", currency="EUR", outputs=(), field_labels={})
UNSEEN = "Not known: the model is not configured, or there is no earlier run."


def scan(drawn: Pictures, *advice: AdvisedAccount) -> ScanView:
    return view_scan(view_population(source(drawn)), view_advised(map(view_advice, advice), keep=5))


def climbing(*steps: tuple[str | None, str | None, int]) -> Pictures:
    crossings = [Crossing(before, after, accounts, 0) for before, after, accounts in steps]
    return replace(pictures(), crossings={"seg_ladder_step": crossings})


def test_energy_is_that_of_the_first_fifth_of_customers() -> None:
    assert scan(base_100(hours=True)).top20_energy_pct == Decimal("40.0")


def test_money_is_split_between_customers_and_others() -> None:
    spent = Insights(
        spend=[Spend("seg_icp_fit", "ideal", 4, 400_000, None)],
        spend_on_customers_cents=300_000,
        spend_on_others_cents=100_000,
    )
    found = scan(replace(pictures(), insights=spent))
    assert (found.spend_on_customers, found.spend_on_others, found.others_pct) == (
        Decimal(3000),
        Decimal(1000),
        Decimal("25.0"),
    )


def test_who_is_said_no_to_is_counted_apart_from_who_is_watched() -> None:
    drawn = pictures(seg_say_no_status=slices({"say_no": (2, 0), "watch": (1, 0)}))
    found = scan(drawn, advised("1"), advised("2"), advised("3", status="watch"))
    assert (found.say_no, found.watch) == (2, 1)


def test_a_climb_is_a_step_up_of_those_that_had_one_above_them() -> None:
    found = scan(
        climbing(
            ("suspect", "prospect", 3),
            ("prospect", "regular_customer", 2),
            ("regular_customer", "prospect", 1),
            ("regular_customer", "regular_customer", 4),
            ("top_customer", "top_customer", 5),
            ("top_customer", "regular_customer", 1),
            (None, "prospect", 7),
        )
    )
    assert (found.climbed, found.fell, found.could_climb, found.ladder_goal_pct) == (5, 2, 10, Decimal("50.0"))


def test_a_first_run_and_models_that_are_left_out_give_no_figure() -> None:
    found = scan(climbing((None, "prospect", 7)), advised("1"))
    assert (found.climbed, found.fell, found.say_no, found.spend_on_customers) == (None, None, None, None)
    assert [answer for _, answer in sentences.scan(found, ENGLISH)] == [UNSEEN] * 4
