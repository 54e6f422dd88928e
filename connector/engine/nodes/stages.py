"""The order of the work: nodes in stages, so that what needs the whole population waits for it.

A formula goes with the stage of what it names, or is left to the last stage, which is worked out as it is read. A
fact over other accounts, a figure of the population and a ranking need their operands of everybody, so they start a
new stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.engine.nodes.columns import OF_ACCOUNTS
from connector.model.fields import Type
from connector.rules.ruleset import FactOf, FieldOf, FormulaOf

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from connector.rules.ruleset import Node


class Order(Struct, frozen=True):
    """The nodes of every stage, at least one, and the last stage each node is asked for in.

    Nodes that are published are asked for in the stage after the last.
    """

    stages: tuple[tuple[Node, ...], ...]
    last_use: Mapping[str, int]

    @property
    def last(self) -> int:
        """The number of the last stage."""
        return len(self.stages) - 1

    def kept(self, number: int) -> list[str]:
        """The nodes a stage makes for later ones; all that is published where it is the last."""
        if number == self.last:
            return [name for name, use in self.last_use.items() if use > number]
        return [node.name for node in self.stages[number] if self.last_use[node.name] > number]

    def facts_after(self, number: int) -> Iterator[FactOf]:
        """The facts of later stages."""
        for stage in self.stages[number + 1 :]:
            yield from (node.definition for node in stage if isinstance(node.definition, FactOf))


def in_stages(nodes: Iterable[Node], published: Collection[str]) -> Order:
    """Put nodes, each after those it depends on, into as few stages as possible."""
    nodes = tuple(nodes)
    place: dict[str, int] = {}
    for node in nodes:
        place[node.name] = _stage(node, place)
    last = max(place.values(), default=0)
    place.update(dict.fromkeys(_postponed(nodes, published, place), last))
    last_use = dict(place)
    for node in nodes:
        for name in node.depends:
            last_use[name] = max(last_use[name], place[node.name])
    last_use.update(dict.fromkeys(published, last + 1))
    stages: list[list[Node]] = [[] for _ in range(last + 1)]
    for node in nodes:
        stages[place[node.name]].append(node)
    return Order(tuple(map(tuple, stages)), last_use)


def _stage(node: Node, place: Mapping[str, int]) -> int:
    before = max((place[name] for name in node.depends), default=-1)
    if isinstance(node.definition, FieldOf):
        return 0
    if isinstance(node.definition, FormulaOf):
        return max(before, 0)
    if isinstance(node.definition, FactOf) and node.definition.relation not in OF_ACCOUNTS:
        return before + 1
    return max(before, 0) + 1


def _postponed(nodes: Sequence[Node], published: Collection[str], place: Mapping[str, int]) -> set[str]:
    """The formulas left to the last stage: asked for there only, and no narrower than what is kept for them alone."""
    last = max(place.values(), default=0)
    later = _asked_last(nodes, place, last)
    askers: dict[str, set[str]] = {name: {"published"} for name in published}
    for node in nodes:
        if node.name in later:
            for name in node.depends:
                askers.setdefault(name, set()).add(node.name)
    width = {node.name: _width(node) for node in nodes}
    for node in nodes:
        if node.name not in later or place[node.name] == last or not later.isdisjoint(node.depends):
            continue
        if width[node.name] < sum(width[name] for name in node.depends if askers[name] == {node.name}):
            later.remove(node.name)
            for name in node.depends:
                askers[name].remove(node.name)
    return later


def _asked_last(nodes: Sequence[Node], place: Mapping[str, int], last: int) -> set[str]:
    """What is made in the last stage, and the formulas that nothing made before it asks for."""
    later: set[str] = set()
    early = {name for node in nodes if not isinstance(node.definition, FormulaOf) for name in node.depends}
    for node in reversed(nodes):
        if place[node.name] == last or (isinstance(node.definition, FormulaOf) and node.name not in early):
            later.add(node.name)
        else:
            early.update(node.depends)
    return later


def _width(node: Node) -> int:
    """Bytes of a cell, about."""
    match node.type:
        case Type.BOOLEAN:
            return 1
        case Type.DATE | Type.TIMESTAMP:
            return 4
        case Type.TEXT | Type.LONG_TEXT | Type.MULTI if not node.options:
            return 100
        case _:
            return 16


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
