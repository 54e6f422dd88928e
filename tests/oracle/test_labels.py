"""What people read in the CRM is what the specification's tables say, in both languages."""

from __future__ import annotations

import pytest

from connector.rules.loading import load
from connector.wiring import shipped
from tests.oracle.labels import CORE, OPTIONS, PROPERTIES

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
RULES = load(shipped("rules"))
OUTPUTS = {one.output.name: one for one in RULES.outputs}
SAME = {
    "seg_tier_computed": "seg_tier",
    "seg_previous_tier": "seg_tier",
    "seg_override_tier": "seg_tier",
    "seg_customer_type": "seg_tier",
}
"""Properties with the options of another one."""


def test_every_property_of_the_table_exists_and_no_other() -> None:
    assert set(OUTPUTS) == set(PROPERTIES)


@pytest.mark.parametrize("name", sorted(PROPERTIES))
def test_a_property_has_the_type_and_labels_of_the_table(name: str) -> None:
    letter, english, dutch = PROPERTIES[name]
    told = OUTPUTS[name].output

    assert told.label == {"en": english, "nl": dutch}
    assert told.type.value in TYPES[letter]
    assert bool(told.options) == (letter in {"E", "M"})
    assert letter != "€" or told.decimals == 2


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_a_property_has_the_options_of_the_table(name: str) -> None:
    told = {value: (label["en"], label["nl"]) for value, label in OUTPUTS[name].output.options.items()}

    assert told == OPTIONS[name]


@pytest.mark.parametrize("name", sorted(SAME))
def test_tiers_are_called_the_same_wherever_they_stand(name: str) -> None:
    told, tiers = OUTPUTS[name].output.options, OUTPUTS[SAME[name]].output.options

    assert {value: tiers.get(value) for value in told} == told


def test_the_core_set_is_always_there() -> None:
    assert {name for name, one in OUTPUTS.items() if one.core} >= CORE
