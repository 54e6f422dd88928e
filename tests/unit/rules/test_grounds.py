"""What stands beside the outcome of a rule: only what agrees with it, as a person would put it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.rules.trying.examples import run_example
from tests.unit.rules.parts import rules

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES = """
parameters:
  least: {{default: 100, type: number, meaning: a line}}
  lists: {{default: [], meaning: countries}}
fields:
  owed: {{from: account.open_invoice_amount, label: {{en: owed, nl: schuld}}}}
  spent: {{from: account.sm_cost_12m, label: {{en: spent, nl: besteed}}}}
  staff: {{from: account.employees, label: {{en: staff, nl: personeel}}}}
  tried: {{from: account.acquisition_cost_reduction_tried, label: {{en: tried, nl: geprobeerd}}}}
  stated: {{from: account.growth_potential, one_of: [high, low]}}
  country: {{from: account.country, label: {{en: country, nl: land}}}}
values:
  small: staff < $least
models:
  chance:
    kind: first_match
    label: {{en: chance, nl: kans}}
    rules:
      - {{when: stated is known, value: stated}}
      - {{when: owed > 50, then: low}}
      - {{when: spent > 10, then: high}}
      - {{when: staff > 5, then: low}}
      - {{otherwise: unknown}}
    on_unknown: skip
signals:
  HIT: {{{rule}}}
decision:
  applies: staff is applicable
outputs:
  seg_potential:
    from: chance
    label: {{en: Chance, nl: Kans}}
    options: {{high: {{en: High, nl: Hoog}}, low: {{en: Low, nl: Laag}}, unknown: {{en: Unknown, nl: Onbekend}}}}
  seg_explanation: {{type: long_text, label: {{en: Explanation, nl: Toelichting}}, say: [explanation]}}
examples:
  - name: told
    given: {{account: {account}}}
    expect: {{seg_explanation: "{told}"}}
"""
OWED, SPENT, STAFF = "{account.open_invoice_amount}", "{account.sm_cost_12m}", "{account.employees}"


def told(rule: str, account: Mapping[str, object], expected: str) -> None:
    """Assert what is told of one account."""
    given = "{" + ", ".join(f"{name}: {'null' if value is None else value}" for name, value in account.items()) + "}"
    found = rules(RULES.format(rule=rule, account=given, told=expected))
    assert run_example(found, found.examples[0]) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("on: not owed < 50", f"HIT: yes · owed €60.00 (≥ €50.00) {OWED}"),
        ("on: not small", f"HIT: yes · staff 150 (≥ 100) {STAFF}"),
        (
            "on: not (owed > 80 or spent >= 8)",
            f"HIT: yes · owed €60.00 (≤ €80.00) {OWED} and spent €7.00 (< €8.00) {SPENT}",
        ),
        (
            "on: not (owed > 80 and spent >= 8)",
            f"HIT: yes · owed €60.00 (≤ €80.00) {OWED} or spent €7.00 (< €8.00) {SPENT}",
        ),
        ("on: not (country is known and country = 'XX')", "HIT: yes · country NL (≠ XX) {account.country}"),
        ("on: not tried", "HIT: yes · not (tried no {account.acquisition_cost_reduction_tried})"),
    ],
)
def test_a_denied_condition_is_told_by_its_opposite(rule: str, expected: str) -> None:
    account = {"open_invoice_amount": 60, "sm_cost_12m": 7, "employees": 150, "country": "NL"}
    told(rule, account | {"acquisition_cost_reduction_tried": "false"}, expected)


def test_where_unknown_is_enough_the_text_says_so() -> None:
    rule = "on: owed is not known or owed < 50"
    told(rule, {"open_invoice_amount": None, "employees": 1}, f"HIT: yes · owed unknown (unknown or < €50.00) {OWED}")
    told(
        "on: owed < 50 or (owed is not known and spent > 3)",
        {"open_invoice_amount": 9, "sm_cost_12m": 1, "employees": 1},
        f"HIT: yes · owed €9.00 (< €50.00) {OWED} or spent €1.00 (> €3.00) {SPENT}",
    )


def test_only_what_agrees_with_the_answer_is_its_ground() -> None:
    """The first rule that holds decides: what a later one says is true, and explains nothing."""
    rule = "on: chance = 'low'"
    account: dict[str, object] = {"open_invoice_amount": 9, "sm_cost_12m": 20, "employees": 8, "growth_potential": None}
    told(rule, account, f"HIT: no · chance High (= Low) [owed €9.00 (> €50.00) {OWED}]")
    told(rule, account | {"sm_cost_12m": 1}, f"HIT: yes · chance Low (= Low) [staff 8 (> 5) {STAFF}]")


def test_an_answer_that_a_person_filled_in_says_so() -> None:
    account = {"open_invoice_amount": 60, "employees": 8, "growth_potential": "high"}
    told("on: chance = 'low'", account, "HIT: no · chance High (= Low) [filled in {account.growth_potential}]")
    told(
        "on: tried",
        {"acquisition_cost_reduction_tried": None, "employees": 1},
        "HIT: not decidable · tried unknown {account.acquisition_cost_reduction_tried}",
    )


def test_a_choice_tells_the_branch_it_takes() -> None:
    rule = "on: 'if(owed is known, owed > 50, staff > 5)'"
    told(rule, {"open_invoice_amount": 60, "employees": 8}, f"HIT: yes · owed €60.00 (> €50.00) {OWED}")
    told(rule, {"open_invoice_amount": None, "employees": 8}, f"HIT: yes · staff 8 (> 5) {STAFF}")


def test_what_a_signal_does_not_apply_to_gets_no_grounds() -> None:
    told("on: owed > 50, applies: staff > 5", {"open_invoice_amount": 60, "employees": 1}, "HIT: no")


def test_a_limit_keeps_its_decimals_beside_a_whole_number() -> None:
    found = RULES.replace("default: 100, type: number", "default: 2.5, type: number")
    text = found.format(rule="on: small", account="{employees: 2}", told=f"HIT: yes · staff 2 (< 2.5) {STAFF}")
    made = rules(text)
    assert run_example(made, made.examples[0]) == []


def test_a_long_list_ends_between_two_words() -> None:
    names = ", ".join(f"Atlant{n}" for n in range(9))
    text = RULES.replace("default: []", f"default: [{names}]").format(
        rule="on: country in $lists",
        account="{country: Atlant3, employees: 1}",
        told="HIT: yes · country Atlant3 (= Atlant0, Atlant1, Atlant2, Atlant3, Atlant4, Atlant5 …) {account.country}",
    )
    made = rules(text)
    assert run_example(made, made.examples[0]) == []
