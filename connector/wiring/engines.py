"""Which engine: named by the settings at once, loaded while the pull waits for the CRM."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING

from connector.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from connector.ports import Engine, Evaluation, EvaluationRequest, Progress
    from connector.rules.python.standing import Standing
    from connector.rules.ruleset import RuleSet


def check(kind: str) -> None:
    """Raise UsageError for an engine that is not in this version."""
    if kind != "duckdb":
        raise UsageError(f'engine.kind = "{kind}" is not in this version', hint="use duckdb")


def engine(kind: str, mirror: Path, now: datetime) -> Engine:
    """Return the engine of the settings; what does not fit in memory lies beside the mirror, where that can be."""
    check(kind)
    from connector.engine.duckdb import DuckDb
    from connector.engine.memory import sweep

    folder = mirror.absolute().parent
    sweep(folder, now=now.timestamp())
    return DuckDb(folder)


def _loaded(kind: str, mirror: Path, now: datetime) -> Engine:
    import_module("connector.store.assembly")  # Arrow, which the pull needs sooner
    return engine(kind, mirror, now)


class Arriving:
    """An engine that is being loaded by a thread, Arrow before it; the first evaluation waits for it."""

    def __init__(self, kind: str, mirror: Path, now: datetime) -> None:
        check(kind)
        loader = ThreadPoolExecutor(1, "engine")
        self._engine = loader.submit(_loaded, kind, mirror, now)
        loader.shutdown(wait=False)

    def evaluate(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Evaluation:
        """Evaluate; what loading it raised is raised here, where it can be told."""
        return self._engine.result().evaluate(rules, request, progress)

    def standing(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Standing:
        """The same, for what everybody comes to."""
        return self._engine.result().standing(rules, request, progress)
