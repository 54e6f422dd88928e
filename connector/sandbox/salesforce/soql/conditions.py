"""Turns a WHERE into a test on records, and into what narrows down the records worth testing."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.org.schema import NUMBERS, TEXTS
from connector.sandbox.salesforce.soql.functions import DATES, dated
from connector.sandbox.salesforce.soql.tree import AllOf, Among, AnyOf, Compare, Function, Named, Not, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.sandbox.salesforce.org.schema import Field
    from connector.sandbox.salesforce.org.tables import Record, Table
    from connector.sandbox.salesforce.soql.literals import Reading
    from connector.sandbox.salesforce.soql.names import Scope
    from connector.sandbox.salesforce.soql.tree import Condition, Value

    Holds = Callable[[Record], bool]
    Bounds = tuple[str | None, str | None]
    Inner = Callable[[Query], Iterable[Any]]

ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
WILD = {"%": ".*", "_": "."}
EVERYTHING: Bounds = (None, None)


@dataclass(frozen=True, slots=True)
class Narrow:
    """Where to look: records whose lookup is one of some ids, or whose stamp or id lies within bounds."""

    lookup: tuple[str, tuple[Any, ...]] | None = None
    stamps: Bounds = EVERYTHING
    ids: Bounds = EVERYTHING

    def rows(self, table: Table) -> Iterable[Record]:
        """Give a superset of the records that can fit; in ascending (stamp, id) when only stamps narrow."""
        if self.lookup is not None:
            name, values = self.lookup
            if name == "Id":
                return [table.rows[found] for found in dict.fromkeys(values) if found in table.rows]
            return table.having(name, values)
        if self.stamps != EVERYTHING:
            return table.stamped(*self.stamps)
        return table.numbered(*self.ids) if self.ids != EVERYTHING else table.rows.values()


@dataclass(frozen=True, slots=True)
class Test:
    """A condition, ready to be asked of records."""

    holds: Holds
    narrow: Narrow = Narrow()


ALWAYS = Test(lambda _record: True)


class Conditions:
    """Compiles the conditions of one scope; `inner` runs a query inside IN (…)."""

    def __init__(self, scope: Scope, reading: Reading, inner: Inner) -> None:
        self._scope, self._reading, self._inner = scope, reading, inner

    def compile(self, condition: Condition | None) -> Test:
        """Give the test for a condition."""
        if condition is None:
            return ALWAYS
        if isinstance(condition, AllOf):
            return _all([self.compile(part) for part in condition.parts])
        if isinstance(condition, AnyOf):
            return _any([self.compile(part) for part in condition.parts])
        if isinstance(condition, Not):
            holds = self.compile(condition.part).holds
            return Test(lambda record: not holds(record))
        return self._compare(condition) if isinstance(condition, Compare) else self._among(condition)

    def _left(self, left: Named | Function) -> tuple[Field, Callable[[Record], Any], str | None]:
        if isinstance(left, Function):
            if left.name not in DATES or left.of is None:
                raise self._scope.wrong(left.at, f"unexpected token: '{left.name}'", "MALFORMED_QUERY")
            return dated(left.name, self._scope.resolve(left.of))
        ref = self._scope.resolve(left)
        if not ref.field.filterable:
            text = f"field '{ref.field.name}' can not be filtered in a query call"
            raise self._scope.wrong(left.at, text)
        return ref.field, ref.get, ref.field.name if ref.plain else None

    def _compare(self, found: Compare) -> Test:
        held, get, name = self._left(found.left)
        if found.op == "like":
            return Test(_like(held, get, found.right, self._scope, found.left.at))
        if found.right.kind == "range" and held.type in {"date", "datetime"}:
            return Test(_ranged(get, found.op, self._reading.span(held, found.right.text)))
        value = self._reading.value(held, found.right)
        return Test(_compared(held, get, found.op, value), _narrow(held, name, found.op, value))

    def _among(self, found: Among) -> Test:
        held, get, name = self._left(found.left)
        if isinstance(found.values, Query):
            wanted = set(self._inner(found.values))
        else:
            wanted = {self._reading.value(held, value) for value in found.values}
        if found.op in {"includes", "excludes"}:
            return Test(_includes(get, wanted, wanted_any=found.op == "includes"))
        folded = _folding(held, get)
        if found.op == "not in":
            return Test(lambda record: folded(record) not in wanted)
        lookup = (name, tuple(wanted)) if name and held.type in {"id", "reference"} else None
        return Test(lambda record: folded(record) in wanted, Narrow(lookup=lookup))


def _all(parts: list[Test]) -> Test:
    tests = [part.holds for part in parts]
    lookup = next((part.narrow.lookup for part in parts if part.narrow.lookup), None)
    stamps = _meet([part.narrow.stamps for part in parts])
    ids = _meet([part.narrow.ids for part in parts])
    return Test(lambda record: all(test(record) for test in tests), Narrow(lookup, stamps, ids))


def _any(parts: list[Test]) -> Test:
    tests = [part.holds for part in parts]
    spread = [part.narrow for part in parts]
    stamps, ids = _hull([found.stamps for found in spread]), _hull([found.ids for found in spread])
    return Test(lambda record: any(test(record) for test in tests), Narrow(None, stamps, ids))


def _meet(bounds: list[Bounds]) -> Bounds:
    lows = [low for low, _ in bounds if low is not None]
    highs = [high for _, high in bounds if high is not None]
    return max(lows, default=None), min(highs, default=None)


def _hull(bounds: list[Bounds]) -> Bounds:
    lows, highs = [low for low, _ in bounds], [high for _, high in bounds]
    low = None if None in lows else min(filter(None, lows), default=None)
    return low, None if None in highs else max(filter(None, highs), default=None)


def _narrow(held: Field, name: str | None, op: str, value: Any) -> Narrow:
    if name is None or value is None or op == "!=":
        return Narrow()
    bounds: Bounds = (value if op in {"=", ">", ">="} else None, value if op in {"=", "<", "<="} else None)
    if name == "SystemModstamp":
        return Narrow(stamps=bounds)
    if name == "Id":
        return Narrow(lookup=("Id", (value,))) if op == "=" else Narrow(ids=bounds)
    return Narrow(lookup=(name, (value,))) if op == "=" and held.type == "reference" else Narrow()


def _folding(held: Field, get: Callable[[Record], Any]) -> Callable[[Record], Any]:
    """Texts are compared without case, ids with it."""
    if held.type not in TEXTS:
        return get

    def folded(record: Record) -> Any:
        value = get(record)
        return value.casefold() if value is not None else None

    return folded


def _compared(held: Field, get: Callable[[Record], Any], op: str, value: Any) -> Holds:
    folded = _folding(held, get)
    if op == "=":
        return lambda record: bool(folded(record) == value)
    if op == "!=":
        return lambda record: bool(folded(record) != value)
    compare = ORDERINGS[op]
    if value is None or held.type == "boolean":
        return lambda _record: False

    def holds(record: Record) -> bool:
        found = folded(record)
        return found is not None and compare(found, value)

    return holds


def _ranged(get: Callable[[Record], Any], op: str, bounds: tuple[str, str]) -> Holds:
    first, after = bounds
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: first <= value < after,
        "!=": lambda value: not first <= value < after,
        "<": lambda value: value < first,
        "<=": lambda value: value < after,
        ">": lambda value: value >= after,
        ">=": lambda value: value >= first,
    }
    test = tests[op]

    def holds(record: Record) -> bool:
        value = get(record)
        return op == "!=" if value is None else test(value)

    return holds


def _like(held: Field, get: Callable[[Record], Any], value: Value, scope: Scope, at: int) -> Holds:
    if held.type in NUMBERS or held.type in {"id", "reference", "boolean", "date", "datetime"}:
        raise scope.wrong(
            at, "invalid operator on id field" if held.type in {"id", "reference"} else "invalid operator"
        )
    parts = (WILD.get(part) or re.escape(part[-1]) for part in re.findall(r"\\[_%]|.", value.text, re.DOTALL))
    pattern = re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    return lambda record: pattern.fullmatch(get(record) or "") is not None


def _includes(get: Callable[[Record], Any], wanted: set[str], *, wanted_any: bool) -> Holds:
    groups = [set(text.split(";")) for text in wanted]

    def holds(record: Record) -> bool:
        chosen = set((get(record) or "").casefold().split(";"))
        return any(group <= chosen for group in groups) is wanted_any

    return holds
