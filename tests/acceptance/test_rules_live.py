"""`tiersync rules check --live`: what only a population can show about rules, each with its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from connector.cli.ending import run

if TYPE_CHECKING:
    from pathlib import Path

RULES = """version: 1
parameters:
  line: {default: 5000, type: money}
  strict: {default: false}
fields:
  staff: {from: account.employees}
  website: {from: account.website, type: text}
  tier_before: {from: account.seg_tier}
facts:
  revenue: {sum: deals.amount, where: is_won}
values:
  was_large: tier_before is known and tier_before = 'large'
models:
  tier:
    kind: first_match
    rules:
      - {when: revenue >= $line, then: large}
      - {when: revenue >= 9000, then: huge}
      - {when: revenue < 0, then: odd}
      - {when: staff > 100, then: staffed}
      - {otherwise: unknown}
  everybody:
    kind: first_match
    rules:
      - {when: revenue is known, then: yes_known}
      - {otherwise: never}
  memory:
    kind: first_match
    rules:
      - {when: was_large, then: held}
      - {when: $strict and revenue > 1, then: strictly}
      - {when: revenue < 500, then: little}
      - {otherwise: much}
signals:
  BIG: {on: revenue > 100000, label: x}
  ANY: {on: revenue >= 0, label: x}
outputs:
  seg_tier:
    from: tier
    label: x
    options: {large: x, huge: x, odd: x, staffed: x, gone: x, unknown: x}
"""
AMOUNTS = [4960, 4970, 4980, 4990, 5010, 5020, 20000, 100, 200, 300]


def population(tmp_path: Path) -> list[str]:
    """Write rules and files; give the command that holds them against each other."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "r.yaml").write_text(RULES, "utf-8")
    accounts = [f"{n},{150 if n == 7 else 5},," for n in range(len(AMOUNTS))]
    (tmp_path / "accounts.csv").write_text("\n".join(["account_id,employees,website,x", *accounts, ""]), "utf-8")
    deals = [f"{n},{n},true,{amount},2026-01-01" for n, amount in enumerate(AMOUNTS)]
    (tmp_path / "deals.csv").write_text("\n".join(["deal_id,account_id,is_won,amount,close_date", *deals, ""]), "utf-8")
    return ["rules", "check", str(tmp_path / "rules"), "--live", "--data", str(tmp_path), "--as-of", "2026-04-02"]


@pytest.fixture
def findings(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    command = population(tmp_path)
    assert run([*command, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capfd.readouterr().out)["findings"]
    assert run(command) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[:-1] == [f"{f['file']}:{f['line']}:{f['column']}: {f['message']}" for f in found]
    return found


@pytest.mark.parametrize(
    ("kind", "line", "column", "message"),
    [
        ("unreachable", 18, 16, "tier: huge is never reached: it holds for 1, and an earlier rule takes them all"),
        ("never", 19, 16, "tier: odd never holds: false for 10"),
        ("gap", 21, 9, "tier: no rule answers for 6 of 10"),
        ("crowd", 17, 16, "6 of 10 lie within 1% of 5000: a small change moves them all"),
        ("always", 25, 16, "everybody: yes_known holds for all 10: no rule after it is asked"),
        ("never", 35, 3, "BIG never holds: false for 10"),
        ("always", 36, 3, "ANY holds for all 10"),
        ("unused", 7, 3, "nobody fills account.website"),
        ("unreachable", 38, 3, "nobody is 'gone'"),
    ],
)
def test_a_population_shows(findings: list[dict[str, Any]], kind: str, line: int, column: int, message: str) -> None:
    found = [(f["kind"], f["line"], f["column"], f["message"]) for f in findings]
    assert (kind, line, column, message) in found, found


def test_what_an_earlier_run_or_a_parameter_decides_is_not_told(findings: list[dict[str, Any]]) -> None:
    assert not [finding for finding in findings if finding["message"].startswith("memory")]


def test_what_is_right_is_not_told(findings: list[dict[str, Any]]) -> None:
    said = " ".join(finding["message"] for finding in findings)
    assert "staffed" not in said
    assert "account.employees" not in said
    assert "'large'" not in said
    assert len(findings) == 11, said


def test_a_population_shows_it_in_the_language_of_the_settings(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = population(tmp_path)
    (tmp_path / "settings.toml").write_text('[crm]\nkind = "files"\npath = "."\n[run]\nlanguage = "nl"\n', "utf-8")
    assert run([*command, "--settings", str(tmp_path / "settings.toml")]) == 0
    *found, last = capfd.readouterr().out.splitlines()
    assert last == "11 bevindingen over 10 klanten, peildatum 2026-04-02"
    assert [line.partition(": ")[2] for line in found] == [
        "niemand vult account.website",
        "6 van 10 liggen binnen 1% van 5000: een kleine wijziging verschuift ze allemaal",
        "tier: huge komt nooit aan bod: het geldt voor 1, en een eerdere regel neemt ze allemaal",
        "tier: odd geldt nooit: niet waar voor 10",
        "tier: geen regel geeft antwoord voor 6 van 10",
        "everybody: yes_known geldt voor alle 10: geen regel erna komt aan bod",
        "BIG geldt nooit: niet waar voor 10",
        "ANY geldt voor alle 10",
        *(f"niemand is '{tier}'" for tier in ("gone", "huge", "odd")),
    ]
