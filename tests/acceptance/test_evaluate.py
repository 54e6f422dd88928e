"""`tiersync evaluate` as a person runs it: files in, one JSON object per account out."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.acceptance.commands import Ended, tiersync
from tests.acceptance.pyramid_by_hand import levels
from tests.shared import shared_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY = "2020-06-01"
FIRST_DAY = "2019-06-02"
ACCOUNTS = ("account_id", "name", "employees", "own_turnover", "country")
THEIRS = ("account_id", "name", "employees", "annual_revenue", "country")
RULES = Path(__file__).parents[2] / "rules"
DEALS = ("deal_id", "account_id", "is_won", "is_closed", "amount", "currency", "close_date")


def write(folder: Path, name: str, columns: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def evaluate(folder: Path, *arguments: str, day: str = DAY) -> Ended:
    return tiersync("evaluate", "--data", str(folder), "--as-of", day, *arguments, cwd=folder)


def parsed(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line, parse_float=Decimal) for line in ended.stdout.splitlines()]


# ── data nobody here wrote ───────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def resellers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, str]], list[dict[str, str]]]:
    """The AdventureWorks resellers as accounts, their orders as won deals; dollars are the home currency."""
    source = shared_folder() / "data" / "adventureworks"
    with (source / "accounts.csv").open(encoding="utf-8") as file:
        accounts = [
            {name: row[column] for name, column in zip(ACCOUNTS, THEIRS, strict=True)} for row in csv.DictReader(file)
        ]
    with (source / "orders.csv").open(encoding="utf-8") as file:
        deals = [
            {
                "deal_id": row["order_id"],
                "account_id": row["account_id"],
                "is_won": "true",
                "is_closed": "true",
                "amount": row["amount"],
                "currency": "USD",
                "close_date": row["order_date"],
            }
            for row in csv.DictReader(file)
        ]
    folder = tmp_path_factory.mktemp("adventureworks")
    write(folder, "accounts", ACCOUNTS, accounts)
    write(folder, "deals", DEALS, deals)
    (folder / "settings.toml").write_text(f'[rules]\ndirectory = "{RULES}"\n[run]\nhome_currency = "USD"\n', "utf-8")
    return folder, accounts, deals


@pytest.fixture(scope="module")
def evaluated(resellers: tuple[Path, list[dict[str, str]], list[dict[str, str]]]) -> Ended:
    return evaluate(resellers[0])


def test_every_reseller_has_the_level_and_revenue_a_person_computes(
    resellers: tuple[Path, list[dict[str, str]], list[dict[str, str]]], evaluated: Ended
) -> None:
    _, accounts, deals = resellers
    assert evaluated.code == 0, evaluated.stderr
    revenue = dict.fromkeys((row["account_id"] for row in accounts), Decimal(0))
    bought = set()
    for deal in deals:
        bought.add(deal["account_id"])
        if FIRST_DAY <= deal["close_date"] <= DAY:
            revenue[deal["account_id"]] += Decimal(deal["amount"])
    expected = levels({name: amount for name, amount in revenue.items() if amount > 0})
    for name in revenue:
        expected.setdefault(name, "inactive" if name in bought else "suspect")
    found = parsed(evaluated)
    assert {row["account_id"]: row["seg_pyramid_level"] for row in found} == expected
    assert {row["account_id"]: row["seg_revenue_12m"] for row in found} == revenue
    assert Counter(expected.values())["top"] == 6


def test_accounts_come_out_in_the_order_of_their_ids(evaluated: Ended) -> None:
    names = [row["account_id"] for row in parsed(evaluated)]
    assert len(names) == 701
    assert names == sorted(names)


def test_shuffled_rows_give_the_same_bytes(
    resellers: tuple[Path, list[dict[str, str]], list[dict[str, str]]], evaluated: Ended, tmp_path: Path
) -> None:
    folder, accounts, deals = resellers
    write(tmp_path, "accounts", ACCOUNTS, accounts[1::2] + accounts[::-2])
    write(tmp_path, "deals", DEALS, sorted(deals, key=lambda deal: deal["amount"][::-1]))
    again = evaluate(tmp_path, "--settings", str(folder / "settings.toml"))
    assert again.stdout == evaluated.stdout


# ── form ─────────────────────────────────────────────────────────────────────────────────────────


def small(folder: Path, **cells: str) -> Path:
    write(folder, "accounts", ("account_id", "name", "seg_tier", *cells), [{"account_id": "A", "name": "Één"} | cells])
    deal = {"deal_id": "1", "account_id": "A", "is_won": "true", "is_closed": "true"}
    write(folder, "deals", DEALS, [deal | {"amount": "62500", "close_date": "2020-05-31"}])
    return folder


def test_money_has_its_decimals_lists_are_lists_and_nothing_is_null(tmp_path: Path) -> None:
    ended = evaluate(small(tmp_path, employees="250"))
    assert (ended.code, ended.stderr.count("error")) == (0, 0)
    (line,) = ended.stdout.splitlines()
    assert '"seg_revenue_12m": 62500.00' in line
    (found,) = parsed(ended)
    assert (found["seg_say_no"], found["seg_say_no_reasons"]) == (False, [])
    assert found["warnings"] == ["FLAT_DISTRIBUTION"]
    assert (found["seg_say_no_scope"], found["seg_last_evaluated"]) == (None, DAY)


def test_a_parameter_set_on_the_command_line_counts(tmp_path: Path) -> None:
    ended = evaluate(small(tmp_path), "--set", "pyramid.two_level_below=20")
    assert parsed(ended)[0]["seg_pyramid_level"] == "big"


def test_parquet_files_of_any_type_give_the_same_bytes_as_csv(tmp_path: Path) -> None:
    csv_, parquet = tmp_path / "csv", tmp_path / "parquet"
    for folder in (csv_, parquet):
        folder.mkdir()
    small(csv_, employees="250", last_contact="2020-05-01", nps="", invoice_disputed="false", gross_margin_pct="12.5")
    utc = datetime(2020, 5, 31, 21, 59, tzinfo=UTC)  # the last day of May in Amsterdam, too
    columns = {
        "account_id": ["A"],
        "name": ["Één"],
        "seg_tier": pa.array([None], pa.null()),
        "employees": pa.array([250], pa.int32()),
        "last_contact": [date(2020, 5, 1)],
        "nps": pa.array([None], pa.float64()),
        "invoice_disputed": [False],
        "gross_margin_pct": [12.5],
    }
    deal = {"deal_id": [1], "account_id": ["A"], "is_won": [True], "is_closed": [True], "close_date": [utc]}
    pq.write_table(pa.table(columns), parquet / "accounts.parquet")
    pq.write_table(pa.table(deal | {"amount": pa.array([62500], pa.decimal128(12, 2))}), parquet / "deals.parquet")
    read = evaluate(parquet)
    assert (read.code, read.stdout) == (0, evaluate(csv_).stdout), read.stderr
    assert parsed(read)[0]["seg_revenue_12m"] == Decimal("62500.00")


def test_another_folder_of_rules_counts(tmp_path: Path) -> None:
    rules = tmp_path / "mine"
    rules.mkdir()
    (rules / "one.yaml").write_text(
        "version: 1\nfields: {index: {from: account.knowhow_index}}\n"
        "outputs: {seg_index: {from: index, label: {en: Index, nl: Index}}}\n",
        encoding="utf-8",
    )
    ended = evaluate(small(tmp_path, knowhow_index="1.250"), "--rules", str(rules))
    assert ended.stdout == '{"account_id": "A", "seg_index": 1.2500, "warnings": []}\n'


# ── bad input ────────────────────────────────────────────────────────────────────────────────────


def test_an_unreadable_cell_ends_with_4_names_its_place_and_loses_no_account(tmp_path: Path) -> None:
    ended = evaluate(small(tmp_path, employees="many"))
    assert ended.code == 4
    assert "accounts.csv rij 2 (account_id A), kolom employees: 'many' is geen getal" in ended.stderr
    assert [row["seg_data_quality"] for row in parsed(ended)] == ["insufficient"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("deals.csv", None, "deals.csv"),
        ("accounts.csv", "name\nA\n", "account_id"),
        ("deals.csv", "deal_id,account_id,amount,close_date\n", "is_won"),
        ("deals.csv", "deal_id,is_won,amount,close_date\n", "account_id"),
    ],
)
def test_a_missing_file_or_column_ends_with_2_and_is_named(
    tmp_path: Path, name: str, content: str | None, says: str
) -> None:
    small(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    ended = evaluate(tmp_path)
    assert (ended.code, ended.stdout) == (2, "")
    assert name in ended.stderr
    assert says in ended.stderr


def test_deals_of_no_account_are_counted_on_stderr_and_change_nothing_else(tmp_path: Path) -> None:
    folder = small(tmp_path)
    before = evaluate(folder)
    with (folder / "deals.csv").open("a", encoding="utf-8") as deals:
        columns = (folder / "deals.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        for deal, account in (("D8", "a"), ("D9", "")):
            cells = {"deal_id": deal, "account_id": account, "is_won": "true", "amount": "9000"}
            deals.write(",".join(cells.get(column, "") for column in columns) + "\n")
    after = evaluate(folder)
    assert (after.code, after.stdout) == (0, before.stdout)
    assert "geen klant van" not in before.stderr
    assert f"2 deals horen bij geen klant van {folder / 'accounts.csv'}" in after.stderr


def test_a_file_without_accounts_is_told_and_a_broken_one_ends_with_2_and_its_line(tmp_path: Path) -> None:
    folder = small(tmp_path)
    accounts = folder / "accounts.csv"
    accounts.write_text("account_id,name\n", encoding="utf-8")
    ended = evaluate(folder)
    assert (ended.code, ended.stdout) == (0, "")
    assert f"{accounts}: geen klant om te beoordelen" in ended.stderr
    accounts.write_text("account_id,name\nA1,Acme\nA2\n", encoding="utf-8")
    broken = evaluate(folder, "--json")
    assert (broken.code, f"{accounts}:3: 1 cell, where the header has 2" in broken.stderr) == (2, True), broken.stderr
    assert json.loads(broken.stdout)["error"]["hint"] == "save it as UTF-8 CSV with commas (RFC 4180)"
