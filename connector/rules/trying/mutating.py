"""How well the examples hold the parameters: each is changed in turn, and some example should then fail."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from connector.rules.edits import HELD_TO
from connector.rules.expressions import expressions
from connector.rules.tree import Param
from connector.rules.trying.examples import asked_for, run_example
from connector.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connector.rules.ruleset import Example, Parameter, RuleSet

MOST = 40
"""Examples that are asked about one change."""
BIG = 600
"""Characters of records from which an example is asked last."""
WORDS = frozenset({"labels.language"})
"""Parameters of words alone: they say how, not what."""


class Noticed(Struct, frozen=True):
    """One changed parameter and the example that noticed; empty when none did."""

    parameter: str
    changed_to: str
    example: str
    at: str
    """FILE:LINE of the parameter."""


def mutate(rules: RuleSet, tell: Callable[[int, int], None] = lambda *_: None) -> list[Noticed]:
    """Change every parameter a rule reads, one at a time, and run the examples whose answers rest on it."""
    readers = _Readers(rules)
    asked = [p for p in rules.parameters.values() if p.name in readers.named and p.name not in WORDS]
    found = []
    for number, parameter in enumerate(asked):
        found.append(_noticed(rules, parameter, readers.examples(parameter)))
        tell(number + 1, len(asked))
    return found


def _noticed(rules: RuleSet, parameter: Parameter, examples: Sequence[Example]) -> Noticed:
    at = f"{parameter.at.file}:{parameter.at.line}"
    if held := _by_set(rules, parameter, examples):
        return Noticed(parameter.name, _written(parameter.value), held, at)
    last = ""
    for value in _others(parameter):
        last = _written(value)
        changed = replace(rules, parameters={**rules.parameters, parameter.name: replace(parameter, value=value)})
        for example in examples:
            if parameter.name not in example.set and _fails(changed, example):
                return Noticed(parameter.name, last, example.name, at)
    return Noticed(parameter.name, last, "", at)


class _Readers:
    """Which examples rest on which parameters: through the columns behind what they expect."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        roots = {node.name: expressions(node.definition) for node in rules.nodes}
        self._read = {
            name: {part.name for root in mine for part in walk(root) if isinstance(part, Param)}
            for name, mine in roots.items()
        }
        self._everywhere = HELD_TO & rules.parameters.keys()
        self.named = frozenset().union(*self._read.values(), self._everywhere)
        self._of = [(example, self._behind(example)) for example in rules.examples]

    def examples(self, parameter: Parameter) -> list[Example]:
        """The examples that read a parameter: those that set it, then those of its own file and with few records."""
        mine = [example for example, read in self._of if parameter.name in read]
        return sorted(mine, key=lambda e: _last(e, parameter))[:MOST]

    def _behind(self, example: Example) -> frozenset[str]:
        columns = {node.name for node in asked_for(example, self._rules)}
        return frozenset().union(self._everywhere, *(self._read[name] for name in columns))


def _last(example: Example, parameter: Parameter) -> tuple[bool, bool, bool]:
    """The order in which examples are asked."""
    return parameter.name not in example.set, len(str(example.given)) > BIG, example.at.file != parameter.at.file


def _by_set(rules: RuleSet, parameter: Parameter, examples: Sequence[Example]) -> str:
    """The example that sets the parameter itself, and fails without: it holds what the parameter does."""
    for example in examples:
        if parameter.name in example.set:
            without = {name: value for name, value in example.set.items() if name != parameter.name}
            if _fails(rules, replace(example, set=without)):
                return example.name
    return ""


def _fails(rules: RuleSet, example: Example) -> bool:
    try:
        return bool(run_example(rules, example))
    except (ArithmeticError, ValueError, TypeError):
        return True


def _others(parameter: Parameter) -> Iterator[Any]:
    """Values beside the one in force: a little more and less, much more and less; any other word; the other truth."""
    value = parameter.value
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, Decimal):
        yield from (other for other in _numbers(value) if _fits(other, parameter))
    elif isinstance(value, str):
        yield from (word for word in parameter.one_of if word != value)
    elif isinstance(value, tuple):
        yield ()
    elif value is None:
        yield from (Decimal(1), Decimal(1_000_000))
    else:
        yield value + timedelta(days=1)


def _numbers(value: Decimal) -> Iterator[Decimal]:
    step = Decimal(1) if value == value.to_integral_value() and value >= 1 else Decimal("0.01")
    yield from (value + step, value - step, value * 2 + step, value / 2 if step < 1 else value // 2)


def _fits(value: Decimal, parameter: Parameter) -> bool:
    return (parameter.least is None or value >= parameter.least) and (parameter.most is None or value <= parameter.most)


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
