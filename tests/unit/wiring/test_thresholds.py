"""`explain` names every parameter a value stands on, wherever in its definition the parameter is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.rules.loading import load
from connector.wiring.explaining import _thresholds
from tests.shared import ROOT

if TYPE_CHECKING:
    from pathlib import Path

RULES = """version: 1
parameters:
  line: {default: 5000, type: money}
  whom: {default: big, one_of: [big, all]}
  step: {default: 10, type: number}
  gone: {default: 3, type: number}
  more: {default: 4, type: number}
  share: {default: 20, type: number}
fields:
  staff: {from: account.employees, type: number}
facts:
  revenue: {sum: deals.amount, where: is_won and amount > $line}
values:
  size_step: staff / $step
population:
  mean_of_some: {mean: staff, among: $whom = 'all' or staff > $more}
  mean_of_step: {mean: staff, by: [size_step]}
models:
  level:
    kind: bands
    by: revenue
    among: staff > $more
    last: staff < $gone
    counted: $whom = 'all' and staff > 1
    bands: [{then: top, next: $share}, {then: small}]
    rank: place
"""


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("revenue", ["line"]),
        ("size_step", ["step"]),
        ("mean_of_some", ["more", "whom"]),
        ("level", ["gone", "more", "share", "whom"]),
        ("place", ["gone", "more", "share", "whom"]),
    ],
)
def test_every_parameter_of_a_definition_is_named(name: str, parameters: list[str], tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(RULES, "utf-8")
    rules = load(tmp_path)
    found = _thresholds(rules, rules.node(name).definition)
    assert found == {parameter: rules.parameters[parameter].value for parameter in parameters}


def test_a_rank_names_whom_the_pyramid_counts() -> None:
    rules = load(ROOT / "rules")
    for name in ("revenue_rank", "line_top", "two_level_rank"):
        assert _thresholds(rules, rules.node(name).definition)["pyramid.population"] == "active_customers"
