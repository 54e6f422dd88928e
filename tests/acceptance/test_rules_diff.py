"""`tiersync rules diff`: who moves, how much revenue moves along, because of which edit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connector.cli import rules_diff
from connector.cli.ending import run

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
DAY = "2026-04-02"
DEALS = {"a": "40000", "b": "40000", "c": "5000", "d": "5000", "e": "5000"}
POTENTIAL = {"a": "55000", "b": "40000", "c": "25000", "d": "5500", "e": ""}


READ = {
    "nl": (
        (
            *("Regels ", "peildatum 2026-04-02", "  parameter customer_type.potential.min_abs (10000 → 19000)"),
            *("  regel is_customer (base.yaml:", "5 klanten, waarvan gewijzigd: ", "… en nog "),
            *("Waarom het segment of het nee zeggen verandert", "vanwege"),
        ),
        ("accounts", "because", "revenue  ", "rule is_customer"),
    ),
    "en": (
        (
            *("Rules ", "as of 2026-04-02", "  rule is_customer (base.yaml:", "of 5 accounts change; ", "… and "),
            *("Why the tier or the say-no changes", "because of"),
        ),
        ("klanten", "vanwege"),
    ),
}
"""What stands there in a language, and what does not."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The M4 table of the domain as a population; old rules beside the new ones, both as shipped."""
    accounts = [f"{a},{a.upper()},{POTENTIAL[a]},{'a' if a == 'd' else ''}" for a in DEALS]
    deals = [f"{a},{a},true,true,{amount},2025-06-01" for a, amount in DEALS.items()]
    header = "account_id,name,potential_annual_revenue,parent_id"
    (tmp_path / "accounts.csv").write_text("\n".join([header, *accounts, ""]), "utf-8")
    (tmp_path / "deals.csv").write_text(
        "\n".join(["deal_id,account_id,is_won,is_closed,amount,close_date", *deals, ""]), "utf-8"
    )
    for name in ("old", "rules"):
        shutil.copytree(ROOT / "rules", tmp_path / name)
        edit(tmp_path / name / "customer-type.yaml", "high_min:\n    default: null", "high_min:\n    default: 25000")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def diff(here: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def compared(*arguments: str, code: int = 0) -> dict[str, Any]:
        capfd.readouterr()
        assert run(["rules", "diff", "old", "--data", str(here), "--as-of", DAY, "--json", *arguments]) == code
        found: dict[str, Any] = json.loads(capfd.readouterr().out)
        return found

    return compared


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def moves(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {m["account"]: (m["old"], m["new"]) for m in found["moves"] if m["property"] == "seg_tier"}


def test_equal_rules_move_nobody(diff: Callable[..., dict[str, Any]]) -> None:
    found = diff()
    assert (found["edits"], found["accounts"], found["accounts_that_change"], found["moves"]) == ([], 5, 0, [])
    assert found["revenue_moved"] == "0.00"


def test_every_cell_that_cannot_be_read_is_counted(
    here: Path, diff: Callable[..., dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    bad = [f"x{number},X,lots," for number in range(1030)]
    with (here / "accounts.csv").open("a", encoding="utf-8") as accounts:
        accounts.write("\n".join([*bad, ""]))
    assert diff(code=4)["unreadable"] == 1030
    assert run(["rules", "diff", "old", "--data", ".", "--as-of", DAY]) == 4
    assert capfd.readouterr().err.splitlines()[-1].startswith("1.030 cellen waren niet te lezen")


def test_a_parameter_is_named_with_both_values_and_its_revenue(diff: Callable[..., dict[str, Any]]) -> None:
    found = diff("--set", "customer_type.potential.min_abs=19000")
    name = "parameter customer_type.potential.min_abs (10000 → 19000)"
    assert moves(found) == {"a": ("strategic", "large"), "d": ("strategic", "large")}
    assert [line["edit"] for line in found["because"]] == [name]
    assert found["because"][0]["accounts"] == 2
    assert found["tiers"] == [{"from": "strategic", "to": "large", "accounts": 2, "revenue": "45000.00"}]
    assert found["revenue_moved"] == "45000.00"  # a and d are one group: its revenue counts once


def test_a_rule_that_was_edited_is_named_with_its_place(here: Path, diff: Callable[..., dict[str, Any]]) -> None:
    edit(here / "rules" / "base.yaml", "revenue_12m > 0)", "revenue_12m > 6000)")
    found = diff()
    assert {account: new for account, (_, new) in moves(found).items()} == {"c": "inactive", "e": "inactive"}
    [cause] = found["because"]
    assert cause["edit"].startswith("rule is_customer (base.yaml:")


def test_two_edits_are_told_apart(here: Path, diff: Callable[..., dict[str, Any]]) -> None:
    edit(here / "rules" / "base.yaml", "revenue_12m > 0)", "revenue_12m > 6000)")
    found = diff("--set", "customer_type.potential.min_abs=19000")
    tiers = [move for move in found["moves"] if move["property"] == "seg_tier"]
    causes = {move["account"]: [cause.split(" (")[0] for cause in move["because"]] for move in tiers}
    assert causes["e"] == ["rule is_customer"]
    assert causes["a"] == ["parameter customer_type.potential.min_abs"]


def test_a_model_that_is_left_out_is_named(here: Path, diff: Callable[..., dict[str, Any]]) -> None:
    (here / "rules" / "customer-type.yaml").unlink()
    found = diff()
    assert set(moves(found).values()) == {("strategic", "regular"), ("large", "regular"), ("development", "regular")}
    assert all(edit["kind"] in {"parameter", "removed", "rule"} for edit in found["edits"])


def test_the_same_rules_print_the_same_bytes(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    command = ["rules", "diff", "old", "--data", ".", "--as-of", DAY, "--set", "customer_type.potential.min_rel=0.9"]
    said = []
    for _ in range(2):
        assert run(command) == 0
        said.append(capfd.readouterr().out)
        rows = (here / "deals.csv").read_text("utf-8").splitlines()
        (here / "deals.csv").write_text("\n".join([rows[0], *reversed(rows[1:]), ""]), "utf-8")
    assert said[0] == said[1]
    assert "customer_type.potential.min_rel" in said[0]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_people_read_it_in_their_language(
    language: str, here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    says, never = READ[language]
    monkeypatch.setattr(rules_diff, "SHOWN", 1)
    (here / "settings.toml").write_text(f'[run]\nlanguage = "{language}"\n', "utf-8")
    edit(here / "rules" / "base.yaml", "revenue_12m > 0)", "revenue_12m > 6000)")
    capfd.readouterr()
    command = ["rules", "diff", "old", "--data", ".", "--as-of", DAY]
    assert run([*command, "--set", "customer_type.potential.min_abs=19000"]) == 0
    said = capfd.readouterr().out
    assert [words for words in says if words not in said] == []
    assert [words for words in never if words in said] == []


@pytest.mark.parametrize(("language", "word"), [("nl", "toegevoegd"), ("en", "added")])
def test_a_parameter_that_is_new_was_not_set_before(
    language: str, word: str, here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (here / "settings.toml").write_text(f'[run]\nlanguage = "{language}"\n', "utf-8")
    (here / "rules/mine.yaml").write_text("version: 1\nparameters: {mine: 1}\nvalues: {own: revenue_12m * $mine}\n")
    capfd.readouterr()
    assert run(["rules", "diff", "old", "--data", ".", "--as-of", DAY]) == 0
    said = capfd.readouterr().out
    assert f"  parameter mine ({'niet ingesteld' if language == 'nl' else 'not set'} → 1)" in said
    assert f"  {word} own (mine.yaml:3)" in said


def test_a_folder_without_rules_is_a_usage_error(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "diff", "nowhere", "--data", str(here)]) == 2
    assert "no rule files in nowhere" in capfd.readouterr().err


def test_a_cell_that_cannot_be_read_makes_it_partial(here: Path, diff: Callable[..., dict[str, Any]]) -> None:
    edit(here / "deals.csv", "true,true,5000,", 'true,true,"5,0",')
    diff(code=4)


def test_without_data_the_mirror_is_compared(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "settings.toml").write_text('[crm]\nkind = "files"\npath = "."\n', "utf-8")
    assert run(["rules", "diff", "old"]) == 1
    assert "nothing was pulled yet" in capfd.readouterr().err
    assert run(["pull"]) == 0
    capfd.readouterr()
    assert (
        run(["rules", "diff", "old", "--as-of", DAY, "--json", "--set", "customer_type.potential.min_abs=90000"]) == 0
    )
    assert json.loads(capfd.readouterr().out)["accounts"] == 5
