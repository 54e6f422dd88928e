"""One account explained to a person: the verdict first, then what would change it, then each rule file in order."""

from typing import Any

import pytest

from connector.cli.explain import show_explanation
from connector.model.fields import Type
from connector.model.outputs import Labels, Output


def value(name: str, shown: str | None, at: str, *, kind: str = "value", **thresholds: object) -> dict[str, Any]:
    state = "unknown" if shown is None else "known"
    place = {"over": "account", "columns": [name], "fields": [name.capitalize()], "where": None}
    deals = {"over": "deals", "columns": ["amount"], "fields": ["Amount"], "where": "is_won"}
    return {
        "name": name,
        "kind": kind,
        "state": state,
        "value": shown,
        "at": at,
        "thresholds": thresholds,
        "sources": [place] if kind == "field" else [place, deals],
    }


LINE: dict[str, Any] = {
    "band": "big",
    "by": "metric",
    "meaning": "revenue",
    "money": True,
    "line": "102280.6",
    "value": "1052.58",
    "more": "101228.02",
}
FOUND: dict[str, Any] = {
    "account": "7",
    "name": "Bakker",
    "as_of": "2026-04-02",
    "rule_version": "abc",
    "home_currency": "EUR",
    "outputs": {"seg_tier": "regular", "seg_reason": "Why it is so.", "seg_payment_status": None},
    "warnings": [],
    "nearest": None,
    "lines": [LINE],
    "values": [
        value("metric", "1052.58", "pyramid.yaml:66", below=24000, above=None),
        value("employees", None, "pyramid.yaml:9", kind="field"),
        value("level", None, "pyramid.yaml:70"),
        value("first", "true", "pyramid.yaml:7"),
        value("turnover", "12300", "pyramid.yaml:8", kind="fact"),
        value("warning.FUTURE_WON_DATE", "false", "base.yaml:3"),
        {**value("ladder", "x", "ladder.yaml:1"), "state": "not applicable"},
    ],
}


def lines(capsys: pytest.CaptureFixture[str], language: str) -> list[str]:
    show_explanation(FOUND, Labels(language, {}))
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_a_name_is_one_line_that_a_terminal_obeys_in_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_explanation(FOUND | {"name": "Zoë\n\x1b[31m\u202e שלום 🎉"}, Labels("en", {}))
    assert capsys.readouterr().out.splitlines()[0].startswith("Zoë [31m שלום 🎉 (7), ")


def test_so_is_every_line_of_a_sentence_and_every_value(capsys: pytest.CaptureFixture[str]) -> None:
    values = [value | {"value": "\x1b[2J sneaky"} if value["state"] == "known" else value for value in FOUND["values"]]
    outputs = FOUND["outputs"] | {"seg_reason": "one\x1b[31m\ntwo\u202e"}
    show_explanation(FOUND | {"outputs": outputs, "values": values}, Labels("en", {}))
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "  one [31m\n  two\n" in told


def test_what_the_next_level_needs_is_said_before_the_details(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(capsys, "en")
    needed = told.index("big begins above €102,280.60: €101,228.02 more than €1,052.58 (revenue)")
    assert told.index("Why it is so.") < needed < told.index("pyramid.yaml")


def test_values_stand_by_rule_file_and_line_with_their_thresholds(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(capsys, "en")
    assert told[told.index("pyramid.yaml") + 1 :][:3] == [
        "7 first yes",
        "8 turnover 12,300 from account: Turnover; deals: Amount (is_won)",
        "66 metric 1,052.58 [below 24,000, above not set]",
    ]


def test_what_is_missing_is_told_apart_from_what_is_not_decidable(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(capsys, "en")
    assert {"not filled in: employees (Employees)", "not decidable: level"} <= set(told)


def test_what_does_not_apply_and_what_the_head_tells_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    told = "\n".join(lines(capsys, "en"))
    assert "ladder" not in told
    assert "FUTURE_WON_DATE" not in told


def test_an_explanation_speaks_dutch(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(capsys, "nl")
    assert "niet ingevuld: employees (Employees)" in told
    assert "8 turnover 12.300 uit account: Turnover; deals: Amount (is_won)" in told
    assert told[0] == "Bakker (7), peildatum 02-04-2026, regels abc"
    assert "big begint boven € 102.280,60: € 101.228,02 meer dan € 1.052,58 (revenue)" in told
    assert "7 first ja" in told
    assert "66 metric 1.052,58 [below 24.000, above niet ingesteld]" in told


def test_a_line_through_what_is_no_amount_and_has_no_label_is_told_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show_explanation(FOUND | {"lines": [LINE | {"meaning": None, "money": False}]}, Labels("en", {}))
    told = capsys.readouterr().out
    assert "big begins above 102,280.6: 101,228.02 more than 1,052.58 (metric)" in told


def test_an_amount_is_told_as_money_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    clv = Output("seg_clv", Type.MONEY, {"nl": "Klantwaarde over looptijd"})
    change = {"revenue": "-2906.28", "tier": "regular"}
    found = FOUND | {"outputs": {"seg_clv": "25607.4"}, "nearest": change}
    show_explanation(found, Labels("nl", {"seg_clv": clv}))
    told = " ".join(capsys.readouterr().out.split())
    assert "Klantwaarde over looptijd € 25.607,40" in told
    assert "Met € 2.906,28 gecrediteerd vandaag wordt het: regular" in told


def test_the_crm_s_own_cell_is_told_with_what_fills_it(capsys: pytest.CaptureFixture[str]) -> None:
    values = [value("_crm_sm_cost_12m", "5", "acquisition.yaml:26"), value("sm_cost_12m", "5", "acquisition.yaml:26")]
    show_explanation(FOUND | {"values": values}, Labels("en", {}))
    told = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in told if "sm_cost" in line] == ["26 sm_cost_12m 5"]
