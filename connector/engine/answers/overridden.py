"""The overrides that people set, with what the rules would say: few, whatever the population."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.outputs import OVERRIDE_STATUS
from connector.model.pictures import Override
from connector.rules.ruleset import FieldOf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.engine.answers.published import Published

OVERRIDES = ("seg_override_tier", "seg_override_say_no", "seg_override_until")


def overrides(published: Published) -> Iterator[Override]:
    """Every account with an override that is or was in force, ascending by id; nothing where the rules know none."""
    columns = {
        node.definition.column: node.name
        for node in published.columns.nodes.values()
        if isinstance(node.definition, FieldOf)
    }
    if published.named(OVERRIDE_STATUS) is None or not all(name in columns for name in OVERRIDES):
        return
    tier, say_no, until = (f'a."field {columns[name]}"' for name in OVERRIDES)
    status, computed = published.text(OVERRIDE_STATUS), published.text("seg_tier_computed")
    query = (
        f"select a.account_id, a.name, {tier}, {say_no}, {until}, {status}, {computed} from {published.subjects} "
        f"where {status} <> 'none' order by a.account_id"
    )
    for row in published.rows(query):
        yield Override(*row)
