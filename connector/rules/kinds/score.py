"""score: points for each criterion that has a value, and how much of the whole could be judged.

Points of a criterion are weight times share; a criterion whose value is unknown or not applicable gives none and is
not covered. The score is not applicable where no criterion is.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.fields import Type
from connector.rules.binding.constants import constant
from connector.rules.binding.declare import Declaration, add, formula_node, resolve, uses_of
from connector.rules.kinds.common import is_known, limited
from connector.rules.syntax.document import Leaf
from connector.rules.syntax.forms import read_number
from connector.rules.tree import And, Arithmetic, Branch, Case, Compare, KnownTest, Literal, Op, State, Test
from connector.rules.walk import POISON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.binding.names import Names
    from connector.rules.ruleset import Node
    from connector.rules.syntax.forms import Form, Formula
    from connector.rules.tree import Expression

ZERO, ONE = (Literal(Decimal(value), Type.NUMBER) for value in ("0", "1"))
WHOLE = Decimal(100)


class _Criterion(Struct, frozen=True):
    name: Leaf
    weight: Formula | None
    of: Formula | None
    steps: tuple[tuple[Formula | None, Formula | Decimal | None], ...]
    """Condition (or lower limit of a band) and share."""
    answers: tuple[tuple[Leaf, Decimal], ...]
    banded: bool


def declare(name: Leaf, form: Form) -> Declaration:
    """Read the model; the weights must add up to 100."""
    criteria = [_read(leaf, inner) for leaf, inner in _criteria(form)]
    applies, coverage = form.formula("applies"), form.word("coverage")
    label = form.languages("label")
    used = uses_of(applies, *(formula for c in criteria for formula in _formulas(c)))

    def build(names: Names) -> list[Node]:
        found = [_Built(names, criterion) for criterion in criteria]
        _check_weights(names, name, found)
        limit = None if applies is None else resolve(applies, names, "condition")
        made = formula_node(
            names,
            name.text,
            _whole(found, limit, points=True),
            at=name.at,
            model=name.text,
            label=label,
            kind=Type.NUMBER,
        )
        if coverage:
            whole = _whole(found, limit, points=False)
            made += formula_node(names, coverage, whole, at=name.at, model=name.text, kind=Type.NUMBER)
        return add(names, made)

    return Declaration((name.text, *([coverage] if coverage else [])), "models", name.at, used, build, "score", label)


def _criteria(form: Form) -> Iterator[tuple[Leaf, Form]]:
    yield from form.forms("criteria")


def _read(name: Leaf, form: Form) -> _Criterion:
    ways = [key for key in ("full", "map", "bands") if form.has(key)]
    if len(ways) != 1:
        form.problems.add(name.at, "a criterion has one of 'full', 'map' or 'bands'")
    if ways and ways[0] != "full" and not form.has("of"):
        form.problems.add(name.at, f"'{ways[0]}' needs 'of': the value judged")
    steps: list[tuple[Formula | None, Formula | Decimal | None]] = []
    if form.has("full"):
        steps.append((form.formula("full"), Decimal(1)))
    if form.has("half"):
        steps.append((form.formula("half"), Decimal("0.5")))
    steps += [(step.formula("from"), step.formula("share")) for step in form.list_forms("bands")]
    answers = tuple(
        (leaf, read_number(value, form.problems) or Decimal(0))
        for leaf, value in form.mapping("map")
        if isinstance(value, Leaf)
    )
    return _Criterion(name, form.formula("weight"), form.formula("of"), tuple(steps), answers, form.has("bands"))


def _formulas(criterion: _Criterion) -> Iterator[Formula | None]:
    yield criterion.weight
    yield criterion.of
    for condition, share in criterion.steps:
        yield condition
        if not isinstance(share, Decimal):
            yield share


class _Built:
    """One criterion as expressions: its weight, what it judges, whether it is covered, and its share."""

    def __init__(self, names: Names, criterion: _Criterion) -> None:
        self.weight = resolve(criterion.weight, names, "number")
        self.of = None if criterion.of is None else resolve(criterion.of, names)
        branches = tuple(self._branches(names, criterion))
        self.share = Case(branches, ZERO, Type.NUMBER, strict=False)
        self.covered = is_known(self.of if self.of is not None else branches[0].when if branches else POISON)

    def _branches(self, names: Names, criterion: _Criterion) -> Iterator[Branch]:
        for leaf, part in criterion.answers:
            yield Branch(self._answer(names, leaf), Literal(part, Type.NUMBER), leaf.text)
        for condition, share in criterion.steps:
            given = Literal(share, Type.NUMBER) if isinstance(share, Decimal) else resolve(share, names, "number")
            if criterion.banded:
                least = resolve(condition, names, "number")
                yield Branch(POISON if self.of is None else Compare(Test.GE, self.of, least), given)
            else:
                yield Branch(resolve(condition, names, "condition"), given)

    def _answer(self, names: Names, leaf: Leaf) -> Expression:
        if self.of is None or self.of is POISON:
            return POISON
        options = names.options(self.of)
        if options and leaf.text not in options:
            names.problems.unknown(leaf.at, "answer", leaf.text, options)
        return Compare(Test.EQ, self.of, Literal(leaf.text, Type.TEXT), fold=not options)


def _whole(found: list[_Built], applies: Expression | None, *, points: bool) -> Expression:
    total: Expression = ZERO
    for built in found:
        gain = Arithmetic(Op.MULTIPLY, built.weight, built.share, Type.NUMBER) if points else built.weight
        part = Case((Branch(built.covered, gain),), ZERO, Type.NUMBER, strict=False)
        total = part if total is ZERO else Arithmetic(Op.ADD, total, part, Type.NUMBER)
    idle = tuple(KnownTest(built.of, State.NOT_APPLICABLE) for built in found if built.of is not None)
    if idle and len(idle) == len(found):
        total = Case((Branch(And(idle), Literal(None, Type.NUMBER), "not configured"),), total, Type.NUMBER)
    return limited(total, applies)


def _check_weights(names: Names, name: Leaf, found: list[_Built]) -> None:
    weights = [constant(built.weight, names.parameters) for built in found]
    if any(weight is None for weight in weights):
        return
    total = sum((weight for weight in weights if weight is not None), Decimal(0))
    if total != WHOLE:
        names.problems.add(name.at, f"the weights of '{name.text}' add up to {total.normalize():f}, not 100")
