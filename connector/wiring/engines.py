"""Which engine: named by the settings at once, loaded while the pull waits for the CRM."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.ports import Engine, Evaluation, EvaluationRequest, Progress
    from connector.rules.ruleset import RuleSet
    from connector.rules.standing import Standing


def check(kind: str) -> None:
    """Raise UsageError for an engine that is not in this version."""
    if kind != "duckdb":
        raise UsageError(f'engine.kind = "{kind}" is not in this version', hint="use duckdb")


def engine(kind: str) -> Engine:
    """Return the engine of the settings."""
    check(kind)
    from connector.engine.duckdb import DuckDb

    return DuckDb()


class Arriving:
    """An engine that is being loaded by a thread; the first evaluation waits for it."""

    def __init__(self, kind: str) -> None:
        check(kind)
        self._kind = kind
        self._thread = Thread(target=engine, args=(kind,), daemon=True)
        self._thread.start()

    def evaluate(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Evaluation:
        """Evaluate; what loading it raised is raised again here, where it can be told."""
        return self._loaded().evaluate(rules, request, progress)

    def standing(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Standing:
        """The same, for what everybody comes to."""
        return self._loaded().standing(rules, request, progress)

    def _loaded(self) -> Engine:
        self._thread.join()
        return engine(self._kind)
