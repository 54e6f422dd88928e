"""Small folders written by hand, through `tiersync evaluate`: on the engine what examples promise of plain Python, and
what an example inside a rule file cannot say."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from tests.acceptance.commands import tiersync

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Row = Mapping[str, object]

DAY = "2026-04-02"


def write(folder: Path, name: str, rows: Sequence[Row]) -> None:
    """Write the rows; only the columns that a row has are connected."""
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def evaluated(folder: Path, accounts: Sequence[Row], deals: Sequence[Row], *arguments: str) -> dict[str, Any]:
    """Answer of every account by its id."""
    write(folder, "accounts", accounts)
    write(folder, "deals", [{"deal_id": f"d{number}", **deal} for number, deal in enumerate(deals)])
    ended = tiersync("evaluate", "--data", str(folder), "--as-of", DAY, *arguments, cwd=folder)
    assert ended.code == 0, ended.stderr
    return {row["account_id"]: row for row in map(json.loads, ended.stdout.splitlines())}


def won(account: str, amount: object, day: str = "2026-01-15", **more: object) -> Row:
    closed = {"is_won": "true", "is_closed": "true", "amount": amount, "close_date": day}
    return {"account_id": account, **closed, **more}


def test_deals_that_do_not_say_whether_they_are_closed_prove_no_potential(tmp_path: Path) -> None:
    deals = [
        {"account_id": "won", "is_won": "true", "amount": 40000, "close_date": "2026-01-15", "probability": 1},
        {"account_id": "lost", "is_won": "false", "amount": 40000, "close_date": "2025-06-01", "probability": 1},
    ]
    told = evaluated(tmp_path, [{"account_id": "won"}, {"account_id": "lost"}], deals)

    assert {name: (row["seg_potential"], row["seg_upside"]) for name, row in told.items()} == {
        "won": ("unknown", None),
        "lost": ("unknown", None),
    }


def test_a_purchase_that_does_not_say_whether_it_is_closed_is_no_open_offer(tmp_path: Path) -> None:
    def sold(account: str, kind: str, discount: int) -> Row:
        bought = {"is_won": "true", "amount": 100, "close_date": "2025-05-02", "deal_type": kind}
        return {"account_id": account, **bought, "discount_pct": discount}

    deals = [sold("new", "new", 30), sold("old", "existing", 5)] * 5
    accounts = [{"account_id": "new"}, {"account_id": "old"}]
    silent = evaluated(tmp_path, accounts, deals)
    told = evaluated(
        tmp_path, accounts, [*deals, {**sold("old", "existing", 5), "is_won": "false", "is_closed": "false"}]
    )

    assert [found["old"]["seg_upgrade_offer_due"] for found in (silent, told)] == [False, True]


def test_a_group_that_was_brought_in_counts_once_and_nobody_brings_in_itself(tmp_path: Path) -> None:
    accounts = [
        {"account_id": "b", "referred_by": "b"},
        {"account_id": "daughter", "parent_id": "b", "referred_by": "b"},
        {"account_id": "friend", "referred_by": "b"},
        {"account_id": "branch", "parent_id": "friend", "referred_by": "daughter"},
        {"account_id": "partner", "parent_id": "friend", "referred_by": "b", "seg_exclude": "true"},
        {"account_id": "single", "referred_by": "daughter"},
    ]
    amounts = {"b": 20000, "daughter": 500, "friend": 1000, "branch": 2000, "partner": 9000, "single": 7}
    deals = [won(account, amount) for account, amount in amounts.items()]

    together = evaluated(tmp_path, accounts, deals)
    alone = evaluated(tmp_path, accounts, deals, "--set", "rollup=none")

    assert (together["b"]["seg_referred_revenue_12m"], together["b"]["seg_customer_value"]) == (3007, 23507)
    assert together["single"]["seg_referred_revenue_12m"] == 0
    assert [alone[name]["seg_referred_revenue_12m"] for name in ("b", "daughter")] == [1500, 2007]


def test_who_shares_a_margin_stands_on_the_same_rung(tmp_path: Path) -> None:
    same = [{"account_id": f"a{number}", "gross_margin_pct": 50, "service_hours_12m": 0} for number in range(20)]
    told = evaluated(tmp_path, same, [won(f"a{number}", 500) for number in range(20)])

    assert {row["seg_ladder_step"] for row in told.values()} == {"regular_customer"}


def test_the_explanation_names_a_top_customer_by_margin_and_what_winning_a_lost_one_cost(tmp_path: Path) -> None:
    accounts = [
        {"account_id": f"a{number}", "gross_margin_pct": 70 if number in {3, 4} else 10, "service_hours_12m": 0}
        for number in range(4)
    ]
    lost = {"account_id": "lost", "gross_margin_pct": 70, "acquisition_cost_total": 300}
    paid = {"account_id": "paid", "gross_margin_pct": 70, "acquisition_cost_total": 84}
    deals = [won(f"a{number}", 900 - number) for number in range(4)]
    deals += [won(name, 120, "2025-03-01") for name in ("lost", "paid")]
    told = evaluated(tmp_path, [lost, paid, *accounts], deals, "--set", "labels.language=en")

    by_margin, spent = "Top customer by margin after service.", "Acquisition cost that was not recovered: €216.00."
    lines = {name: row["seg_explanation"].splitlines() for name, row in told.items()}
    assert [name for name in told if by_margin in lines[name]] == ["a3"]
    assert [name for name in told if spent in lines[name]] == ["lost"]
    assert not any("not recovered" in line for line in lines["paid"])


def test_the_explanation_says_which_tier_a_person_typed_over_ours(tmp_path: Path) -> None:
    accounts: list[Row] = [
        {"account_id": "typed", "seg_tier": "strategic", "seg_tier_rank": 4},
        {"account_id": "emptied", "seg_tier_rank": 4},
        {"account_id": "ours", "seg_tier": "regular", "seg_tier_rank": 4},
        {"account_id": "moved", "seg_tier": "prospect", "seg_tier_rank": 6},
        {"account_id": "without_rank", "seg_tier": "strategic"},
    ]
    deals = [won(str(account["account_id"]), 900) for account in accounts]
    told = evaluated(tmp_path, accounts, deals, "--set", "labels.language=en")

    line = (
        "The CRM holds Strategic customer, typed by hand; ours is Large customer (retain). "
        "To keep a tier of your own, fill in 'Override: tier'."
    )
    assert [name for name, row in told.items() if "typed by hand" in row["seg_explanation"]] == ["typed"]
    assert line in told["typed"]["seg_explanation"].splitlines()


def test_a_sentence_tells_the_stored_amount_and_ratio(tmp_path: Path) -> None:
    deals = [won("a", 300, "2023-04-01"), won("a", "301.49"), won("b", 10_000, "2025-05-01")]
    settings = ("labels.language=nl", "customer_type.current_value.high_min=25000", "acquisition.low_revenue_max=20000")
    chosen = [part for one in settings for part in ("--set", one)]
    told = evaluated(tmp_path, [{"account_id": "a"}, {"account_id": "b", "sm_cost_12m": "5034.5"}], deals, *chosen)

    assert (told["a"]["seg_customer_value"], told["b"]["seg_acq_cost_ratio"]) == (100.5, 0.5035)
    assert "€ 101;" in told["a"]["seg_reason"]
    assert " 50,4% " in told["b"]["seg_reason"]
