"""bands: rank everybody, cut by shares of their number, and hold on to the previous level near a line.

The rule of ties, cuts and lines stands in ruleset.Ranking. With `stick` (domain.md 5.6) a subject moves one band only
when its value is that share beyond the line; a jump of two bands or more is immediate; without a previous level there
is no buffer. The previous level is what `previous` says, else what the output that shows the model held.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.fields import Type
from connector.rules.binding.constants import constant
from connector.rules.binding.declare import Declaration, add, formula_node, resolve, uses_of
from connector.rules.binding.earlier import HINT, earlier
from connector.rules.kinds.common import is_known
from connector.rules.ruleset import Band, Node, Part, Ranking, RankOf
from connector.rules.states import states
from connector.rules.syntax.document import Leaf
from connector.rules.syntax.forms import read_word
from connector.rules.tree import And, Arithmetic, Branch, Case, Compare, Literal, Name, Not, Op, Test
from connector.rules.walk import POISON, type_of, walk
from connector.rules.walk import names as names_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.binding.names import Names
    from connector.rules.syntax.forms import Form, Formula
    from connector.rules.tree import Expression

WHOLE = 100
"""Per cent."""


class _Bands(Struct, frozen=True):
    """The model as read."""

    name: Leaf
    by: Formula | None
    among: Formula | None
    last: Formula | None
    counted: Formula | None
    previous: Formula | None
    stick: Formula | None
    bands: tuple[tuple[str, Formula | None], ...]
    computed: str
    rank: str
    count: str
    lines: dict[str, str]
    label: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        optional = (self.rank, self.count, self.computed, *self.lines.values())
        return (self.name.text, *(name for name in optional if name))

    def line(self, band: str) -> str:
        return self.lines.get(band) or f"{self.name.text}.line.{band}"


def declare(name: Leaf, form: Form) -> Declaration:
    """Read the model; the last band has no share, the others are percentages."""
    model = _read(name, form)
    told = (model.by, model.among, model.last, model.counted, model.previous, model.stick)
    used = uses_of(*told, *(share for _, share in model.bands))

    def build(names: Names) -> list[Node]:
        ranking = _ranking(names, model)
        if ranking is None:
            names.broken.update(model.names)
            return []
        made = add(names, list(_parts(names, model, ranking)))
        return made + add(names, _level(names, model, ranking))

    return Declaration(model.names, "models", name.at, used, build, "bands", model.label)


def _read(name: Leaf, form: Form) -> _Bands:
    bands = [(inner.word("then") or "", inner.formula("next")) for inner in form.list_forms("bands")]
    if bands and (bands[-1][1] is not None or any(share is None for _, share in bands[:-1])):
        form.problems.add(name.at, "every band but the last needs 'next', its share of the number ranked")
    return _Bands(
        name=name,
        by=form.formula("by"),
        among=form.formula("among"),
        last=form.formula("last"),
        counted=form.formula("counted"),
        previous=form.formula("previous"),
        stick=form.formula("stick"),
        bands=tuple(bands),
        computed=form.word("computed") or "",
        rank=form.word("rank") or "",
        count=form.word("count") or "",
        lines=dict(_lines(form, [then for then, _ in bands[:-1]])),
        label=form.languages("label"),
    )


def _lines(form: Form, known: list[str]) -> Iterator[tuple[str, str]]:
    for leaf, value in form.mapping("lines"):
        if leaf.text not in known:
            form.problems.unknown(leaf.at, "band", leaf.text, known, hint="a line lies under: " + ", ".join(known))
        word = read_word(value, form.problems) if isinstance(value, Leaf) else None
        if word:
            yield leaf.text, word


def _ranking(names: Names, model: _Bands) -> Ranking | None:
    by = resolve(model.by, names, "number")
    among, last, counted = (
        None if told is None else resolve(told, names, "condition") for told in (model.among, model.last, model.counted)
    )
    bands = tuple(Band(then, _percent(names, share)) for then, share in model.bands)
    shares = [band.percent for band in bands if band.percent is not None]
    used = [e for e in (by, among, last, counted, *shares) if e is not None]
    if not bands or any(part is POISON for e in used for part in walk(e)):
        return None
    figures = [_in_figures(names, band, formula) for band, (_, formula) in zip(bands, model.bands, strict=True)]
    total = sum(figures, Decimal(0))
    if total > WHOLE:
        names.problems.add(model.name.at, f"the bands of '{model.name.text}' take {total.normalize():f} % together")
    return Ranking(model.name.text, by, among, bands, last, counted)


def _in_figures(names: Names, band: Band, share: Formula | None) -> Decimal:
    """Give the share of a band in figures; one that is no share is noted."""
    if share is None or band.percent is None:
        return Decimal(0)
    figure = constant(band.percent, names.parameters)
    if figure is None or not 0 <= figure <= WHOLE:
        names.problems.add(share.leaf.at, f"the share of '{band.then}' is no number from 0 to 100")
        return Decimal(0)
    return figure


def _percent(names: Names, share: Formula | None) -> Expression | None:
    """Read `4%` as 4: here a percentage is a share of the number; parameters hold 0 to 100."""
    if share is None:
        return None
    expression = resolve(share, names, "number")
    if isinstance(expression, Literal) and share.term.text.endswith("%") and isinstance(expression.value, Decimal):
        return Literal(expression.value * 100, Type.NUMBER, expression.at)
    return expression


def _parts(names: Names, model: _Bands, ranking: Ranking) -> Iterator[Node]:
    level = model.computed or f"{model.name.text}.computed"
    if model.stick is not None or model.computed:
        yield _part(names, model, ranking, level, part=Part.LEVEL)
    if model.rank:
        yield _part(names, model, ranking, model.rank, part=Part.RANK)
    if model.count:
        yield _part(names, model, ranking, model.count, part=Part.COUNT)
    for band, _ in model.bands[:-1]:
        if model.stick is not None or band in model.lines:
            yield _part(names, model, ranking, model.line(band), part=Part.LINE, band=band)


def _part(names: Names, model: _Bands, ranking: Ranking, name: str, *, part: Part, band: str = "") -> Node:
    used = [e for e in (ranking.by, ranking.among, ranking.last, ranking.counted) if e is not None]
    unknown = any(states(e, names.nodes, names.parameters)[0] for e in used)
    own = part in {Part.LEVEL, Part.RANK}
    types = {Part.LEVEL: Type.TEXT, Part.LINE: type_of(ranking.by)}
    return Node(
        name=name,
        type=types.get(part, Type.INTEGER),
        of=names.of(*used),
        definition=RankOf(ranking, part, band),
        depends=tuple(dict.fromkeys(found for e in used for found in names_in(e))),
        model=model.name.text,
        options=tuple(b.then for b in ranking.bands) if part is Part.LEVEL else (),
        may_be_unknown=part is Part.LINE or (own and unknown),
        may_not_apply=own and (ranking.among is not None or states(ranking.by, names.nodes, names.parameters)[1]),
        at=model.name.at,
    )


def _level(names: Names, model: _Bands, ranking: Ranking) -> list[Node]:
    if model.stick is None:
        return [_part(names, model, ranking, model.name.text, part=Part.LEVEL)]
    computed = Name(model.computed or f"{model.name.text}.computed", Type.TEXT)
    made, previous = _previous(names, model)
    stick = resolve(model.stick, names, "number")
    levels = tuple(band.then for band in ranking.bands)
    case = Case(tuple(_branches(model, ranking, computed, previous, stick)), computed, Type.TEXT, at=model.name.at)
    return made + formula_node(
        names, model.name.text, case, at=model.name.at, model=model.name.text, options=levels, label=model.label
    )


def _previous(names: Names, model: _Bands) -> tuple[list[Node], Expression]:
    if model.previous is not None:
        return [], resolve(model.previous, names)
    of = names.nodes[model.computed or f"{model.name.text}.computed"].of
    found = earlier(names, model.name.text, Type.TEXT, of=of, at=model.name.at)
    if found is None:
        hint = f"write 'previous', or add {HINT.format(name=model.name.text)}"
        names.problems.add(model.name.at, f"nothing tells which level '{model.name.text}' was before", hint)
        return [], POISON
    return found


def _branches(
    model: _Bands, ranking: Ranking, computed: Name, previous: Expression, stick: Expression
) -> Iterator[Branch]:
    levels = [band.then for band in ranking.bands]
    yield Branch(Not(is_known(computed)), computed, "not ranked")
    if ranking.last is not None:
        yield Branch(ranking.last, _word(levels[-1]), "last")
    yield Branch(Not(is_known(previous)), computed, "no previous level")
    for above, below in pairwise(levels):
        line = Name(model.line(above), type_of(ranking.by))
        yield Branch(
            _stays(previous, computed, (below, above), _near(ranking, Test.LT, line, Op.ADD, stick)), _word(below)
        )
        yield Branch(
            _stays(previous, computed, (above, below), _near(ranking, Test.GE, line, Op.SUBTRACT, stick)), _word(above)
        )


def _stays(
    previous: Expression, computed: Expression, move: tuple[str, str], near: tuple[Expression, ...]
) -> Expression:
    """Hold when the move of one band is not yet far enough beyond the line; above nobody there is none."""
    was, would = (Compare(Test.EQ, side, _word(level)) for side, level in zip((previous, computed), move, strict=True))
    return And((was, would, *near))


def _near(ranking: Ranking, test: Test, line: Expression, op: Op, stick: Expression) -> tuple[Expression, Expression]:
    factor = Arithmetic(op, Literal(Decimal(1), Type.NUMBER), stick, Type.NUMBER)
    return is_known(line), Compare(test, ranking.by, Arithmetic(Op.MULTIPLY, line, factor, type_of(ranking.by)))


def _word(level: str) -> Expression:
    return Literal(level, Type.TEXT)
