"""Why each account changes, from the files a person edits to the cause in the journal: every cause in its situation."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from connector.sync import history
from connector.wiring import wire

ROOT = Path(__file__).parents[2]
DAY = date(2026, 4, 2)
COLUMNS = "account_id,name,parent_id,seg_override_tier,seg_override_reason,seg_override_until"
DEALS = "deal_id,account_id,amount,currency,is_won,is_closed,close_date,home_amount"
PEOPLES = {"seg_override_tier", "seg_override_say_no", "seg_override_reason", "seg_override_until", "seg_exclude"}
"""What people fill and nobody else."""
RATES = "currency,valid_from,rate"


class Books:
    """Accounts A to H, each with one deal; A is far ahead, and G is a subsidiary of nobody yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.accounts = {name: [name, "", "", "", ""] for name in "ABCDEFGH"}
        self.deals = {name: (1_000 * (9 - number)) for number, name in enumerate("ABCDEFGH")}
        self.deals["A"] = 90_000
        self.settings = ""
        self.overrides: dict[str, list[str]] = {}
        self.standing: dict[str, int] = {}
        self.currency = "EUR"
        self.language = "en"
        self.dollars: dict[str, str] = {}
        """Accounts whose deal is in dollars, with what the CRM made of it; empty when we convert it."""
        self.rates = {"2025-06-01": "0.90", "2026-02-01": "0.80"}
        (folder / "crm").mkdir()
        shutil.copytree(ROOT / "rules", folder / "rules")

    def sync(self, *, day: date = DAY) -> dict[str, set[str]]:
        """Run once; the causes of each account that changed."""
        rows = [",".join([name, *cells]) for name, cells in self.accounts.items()]
        won = [
            f"D{n},{n},{amount},{'USD' if n in self.dollars else 'EUR'},true,true,2026-01-05,{self.dollars.get(n, '')}"
            for n, amount in self.deals.items()
        ]
        rates = [f"USD,{day},{rate}" for day, rate in self.rates.items()]
        (self.folder / "crm/currency_rates.csv").write_text("\n".join([RATES, *rates, ""]), "utf-8")
        (self.folder / "crm/accounts.csv").write_text("\n".join([COLUMNS, *rows, ""]), "utf-8")
        (self.folder / "crm/deals.csv").write_text("\n".join([DEALS, *won, ""]), "utf-8")
        text = f"""
[crm]
kind = "files"
path = "crm"
[run]
language = "{self.language}"
home_currency = "{self.currency}"
[limits]
max_new_say_no_pct = 100
max_tier_change_pct = 100
max_revenue_moved_pct = 100
max_owner_book_pct = 100
max_population_drop_pct = 100
{self.settings}
"""
        file = self.folder / "settings.toml"
        file.write_text(text, "utf-8")
        with closing(wire(file, as_of=day, overrides={})) as wiring:
            result = wiring.walk(lambda *_: None).sync(yes=True)
            assert result.exit_code in {0, 4}, result
            self.overrides = {why: list(accounts) for why, accounts in result.overrides.items() if accounts}
            self.standing = history.status(wiring.journal, now=wiring.clock())["overrides"]
            found: dict[str, set[str]] = {}
            for record in history.show(wiring.journal, result.run)["records"]:
                assert record["property"] not in PEOPLES
                if record["outcome"] == "written":
                    found.setdefault(record["account"], set()).add(record["cause"])
        return found


@pytest.fixture
def books(tmp_path: Path) -> Books:
    made = Books(tmp_path)
    first = made.sync()
    assert first == {name: {"first assignment"} for name in "ABCDEFGH"}
    assert made.sync() == {}
    return made


def test_own_data_and_peers_are_told_apart(books: Books) -> None:
    books.deals["H"] = 60_000
    found = books.sync()
    assert found.pop("H") == {"own data changed"}
    assert found
    assert set().union(*found.values()) == {"peers moved"}


