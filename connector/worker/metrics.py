"""The worker in figures, as Prometheus reads them: what the journal tells, and what this process counted itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from connector.model.runs import RunOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime, timedelta

    from prometheus_client.core import Metric


CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400)
"""Seconds."""
_COUNTED = ("evaluated", "changes", "written", "refused", "quarantined", "kept", "requests")
_SUMMED = ("written", "refused", "requests")


class Facts(Struct, frozen=True, kw_only=True):
    """What is known at one moment; None is unknown, and unknown is left out, never shown as zero."""

    version: str
    well: bool | None = None
    alive: bool
    ready: bool
    last_good: datetime | None = None
    age: timedelta | None = None
    last_outcome: RunOutcome | None = None
    last_took: timedelta | None = None
    running: timedelta | None = None
    quota_left: int | None = None
    figures: Mapping[str, int] = field(default_factory=dict)
    """Of the last run that ended."""


class Metrics:
    """Counters of this process beside `facts`, which are asked for anew at each scrape."""

    def __init__(self, facts: Callable[[], Facts]) -> None:
        self._registry = CollectorRegistry()
        self._runs = Counter("tiersync_runs", "Runs of this process that ended.", ["outcome"], registry=self._registry)
        self._sums = {
            name: Counter(f"tiersync_{name}", f"{words} by this process.", registry=self._registry)
            for name, words in zip(_SUMMED, ("Values written", "Values refused", "Calls to the CRM"), strict=True)
        }
        self._seconds = Histogram(
            "tiersync_run_duration_seconds",
            "How long runs of this process took.",
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._registry.register(_AtTheMoment(facts))

    def ended(self, *, outcome: RunOutcome, figures: Mapping[str, int], seconds: float) -> None:
        """Count a run of this process."""
        self._runs.labels(outcome.value).inc()
        self._seconds.observe(seconds)
        for name, counter in self._sums.items():
            counter.inc(max(0, figures.get(name, 0)))

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)


class _AtTheMoment(Collector):
    """Gauges of what is known now."""

    def __init__(self, facts: Callable[[], Facts]) -> None:
        self._facts = facts

    def describe(self) -> Iterator[Metric]:
        """Nothing: nobody is asked before the first scrape."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every gauge whose value is known."""
        facts = self._facts()
        yield InfoMetricFamily("tiersync", "What runs here.", value={"version": facts.version})
        for name, words, value in _single(facts):
            if value is not None:
                yield GaugeMetricFamily(f"tiersync_{name}", words, value=float(value))
        yield from _of_the_last_run(facts)


def _single(facts: Facts) -> Iterator[tuple[str, str, float | None]]:
    yield "healthy", "1 while a good run followed the last due time in time.", facts.well
    yield "alive", "1 while the worker's loop turns.", facts.alive
    yield "ready", "1 while this process could take on a run.", facts.ready
    good = facts.last_good.timestamp() if facts.last_good else None
    yield "last_good_run_timestamp_seconds", "When the last good run ended.", good
    yield "last_good_run_age_seconds", "Since the last good run ended.", _seconds(facts.age)
    yield "last_run_duration_seconds", "How long the last run took, of whatever process.", _seconds(facts.last_took)
    going = _seconds(facts.running) or 0.0
    yield "run_going_seconds", "How long the run in hand has been going on; 0 without one.", going
    yield "quota_left", "Calls left of the CRM's day, as last told.", facts.quota_left


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()


def _of_the_last_run(facts: Facts) -> Iterator[Metric]:
    if facts.last_outcome is None:
        return
    outcome = GaugeMetricFamily("tiersync_last_run_outcome", "1 for how the last run ended.", labels=["outcome"])
    for one in type(facts.last_outcome):
        outcome.add_metric([one.value], float(one is facts.last_outcome))
    yield outcome
    values = GaugeMetricFamily("tiersync_last_run_values", "Figures of the last run.", labels=["kind"])
    done = facts.last_outcome in {RunOutcome.OK, RunOutcome.PARTIAL}  # what these did not count, they did not do
    for name in _COUNTED:
        if done or name in facts.figures:
            values.add_metric([name], facts.figures.get(name, 0))
    yield values
    pulled = GaugeMetricFamily("tiersync_last_run_records", "Records the last run pulled.", labels=["table"])
    for name, count in sorted(facts.figures.items()):
        if name.startswith("pulled_"):
            pulled.add_metric([name.removeprefix("pulled_")], count)
    yield pulled
