"""Properties, values and labels are those of domain.md 6.1 and 6.3 to the letter, in both languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from connector.rules.loading import load
from tests.shared import ROOT, shared_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.ruleset import OutputOf

OUTPUTS = {output.output.name: output for output in load(ROOT / "rules").outputs}
TYPES = {
    "E": {"text"},
    "M": {"multi"},
    "B": {"boolean"},
    "N": {"number", "integer"},
    "€": {"money"},
    "D": {"date"},
    "T": {"text"},
    "L": {"long_text"},
}
CALLED = {
    "tier": "seg_tier",
    "scope": "seg_say_no_scope",
    "payment": "seg_payment_status",
    "acquisition status": "seg_acq_status",
}
"""Names of 6.3 that are not the property's own without its prefix."""
NOT_LISTED = "reasons"
"""Their labels are sentences of 5.3."""
CORE = """tier pyramid_level customer_type ladder_step icp_fit say_no say_no_status say_no_scope say_no_reasons action
action_text reason explanation revenue_12m customer_value data_quality missing_data override_tier override_say_no
override_reason override_until override_status rule_version last_evaluated signals exclude"""
"""6.1, with the signals of 11.1 and the switch that people set."""


def section(start: str, end: str) -> str:
    text = (shared_folder() / "domain.md").read_text("utf-8")
    return text[text.index(start) : text.index(end)]


def rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("| ") and "`" in line:
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_every_property_has_its_type_and_its_labels() -> None:
    told = list(rows(section("### 6.1 ", "### 6.2 ")))
    plain = [row for row in told if row[0].count("`") == 2]
    assert len(plain) > 50
    for cell, kind, english, dutch in plain:
        output = OUTPUTS[cell.strip("`")].output
        assert output.label == {"en": english, "nl": dutch}, cell
        assert output.type.value in TYPES[kind], cell
        assert bool(output.options) == (kind in "EM"), cell
        assert kind != "€" or output.decimals == 2, cell
    several = {name for row in told if row not in plain for name in re.findall(r"`(\w+)`", row[0])}
    assert several == {"seg_override_tier", "_say_no", "_reason", "_until", "seg_rule_version", "seg_last_evaluated"}
    overrides = {f"seg_override{name}" for name in several if name.startswith("_")}
    full = {name for name in several if not name.startswith("_")}
    assert set(OUTPUTS) == {row[0].strip("`") for row in plain} | overrides | full


def test_the_core_set_is_that_of_the_domain() -> None:
    assert {name for name, output in OUTPUTS.items() if output.core} == {f"seg_{name}" for name in CORE.split()}


def listed() -> dict[str, dict[str, dict[str, str]]]:
    """Property -> value -> label per language, as 6.3 has them."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    called = ""
    for property_, values, english, dutch in rows(section("### 6.3 ", "### 6.4 ")):
        called = property_ or called
        if called == NOT_LISTED:
            continue
        name = CALLED.get(called) or f"seg_{called.replace('-', '_').replace(' ', '_')}"
        names = re.findall(r"`(\w+)`", values)
        labels = [[text] if len(names) == 1 else text.split(", ") for text in (english, dutch)]
        for value, en, nl in zip(names, *labels, strict=True):
            found.setdefault(name, {})[value] = {"en": en, "nl": nl}
    return found


def test_every_value_has_its_labels() -> None:
    told = listed()
    assert len(told) == 19
    assert {name: _labels(OUTPUTS[name]) for name in told} == told


@pytest.mark.parametrize("name", ["seg_customer_type", "seg_override_tier", "seg_previous_tier", "seg_tier_computed"])
def test_tiers_are_called_alike_everywhere(name: str) -> None:
    tiers = _labels(OUTPUTS["seg_tier"])
    assert _labels(OUTPUTS[name]).items() <= tiers.items()


def _labels(output: OutputOf) -> dict[str, dict[str, str]]:
    return {value: dict(label) for value, label in output.output.options.items()}
