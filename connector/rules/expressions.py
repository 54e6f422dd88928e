"""The expressions a definition is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.rules.ruleset import FactOf, FormulaOf, PopulationOf, RankOf

if TYPE_CHECKING:
    from connector.rules.ruleset import Definition
    from connector.rules.tree import Expression


def expressions(definition: Definition) -> tuple[Expression, ...]:
    """Give every expression of a definition; those of a ranking's bands included."""
    found: tuple[Expression | None, ...] = ()
    match definition:
        case FactOf():
            found = (definition.value, definition.where)
        case FormulaOf():
            found = (definition.expression,)
        case PopulationOf():
            found = (definition.value, definition.among, *definition.by)
        case RankOf():
            ranking = definition.ranking
            shares = (band.percent for band in ranking.bands)
            found = (ranking.by, ranking.among, ranking.last, ranking.counted, *shares)
        case _:
            pass
    return tuple(e for e in found if e is not None)
