"""The report's tables for machines: columns by name, one row per thing, amounts and texts as they are stored."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from connector.report.insights import machine_rows
from connector.report.pyramid import LevelView

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from _typeshed import DataclassInstance

    from connector.report.pages import Report
    from connector.report.views import PopulationView


def bounded(population: PopulationView) -> dict[str, Iterable[Sequence[object]]]:
    """Return the tables that do not grow with the population, by file name, header first."""
    return {
        "pyramid.csv": _pyramid_rows(population),
        "segments.csv": _segment_rows(population),
        "migration.csv": _migration_rows(population),
        "data-health.csv": _health_rows(population),
        **{f"{view.name}.csv": machine_rows(view) for view in population.insights},
    }


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


def summary(report: Report) -> dict[str, object]:
    """Return everything bounded as one document; the long lists stand in files of their own, which it names."""
    return {
        **_named(report.population),
        "changes": _named(report.changes, without={"rows"}),
        "say_no": _named(report.advised, without={"rows", "watch_rows"}),
        "files": report.files,
    }


def columns(view: type) -> tuple[str, ...]:
    """Return the names of a view's fields, which are the columns of its table."""
    return tuple(column.name for column in fields(view))


def _values(view: DataclassInstance) -> list[object]:
    return list(_named(view).values())


def _named(view: DataclassInstance, *, without: frozenset[str] | set[str] = frozenset()) -> dict[str, object]:
    """Return a view's own fields by name."""
    names = (column.name for column in fields(view))
    return {name: getattr(view, name) for name in names if name not in without}
