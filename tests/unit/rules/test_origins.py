"""What a value is made of: where a parameter chooses, only what is chosen."""

from __future__ import annotations

import pytest

from connector.rules.loading import load_texts
from connector.rules.origins import origins, parameter_of

RULES = """version: 1
parameters:
  way: {{default: chosen, one_of: [chosen, other], meaning: which one}}
  least: {{default: 5, meaning: from where}}
fields:
  employees: {{from: account.employees}}
  nps: {{from: account.nps}}
values:
  found: {formula}
outputs:
  seg_found: {{from: found, label: {{en: x, nl: x}}}}
"""
BOTH = ("account.employees", "account.nps")


@pytest.mark.parametrize(
    ("formula", "made_of"),
    [
        ("if($way = 'chosen', employees, nps)", BOTH[:1]),
        ("if($way <> 'chosen', employees, nps)", BOTH[1:]),
        ("if($way <> 'other', employees, nps)", BOTH[:1]),
        ("if('other' = $way, employees, nps)", BOTH[1:]),
        ("if($way in ['other', 'chosen'], employees, nps)", BOTH),
        ("if($least < 6, employees, nps)", BOTH),
        ("if(employees > 3, employees, nps)", BOTH),
    ],
)
def test_the_branch_that_a_word_of_a_parameter_chooses_is_named(formula: str, made_of: tuple[str, ...]) -> None:
    rules = load_texts({"r.yaml": RULES.format(formula=formula).encode()})
    nodes = {node.name: node for node in rules.nodes}
    assert origins(nodes, "found", parameter_of(rules.parameters)) == made_of