def test_another_language_is_named_where_the_sentences_change_and_nobody_moves(books: Books) -> None:
    books.language = "nl"
    found = books.sync()
    assert set(found) == set("ABCDEFGH")
    assert set().union(*found.values()) == {"language changed"}
    assert books.sync() == {}


def test_time_is_named_where_nothing_else_changed(books: Books) -> None:
    found = books.sync(day=date(2027, 2, 1))
    assert found
    assert set().union(*found.values()) == {"peers moved or time passed"}


def test_an_edited_parameter_is_told_from_edited_rules(books: Books) -> None:
    books.settings = '[parameters]\n"customer_type.current_value.high_min" = 5000'
    found = books.sync()
    assert found
    assert set().union(*found.values()) == {"parameter edited"}
    say_no = books.folder / "rules" / "say-no.yaml"
    line = "{when: tier = 'regular', then: explore_potential}"
    edited = say_no.read_text("utf-8").replace(
        line, f"{{when: tier = 'regular' and not W1, then: convert}}\n      - {line}"
    )
    say_no.write_text(edited, "utf-8")
    found = books.sync()
    assert found
    assert set().union(*found.values()) == {"rules edited"}


def test_an_override_that_is_set_and_one_that_expires_are_named(books: Books) -> None:
    books.accounts["B"][2:] = ["strategic", "the board knows them", "2026-04-20"]
    assert books.sync()["B"] == {"override changed"}
    assert books.sync(day=date(2026, 4, 19)).get("B", set()) <= {"peers moved or time passed"}
    assert books.sync(day=date(2026, 4, 21))["B"] == {"override changed"}


def test_a_group_that_changed_is_named_on_all_its_members_old_and_new(books: Books) -> None:
    books.accounts["G"][1] = "H"
    found = books.sync()
    assert (found["G"], found["H"]) == ({"hierarchy changed"}, {"hierarchy changed"})
    assert all("hierarchy changed" not in causes for name, causes in found.items() if name not in "GH")
    books.accounts["G"][1] = "B"
    found = books.sync()
    assert {name for name, causes in found.items() if causes == {"hierarchy changed"}} == {"B", "G", "H"}


def test_another_home_currency_is_named(books: Books) -> None:
    books.currency = "USD"
    found = books.sync()
    assert found
    assert set().union(*found.values()) == {"currency"}


def test_changed_rates_are_named_on_those_whose_deals_they_convert(books: Books) -> None:
    books.dollars = {"B": "", "C": "6000"}
    books.sync()
    books.rates["2026-02-01"] = "0.10"  # after all deals
    assert books.sync() == {}
    books.rates["2025-06-01"] = "0.95"
    assert books.sync()["B"] == {"currency"}
    books.dollars["C"] = "6500"
    found = books.sync()
    assert found.pop("C") == {"currency"}
    assert set().union(*found.values(), {"peers moved"}) == {"peers moved"}
    books.rates["2025-06-01"] = "0.30"
    books.deals["B"] += 40_000
    assert books.sync()["B"] == {"own data changed"}


def test_overrides_somebody_should_look_at_again_are_told(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERSYNC_NOW", "2026-04-02T09:00:00+02:00")
    books.accounts["B"][2:] = ["strategic", "the board knows them", "2026-09-20"]
    books.accounts["C"][2:] = ["regular", "promised", "2026-04-10"]
    books.accounts["D"][2:] = ["large", "promised", "2026-03-10"]
    books.sync()
    assert books.overrides == {"ends_soon": ["C"], "agrees": ["C"], "expired": ["D"]}
    monkeypatch.setenv("TIERSYNC_NOW", "2026-10-05T09:00:00+02:00")
    books.accounts["B"][4] = "2026-12-20"
    books.sync(day=date(2026, 10, 5))
    assert books.overrides["long"] == ["B"]
    assert books.standing == {why: len(accounts) for why, accounts in books.overrides.items()}
