"""Which engine: named by the settings at once, loaded while the pull waits for the CRM."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING

from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.ports import Engine, Evaluation, EvaluationRequest, Progress
    from connector.rules.ruleset import RuleSet


def check(kind: str) -> None:
    """Raise UsageError for an engine that is not in this version."""
    if kind != "duckdb":
        raise UsageError(f'engine.kind = "{kind}" is not in this version', hint="use duckdb")


def engine(kind: str) -> Engine:
    """Return the engine of the settings."""
    check(kind)
    from connector.engine.duckdb import DuckDb

    return DuckDb()


def _loaded(kind: str) -> Engine:
    import_module("connector.store.assembly")  # Arrow, which the pull needs sooner
    return engine(kind)


class Arriving:
    """An engine that is being loaded by a thread, Arrow before it; the first evaluation waits for it."""

    def __init__(self, kind: str) -> None:
        check(kind)
        loader = ThreadPoolExecutor(1, "engine")
        self._engine = loader.submit(_loaded, kind)
        loader.shutdown(wait=False)

    def evaluate(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Evaluation:
        """Evaluate; what loading it raised is raised here, where it can be told."""
        return self._engine.result().evaluate(rules, request, progress)
