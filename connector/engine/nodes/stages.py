"""The order of the work: nodes in stages, so that what needs the whole population waits for it.

Within a stage groups come before accounts, and a formula goes with the stage of what it names. A fact over other
accounts, a figure of the population and a ranking need their operands of everybody, so they start a new stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.engine.nodes.columns import OF_ACCOUNTS
from connector.rules.ruleset import FactOf, FieldOf, FormulaOf, Of, PopulationOf, RankOf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.rules.ruleset import Node


class Stage(Struct):
    """Nodes made together, per subject."""

    groups: list[Node] = field(default_factory=list)
    accounts: list[Node] = field(default_factory=list)


class Order(Struct, frozen=True):
    """All stages, and the last stage each node is asked for in; nodes that are published stay to the end."""

    stages: tuple[Stage, ...]
    last_use: Mapping[str, int]


def in_stages(nodes: Iterable[Node], published: Iterable[str]) -> Order:
    """Put nodes, each after those it depends on, into as few stages as possible."""
    place: dict[str, int] = {}
    stages: list[Stage] = []
    nodes = tuple(nodes)
    for node in nodes:
        place[node.name] = stage = _stage(node, place)
        while len(stages) <= stage:
            stages.append(Stage())
        (stages[stage].groups if node.of is Of.GROUP else stages[stage].accounts).append(node)
    last_use = {name: place[name] for name in place}
    for node in nodes:
        for name in node.depends:
            last_use[name] = max(last_use[name], place[node.name])
    last_use.update(dict.fromkeys(published, len(stages)))
    return Order(tuple(stages), last_use)


def _stage(node: Node, place: Mapping[str, int]) -> int:
    before = max((place[name] for name in node.depends), default=-1)
    if isinstance(node.definition, FieldOf):
        return 0
    if isinstance(node.definition, FormulaOf):
        return max(before, 0)
    if isinstance(node.definition, FactOf) and node.definition.relation not in OF_ACCOUNTS:
        return before + 1
    return max(before, 0) + 1


def in_layers(formulas: Iterable[Node]) -> list[list[Node]]:
    """Formulas of one table, each in a layer above those it names."""
    depth: dict[str, int] = {}
    layers: list[list[Node]] = []
    for node in formulas:
        depth[node.name] = level = max((depth[name] + 1 for name in node.depends if name in depth), default=0)
        while len(layers) <= level:
            layers.append([])
        layers[level].append(node)
    return layers


def read_once(later: Sequence[Stage]) -> bool:
    """Tell that the accounts of a stage are read no more than once by the stages behind it: they need no table."""
    return all(
        all(isinstance(node.definition, FormulaOf) for node in stage.accounts)
        and all(isinstance(node.definition, FormulaOf | RankOf | PopulationOf) for node in stage.groups)
        for stage in later
    )
