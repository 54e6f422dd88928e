"""Random values for the parameters of the shipped rules: any a person may set, edges and odd ones first."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import reject
from hypothesis import strategies as st

from connector.errors import ConnectorError
from connector.model.fields import Type
from connector.rules.loading import load
from connector.rules.walk import NUMERIC
from tests.shared import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hypothesis.strategies import SearchStrategy

    from connector.rules.ruleset import Parameter, RuleSet

Told = dict[str, str]

SHIPPED = load(ROOT / "rules").parameters
MOST = 8
"""Parameters that are changed at once."""
NUMBERS = [Decimal(text) for text in ("0", "1", "2", "12", "100", "5000", "1000000", "-1", "0.5", "0.125", "99.99")]
WORDS = ["default", "renewals", "partner", "lead", "NL", "RETAIL", "MACHINERY", "BUG", "QUESTION", "low", "big"]
"""What lists of words may hold beside their own: words of the populations."""
SUMS = [
    [name for name in SHIPPED if name.startswith("pyramid.levels.") and name.endswith(".customers_pct")],
    [name for name in SHIPPED if name.startswith("pyramid.levels.") and name.endswith(".benchmark_revenue_pct")],
    [name for name in SHIPPED if name.startswith("icp.criteria.") and name.endswith(".weight")],
]
"""What must add up to a hundred is set together."""
FALLING = ["pyramid.absolute_lines.top", "pyramid.absolute_lines.big", "pyramid.absolute_lines.medium"]
"""Amounts that must fall, and are set together."""


def overrides(names: Collection[str] = tuple(SHIPPED), *, empty: bool = True) -> SearchStrategy[Told]:
    """Up to eight values for parameters of these names; together they may still be refused (`overridden`).

    Without `empty` only those are set to nothing that have no default.
    """
    together = [group for group in (*SUMS, FALLING) if set(group) <= set(names)]
    alone = sorted(set(names) - {name for group in (*SUMS, FALLING) for name in group})
    ones = st.lists(st.sampled_from(alone), max_size=MOST, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: _perhaps(SHIPPED[name], empty=empty) for name in chosen})
    )
    groups = st.lists(st.sampled_from(together), max_size=1).flatmap(lambda found: _together(found[0] if found else []))
    return st.tuples(groups, ones).map(lambda both: dict([*both[0].items(), *both[1].items()][:MOST]))


def overridden(told: Mapping[str, str]) -> RuleSet:
    """The shipped rules with these parameters; what they refuse together is no case."""
    try:
        return load(ROOT / "rules", dict(told))
    except ConnectorError:
        reject()


def _perhaps(parameter: Parameter, *, empty: bool) -> SearchStrategy[str]:
    """A value as `--set` takes it, or nothing."""
    nothing = st.just("")
    if parameter.default is None:
        return nothing | _written(parameter)
    return st.one_of(*[_written(parameter)] * 4, nothing) if empty else _written(parameter)


def _written(parameter: Parameter) -> SearchStrategy[str]:
    if parameter.many:
        return _several(parameter)
    if parameter.one_of:
        return st.sampled_from(parameter.one_of)
    if parameter.type is Type.BOOLEAN:
        return st.sampled_from(["true", "false"])
    if parameter.type not in NUMERIC:
        raise NotImplementedError(parameter.name)
    return st.sampled_from([str(value) for value in _numbers(parameter)])


def _several(parameter: Parameter) -> SearchStrategy[str]:
    own = [str(value) for value in parameter.default] if isinstance(parameter.default, tuple) else []
    pool = parameter.one_of or (*own[:6], *([] if parameter.type in NUMERIC else WORDS))
    return st.lists(st.sampled_from(pool), max_size=4, unique=True).map(",".join)


def _numbers(parameter: Parameter) -> list[Decimal]:
    """The least, the most, the default with its neighbours, and numbers one does not think of."""
    found = [*NUMBERS, *(edge for edge in (parameter.least, parameter.most) if edge is not None)]
    if isinstance(parameter.default, Decimal):
        step = Decimal(1) if parameter.default >= 1 else Decimal("0.01")
        found += [parameter.default + step, parameter.default - step, parameter.default * 2, parameter.default / 2]
    whole = parameter.type is Type.INTEGER
    return sorted({n.quantize(Decimal(1)) if whole else n for n in found if _allowed(n, parameter)})


def _allowed(number: Decimal, parameter: Parameter) -> bool:
    above = parameter.least is None or number.quantize(Decimal(1)) >= parameter.least <= number
    return above and (parameter.most is None or max(number, number.quantize(Decimal(1))) <= parameter.most)


@st.composite
def _together(draw: st.DrawFn, names: list[str]) -> Told:
    if names == FALLING:
        amounts = draw(st.lists(st.sampled_from(["0", "100", "2500", "5000", "25000.01"]), min_size=3, max_size=3))
        falling = sorted(amounts, key=Decimal, reverse=True)
        missing = draw(st.integers(0, 2))
        return dict(
            zip(names, ["" if place < missing else amount for place, amount in enumerate(falling)], strict=True)
        )
    cuts = (
        sorted(draw(st.lists(st.integers(0, 100), min_size=len(names) - 1, max_size=len(names) - 1))) if names else []
    )
    return {name: str(high - low) for name, low, high in zip(names, [0, *cuts], [*cuts, 100], strict=False)}
