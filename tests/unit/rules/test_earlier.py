"""A rule with a memory looks at the property that shows it, as an earlier run left it, unless it says where to look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.rules.loading import load_texts
from connector.rules.ruleset import FieldOf, Of
from connector.rules.trying.examples import run_example

if TYPE_CHECKING:
    from connector.rules.ruleset import Example

LOADED = load_texts({"memory.yaml": Path(__file__).with_name("memory.yaml").read_bytes()})


@pytest.mark.parametrize("example", LOADED.examples, ids=lambda example: example.name)
def test_a_memory_is_read_from_the_output_that_shows_it(example: Example) -> None:
    assert run_example(LOADED, example) == []


def test_what_is_remembered_of_a_group_is_the_groups() -> None:
    fields = {node.definition.column: node.of for node in LOADED.nodes if isinstance(node.definition, FieldOf)}
    assert fields == {"seg_marks": Of.ACCOUNT, "seg_level": Of.GROUP}
