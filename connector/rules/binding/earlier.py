"""What an earlier run left behind, for rules that do not say where to look: the property that shows the name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.rules.binding.declare import add
from connector.rules.ruleset import FieldOf, Node, Of, Pick
from connector.rules.tree import Name

if TYPE_CHECKING:
    from connector.model.fields import Type
    from connector.rules.binding.names import Names
    from connector.rules.tree import Position

HINT = "an output `from: {name}`"
"""What a rule file lacks when nothing shows the name."""


def earlier(names: Names, shown: str, kind: Type, *, of: Of, at: Position) -> tuple[list[Node], Name] | None:
    """Give the value a name had in an earlier run, and the field it is read from; None when no output shows it.

    Of a group it is the ultimate parent's, else the first member's that has one (domain.md 11.14).
    """
    output = names.shown_by.get(shown)
    if output is None:
        return None
    field = f"_earlier_{output}"
    if field in names.nodes:
        return [], Name(field, kind)
    pick = Pick.FIRST if of is Of.GROUP else None
    return add(names, [Node(field, kind, of, FieldOf(output, pick), (), at=at)]), Name(field, kind)
