"""The report's tables for machines: columns by name, one row per thing, amounts and texts as they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict

from connector.report.insights import machine_rows
from connector.report.pyramid import LevelView
from connector.report.scan import scan_rows, view_scan
from connector.report.views import QuarantinedView

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from msgspec import Struct

    from connector.report.pages import Report
    from connector.report.views import PopulationView


def bounded(report: Report) -> dict[str, Iterable[Sequence[object]]]:
    """Return the tables that do not grow with the population, by the name of their files, header first."""
    population = report.population
    return {
        "scan": scan_rows(view_scan(population, report.advised)),
        "pyramid": _pyramid_rows(population),
        "pareto": _pareto_rows(population),
        "segments": _segment_rows(population),
        "migration": _migration_rows(population),
        "data-health": _health_rows(population),
        "quarantine": _quarantine_rows(population),
        **{view.name: machine_rows(view) for view in population.insights},
    }


def records(header: Sequence[object], rows: Iterable[Sequence[object]]) -> list[dict[str, object]]:
    """Return the rows of a table with the name of the column at each value."""
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def _pareto_rows(population: PopulationView) -> Iterator[Sequence[object]]:
    """How revenue is spread over the customers (domain.md 7.2)."""
    pyramid = population.pyramid
    yield ("customers", "revenue", "top20_revenue_pct", "customers_for_80_pct", "gini", "largest_pct")
    spread = (pyramid.top20_revenue_pct, pyramid.customers_for_80_pct, pyramid.gini, pyramid.largest_pct)
    yield (pyramid.customers, pyramid.revenue, *spread)


def _pyramid_rows(population: PopulationView) -> Iterator[Sequence[object]]:
    yield columns(LevelView)
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


def _quarantine_rows(population: PopulationView) -> Iterator[Sequence[object]]:
    yield columns(QuarantinedView)
    yield from (_values(one) for one in population.health.quarantined)


def summary(report: Report) -> dict[str, object]:
    """Return everything bounded as one document; the long lists stand in files of their own, which it names."""
    return {
        **_named(report.population),
        "changes": _named(report.changes, without={"rows"}),
        "say_no": _named(report.advised, without={"rows", "watch_rows"}),
        "files": report.files,
    }


def columns(view: type[Struct]) -> tuple[str, ...]:
    """Return the names of a view's fields, which are the columns of its table."""
    return view.__struct_fields__


def _values(view: Struct) -> list[object]:
    return list(_named(view).values())


def _named(view: Struct, *, without: frozenset[str] | set[str] = frozenset()) -> dict[str, object]:
    """Return a view's own fields by name."""
    return {name: value for name, value in asdict(view).items() if name not in without}
