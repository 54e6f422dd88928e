"""Questions a rule set asks of a live population: whether a rule ever holds, whether a line cuts through a crowd.

A probe is one more true-or-false column; the engine counts it set-wise, and `judge` reads the counts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from connector.model.fields import Type
from connector.model.outputs import OURS, TIER
from connector.rules.binding.constants import switched_off
from connector.rules.expressions import expressions
from connector.rules.fold import FALSE, TRUE
from connector.rules.kinds.common import is_known
from connector.rules.ruleset import FieldOf, FormulaOf, Node, Of, Part, RankOf
from connector.rules.said import say
from connector.rules.states import states
from connector.rules.tree import (
    NOWHERE,
    Arithmetic,
    Branch,
    Call,
    Case,
    Compare,
    Function,
    Literal,
    Name,
    Op,
    Param,
    Scope,
    Test,
    Unknown,
)
from connector.rules.walk import NUMERIC, names, type_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.rules.ruleset import RuleSet
    from connector.rules.tree import Expression, Position

NEAR = Decimal("0.01")
"""How near a line is near: a hundredth of it."""
CROWD_SHARE, CROWD_LEAST = Decimal("0.05"), 5
"""So many of those who have a value, and at least so many, are a crowd."""
SMALL = 10
"""Lines below it are counts; next to them everybody is near."""
STATE = "unknown"
"""The option that stands for a state; that nobody is in it is good news."""
RULES = frozenset({"signal", "rule", "protection"})


class Counted(NamedTuple):
    """How many accounts (or groups) have a column true, false, unknown or not applicable."""

    true: int
    false: int
    unknown: int
    idle: int


class Probe(Struct, frozen=True):
    """One question: `about` names the rule, `beside` the other probes its answer is held against."""

    kind: str
    about: str
    at: Position
    column: str
    beside: tuple[str, ...] = ()


class Finding(Struct, frozen=True, order=True):
    """One thing the population shows about the rules."""

    at: Position
    kind: str
    """never, unreachable, always, gap, crowd or unused."""
    text: str
    """In English, or told in another language."""


class Probing:
    """Builds the probes of a rule set that is fitted to its data."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.probes: list[Probe] = []
        self._made: list[Node] = []
        self._nodes = {node.name: node for node in rules.nodes}
        kinds = {name: model.kind for model in rules.models for name in model.nodes[:1]}
        for node in rules.nodes:
            self._fields(node)
            self._lines(node)
            if kinds.get(node.name) == "first_match":
                self._branches(node)
            elif kinds.get(node.name) in RULES:
                self._rule(node)
        self._tiers()

    def extended(self) -> RuleSet:
        """The rules with one column more per question."""
        return replace(self.rules, nodes=(*self.rules.nodes, *self._made))

    @property
    def columns(self) -> list[str]:
        """The columns to count."""
        return [node.name for node in self._made]

    def _add(self, of: Of, expression: Expression) -> str:
        name = f"_probe_{len(self._made)}"
        unknown, idle = states(expression, self._nodes, self.rules.parameters)
        self._made.append(
            Node(
                name=name,
                type=Type.BOOLEAN,
                of=of,
                definition=FormulaOf(expression),
                depends=names(expression),
                may_be_unknown=unknown,
                may_not_apply=idle,
            )
        )
        return name

    def _branches(self, node: Node) -> None:
        """Ask of every rule of a first_match whether it holds, and whether it is ever the first that does."""
        if not isinstance(node.definition, FormulaOf) or not isinstance(node.definition.expression, Case):
            return
        idle, case = _unwrapped(node.definition.expression)
        asked = self._add(node.of, Case((*idle,), TRUE, Type.BOOLEAN))
        for number, branch in enumerate(case.branches):
            at = _place(branch.when)
            if at == NOWHERE or self._is_memory(branch.when) or switched_off(branch.when, self.rules.parameters):
                continue
            only = tuple(Branch(b.when, TRUE if n == number else FALSE) for n, b in enumerate(case.branches))
            taken = self._add(node.of, Case((*idle, *only), FALSE, Type.BOOLEAN, case.strict))
            alone = Branch(branch.when, TRUE)
            holds = self._add(node.of, Case((*idle, alone), FALSE, Type.BOOLEAN, strict=False))
            self.probes.append(Probe("branch", f"{node.name}: {branch.label}", at, taken, (holds, asked)))
        if isinstance(case.otherwise, Unknown):
            none = tuple(Branch(branch.when, FALSE) for branch in case.branches)
            left = self._add(node.of, Case((*idle, *none), TRUE, Type.BOOLEAN, case.strict))
            self.probes.append(Probe("gap", node.name, _place(case.otherwise, node.at), left, (asked,)))

    def _is_memory(self, condition: Expression) -> bool:
        """Tell whether it looks at what an earlier run wrote: before there was one it says nothing of the rules."""
        return any(self._remembers(name) for name in names(condition))

    def _remembers(self, name: str) -> bool:
        node = self._nodes[name]
        if isinstance(node.definition, FieldOf):
            return node.definition.column.startswith(OURS)
        return isinstance(node.definition, FormulaOf) and not node.model and any(map(self._remembers, node.depends))

    def _rule(self, node: Node) -> None:
        self.probes.append(Probe("rule", node.name, node.at, self._add(node.of, Name(node.name, Type.BOOLEAN))))

    def _fields(self, node: Node) -> None:
        field = node.definition
        if isinstance(field, FieldOf) and not field.column.startswith(OURS):
            column = self._add(node.of, is_known(Name(node.name, node.type)))
            self.probes.append(Probe("field", field.column, node.at, column))

    def _lines(self, node: Node) -> None:
        """Ask who is near a number that is compared with, or near the line of a ranking."""
        if isinstance(node.definition, RankOf):
            if node.definition.part is Part.LINE and isinstance(node.definition.ranking.by, Name):
                line = Name(node.name, node.type)
                self._crowd(node, node.definition.ranking.by, line, node.at, say("live.line", name=node.name))
            return
        if not isinstance(node.definition, FormulaOf):
            return
        for part in (part for root in expressions(node.definition) for part in walk(root)):
            if isinstance(part, Compare) and part.at != NOWHERE and part.test not in {Test.EQ, Test.NE}:
                self._compared(node, part)

    def _compared(self, node: Node, part: Compare) -> None:
        for value, line in ((part.left, part.right), (part.right, part.left)):
            number = self._number(line)
            plain = not any(isinstance(e, Name) and e.scope is Scope.ROW for e in walk(value))
            if number is not None and abs(number) >= SMALL and names(value) and plain and type_of(value) in NUMERIC:
                self._crowd(node, value, line, part.at, f"{number:f}")

    def _crowd(self, node: Node, value: Expression, line: Expression, at: Position, about: str) -> None:
        apart = Call(Function.ABS, (Arithmetic(Op.SUBTRACT, value, line, Type.NUMBER),), Type.NUMBER)
        near = Arithmetic(
            Op.MULTIPLY, Call(Function.ABS, (line,), Type.NUMBER), Literal(NEAR, Type.NUMBER), Type.NUMBER
        )
        of = node.of if isinstance(node.definition, FormulaOf) else self._of(value)
        column = self._add(of, Compare(Test.LE, apart, near))
        self.probes.append(Probe("crowd", about, at, column))

    def _of(self, value: Expression) -> Of:
        return Of.ACCOUNT if any(self._nodes[n].of is Of.ACCOUNT for n in names(value)) else Of.GROUP

    def _number(self, side: Expression) -> Decimal | None:
        value = self.rules.parameters[side.name].value if isinstance(side, Param) else getattr(side, "value", None)
        return value if isinstance(side, Param | Literal) and isinstance(value, Decimal) else None

    def _tiers(self) -> None:
        """Ask of every tier whether anybody has it."""
        for output in self.rules.outputs:
            if output.output.name == TIER and output.node:
                node = self._nodes[output.node]
                for option in output.output.options:
                    mine = Compare(Test.EQ, Name(node.name, node.type), Literal(option, Type.TEXT))
                    if option != STATE:
                        self.probes.append(Probe("tier", option, output.at, self._add(node.of, mine)))


