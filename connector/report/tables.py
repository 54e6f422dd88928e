"""The report's tables for machines: columns by name, one row per thing, amounts and texts as they are stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Generic, TypeVar

from connector.report.advice import AdviceView, view_advice
from connector.report.cells import cell, line
from connector.report.measures import known_amount
from connector.report.pyramid import LevelView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from connector.model.pictures import AdvisedAccount
    from connector.report.pages import Report
    from connector.report.source import PlannedAccount
    from connector.report.views import PopulationView

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A list that may be long: how one item reads as CSV lines and as one JSON object."""

    name: str
    header: tuple[str, ...]
    lines: Callable[[Item], Iterable[str]]
    document: Callable[[Item], Mapping[str, object]]


def _change_lines(one: PlannedAccount) -> Iterator[str]:
    """Give one line per changed property; the account's cells are the same on all of them."""
    about = one.context
    account = ",".join(map(cell, (about.account, about.name, about.owner, known_amount(about.revenue_cents))))
    for change in one.changes:
        yield f"{account},{line((change.target, change.record, change.property, change.old, change.new, change.cause))}"


def _change_document(one: PlannedAccount) -> Mapping[str, object]:
    about = one.context
    return {
        "account": about.account,
        "name": about.name,
        "owner": about.owner,
        "revenue": known_amount(about.revenue_cents),
        "tier_before": about.tier_before,
        "tier_after": about.tier_wanted,
        "say_no_before": about.say_no_before,
        "say_no_after": about.say_no_wanted,
        "changes": [
            {
                "object": change.target,
                "record": change.record,
                "property": change.property,
                "old": change.old,
                "new": change.new,
                "cause": change.cause,
            }
            for change in one.changes
        ],
    }


def _advice_lines(one: AdvisedAccount) -> Iterator[str]:
    yield line(_values(view_advice(one)))


def _advice_document(one: AdvisedAccount) -> Mapping[str, object]:
    return asdict(view_advice(one))


CHANGES: Listing[PlannedAccount] = Listing(
    "changes",
    ("account", "name", "owner", "revenue", "object", "record", "property", "old", "new", "cause"),
    _change_lines,
    _change_document,
)
ADVISED: Listing[AdvisedAccount] = Listing(
    "say-no", tuple(column.name for column in fields(AdviceView)), _advice_lines, _advice_document
)


def bounded(population: PopulationView) -> dict[str, Iterable[Sequence[object]]]:
    """Return the tables that do not grow with the population, by file name, header first."""
    return {
        "pyramid.csv": _pyramid_rows(population),
        "segments.csv": _segment_rows(population),
        "migration.csv": _migration_rows(population),
        "data-health.csv": _health_rows(population),
    }


def _pyramid_rows(population: PopulationView) -> Iterator[Sequence[object]]:
    yield [column.name for column in fields(LevelView)]
    yield from (_values(level) for level in population.pyramid.levels)


def _segment_rows(population: PopulationView) -> Iterator[Sequence[object]]:
    yield ("output", "value", "accounts", "customers", "revenue", "revenue_pct", "energy_hours", "margin_after_service")
    for output, slices in population.slices.items():
        yield from ([output, *_values(one)] for one in slices)


def _migration_rows(population: PopulationView) -> Iterator[Sequence[object]]:
    yield ("output", "before", "after", "accounts")
    for view in population.matrices:
        for before, counts in zip(view.befores, view.accounts, strict=True):
            yield from ((view.output, before, after, n) for after, n in zip(view.afters, counts, strict=True) if n)


def _health_rows(population: PopulationView) -> Iterator[Sequence[object]]:
    yield ("kind", "what", "accounts", "revenue")
    health = population.health
    yield from (("missing field", one.field, one.accounts, one.revenue) for one in health.missing)
    yield from (("data quality", one.value, one.accounts, one.revenue) for one in health.quality)
    yield from (("warning", one.code, one.accounts, None) for one in health.warnings)


def summary(report: Report) -> dict[str, object]:
    """Return everything bounded as one document; the long lists stand in files of their own, which it names."""
    return {
        **_named(report.population),
        "changes": _named(report.changes, without={"rows"}),
        "say_no": _named(report.advised, without={"rows", "watch_rows"}),
        "files": report.files,
    }


def _values(view: object) -> list[object]:
    return list(_named(view).values())


def _named(view: object, *, without: frozenset[str] | set[str] = frozenset()) -> dict[str, object]:
    """Return a view's own fields by name."""
    names = (column.name for column in fields(view))  # type: ignore[arg-type] # every view is a dataclass
    return {name: getattr(view, name) for name in names if name not in without}
