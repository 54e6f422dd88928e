"""A query as a tree, before anything in it is known to exist."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A field, over lookups: `Account.Owner.Name`; `at` is its place in the text."""

    path: Path
    at: int = 0

    @property
    def text(self) -> str:
        """The path as it was written."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Function:
    """A call: COUNT(), SUM(Amount), CALENDAR_YEAR(CloseDate), convertCurrency(Amount)."""

    name: str
    of: Named | None
    at: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One expression of a select list with its alias."""

    what: Named | Function | Subquery
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A literal as it was written; `kind` is text, number, day, instant, range, truth or null."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison; `op` is =, !=, <, <=, >, >= or like."""

    left: Named | Function
    op: str
    right: Value


@dataclass(frozen=True, slots=True)
class Among:
    """IN, NOT IN, INCLUDES, EXCLUDES with a list or a query."""

    left: Named | Function
    op: str
    values: tuple[Value, ...] | Query


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = Compare | Among | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an ordering."""

    by: Named | Function
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole SELECT; `at` is the place of its object in the text."""

    items: tuple[Item, ...]
    of: str
    alias: str | None = None
    where: Condition | None = None
    group: tuple[Named | Function, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    at: int = 0


@dataclass(frozen=True, slots=True)
class Subquery:
    """The children of a record as one expression of the select list."""

    query: Query