def judge(probes: list[Probe], counts: Mapping[str, Counted]) -> list[Finding]:
    """Say what the population shows, by place in the files."""
    found = {finding for probe in probes for finding in _judged(probe, counts)}
    return sorted(found)


def _judged(probe: Probe, counts: Mapping[str, Counted]) -> Iterator[Finding]:
    count = counts[probe.column]
    total = sum(count)
    match probe.kind:
        case "branch":
            yield from _branch(probe, count, *(counts[name] for name in probe.beside))
        case "gap" if count.true:
            asked = counts[probe.beside[0]].true
            yield Finding(probe.at, "gap", say("live.gap", about=probe.about, some=count.true, all=asked))
        case "rule" if not count.true:
            yield _never(probe, count)
        case "rule" if count.true == total - count.idle:
            yield Finding(probe.at, "always", say("live.always", about=probe.about, all=count.true))
        case "crowd" if count.true >= CROWD_LEAST and count.true >= CROWD_SHARE * (count.true + count.false):
            known = count.true + count.false
            yield Finding(probe.at, "crowd", say("live.crowd", about=probe.about, some=count.true, all=known))
        case "field" if not count.true:
            yield Finding(probe.at, "unused", say("live.unused", about=probe.about))
        case "tier" if not count.true:
            yield Finding(probe.at, "unreachable", say("live.nobody", about=probe.about))


def _branch(probe: Probe, taken: Counted, holds: Counted, asked: Counted) -> Iterator[Finding]:
    if not asked.true:
        return
    if not taken.true and holds.true:
        yield Finding(probe.at, "unreachable", say("live.unreached", about=probe.about, some=holds.true))
    elif not taken.true:
        yield _never(probe, taken)
    elif holds.true == asked.true:
        yield Finding(probe.at, "always", say("live.takes_all", about=probe.about, all=holds.true))


def _never(probe: Probe, count: Counted) -> Finding:
    if not count.unknown:
        return Finding(probe.at, "never", say("live.never", about=probe.about, false=count.false))
    text = say("live.undecided", about=probe.about, false=count.false, unknown=count.unknown)
    return Finding(probe.at, "never", text)


def _unwrapped(case: Case) -> tuple[tuple[Branch, ...], Case]:
    """Tell those the model does not apply to from its rules."""
    idle = tuple(Branch(b.when, FALSE) for b in case.branches if _place(b.when) == NOWHERE)
    if len(idle) == len(case.branches) and isinstance(case.otherwise, Case):
        return idle, case.otherwise
    rest = tuple(b for b in case.branches if _place(b.when) != NOWHERE)
    return idle, replace(case, branches=rest)


def _place(expression: Expression, otherwise: Position = NOWHERE) -> Position:
    at: Position = getattr(expression, "at", NOWHERE)
    return otherwise if at == NOWHERE else at
