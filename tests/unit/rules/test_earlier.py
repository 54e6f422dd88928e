"""A rule with a memory looks at the property that shows it, as an earlier run left it, unless it says where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.rules.examples import run_example
from connector.rules.ruleset import FieldOf, Of
from tests.unit.rules.parts import rules

if TYPE_CHECKING:
    from connector.rules.ruleset import Example

MEMORY = """
facts:
  revenue: {sum: deals.amount, where: is_won}
  group_revenue: {sum: members.revenue, of: group}
  contacts: {count: tickets}
signals:
  DEMANDING: {on: contacts >= 3, off: contacts < 2, label: {en: Demanding, nl: Veeleisend}}
models:
  level:
    kind: bands
    by: group_revenue
    bands: [{then: big, next: 50%}, {then: small}]
    stick: 10%
outputs:
  seg_marks: {from: signals_on, label: {en: Marks, nl: Merken}}
  seg_level: {from: level, label: {en: Level, nl: Niveau}, options: {big: {en: Big, nl: Groot}, small: {en: Small, nl: Klein}}}
examples:
  - {name: goes on, given: {account: {tickets: [{times: 3, days_ago: 1}]}}, expect: {DEMANDING: true, seg_marks: [DEMANDING]}}
  - {name: not on, given: {account: {tickets: [{times: 2, days_ago: 1}]}}, expect: {DEMANDING: false}}
  - {name: stays on, given: {account: {seg_marks: DEMANDING, tickets: [{times: 2, days_ago: 1}]}}, expect: {DEMANDING: true}}
  - {name: another was on, given: {account: {seg_marks: OTHER, tickets: [{times: 2, days_ago: 1}]}}, expect: {DEMANDING: false}}
  - {name: goes off, given: {account: {seg_marks: DEMANDING, tickets: [{days_ago: 1}]}}, expect: {DEMANDING: false}}
  - name: near the line the level stays
    given: {accounts: [{account_id: a, won: 1000}, {account_id: b, won: 990, seg_level: big}]}
    expect: {a: {level: big}, b: {level: big}}
  - name: without a level before it does not
    given: {accounts: [{account_id: a, won: 1000}, {account_id: b, won: 990}]}
    expect: {a: {level: big}, b: {level: small}}
  - name: the level before is the group's
    given: {accounts: [{account_id: a, won: 1000}, {account_id: b, won: 990, seg_level: big}, {account_id: c, parent_id: b, won: 0}]}
    expect: {b: {level: big}, c: {level: big}}
"""
LOADED = rules(MEMORY)


@pytest.mark.parametrize("example", LOADED.examples, ids=lambda example: example.name)
def test_a_memory_is_read_from_the_output_that_shows_it(example: Example) -> None:
    assert run_example(LOADED, example) == []


def test_what_is_remembered_of_a_group_is_the_groups() -> None:
    fields = {node.definition.column: node.of for node in LOADED.nodes if isinstance(node.definition, FieldOf)}
    assert fields == {"seg_marks": Of.ACCOUNT, "seg_level": Of.GROUP}
