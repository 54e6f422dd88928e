"""From a run's evaluation and plan to its report; the one place where sync, engine and report meet."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.errors import ConnectorError
from connector.ports import EvaluationRequest
from connector.rules.ruleset import FieldOf
from connector.sync.history import planned
from connector.wiring import quarters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from connector.model.pictures import Pictures, Quarter
    from connector.ports import Evaluation, Progress, RunRow, Snapshot
    from connector.sync import Result
    from connector.wiring import Wiring

CONCENTRATION = "pyramid.concentration_warning_pct"
LOOKED_BACK = 100
"""Runs searched for the newest plan."""


class Drawn(Struct, frozen=True):
    """The run that is drawn, with its pictures and the quarters it kept."""

    run: str
    as_of: date
    made_at: datetime
    written: bool
    pictures: Pictures
    quarters: Sequence[Quarter]


class Reporting(Struct, frozen=True):
    """Draws reports into one folder, the newest in place of the one before."""

    wiring: Wiring
    folder: Path

    def __call__(self, result: Result, evaluation: Evaluation) -> str | None:
        """Draw the report of a run that is going on; None for one without a plan."""
        if result.plan is None:
            return None
        as_of = result.plan.as_of or self.wiring.as_of
        journal, pictures = self.wiring.journal, evaluation.tables()
        trend = quarters.until(journal, pictures, run=result.run, as_of=as_of)
        journal.note(result.run, details={quarters.KEPT: quarters.written(trend)})
        drawn = Drawn(result.run, as_of, result.plan.made_at, bool(result.figures.get("written")), pictures, trend)
        return str(self._write(evaluation, drawn))

    def again(self, progress: Progress) -> Path:
        """Draw the report of the newest plan anew, from the mirror and the journal alone."""
        row, snapshot = self._newest()
        run, as_of = self.wiring.settings.run, row.as_of or self.wiring.as_of
        request = EvaluationRequest(
            files=snapshot.files,
            as_of=as_of,
            time_zone=run.time_zone,
            home_currency=run.home_currency,
            language=self.wiring.language,
            beside=self.wiring.joined(snapshot, as_of=as_of),
        )
        evaluation = self.wiring.engine.evaluate(self.wiring.rules, request, progress)
        try:
            made_at = datetime.fromisoformat(str(row.details.get("made_at") or row.started.isoformat()))
            pictures = evaluation.tables()
            trend = quarters.of_run(row) or quarters.until(self.wiring.journal, pictures, run=row.run, as_of=as_of)
            drawn = Drawn(row.run, as_of, made_at, row.applied, pictures, trend)
            return self._write(evaluation, drawn)
        finally:
            evaluation.close()

    def _newest(self) -> tuple[RunRow, Snapshot]:
        runs = self.wiring.journal.runs(limit=LOOKED_BACK)
        row = next((row for row in runs if row.digest is not None and row.snapshot is not None), None)
        snapshot = self.wiring.store.mirror.current()
        if row is None or snapshot is None:
            raise ConnectorError("there is no plan to report on yet", hint="`tiersync plan` makes one")
        return row, snapshot

    def _write(self, evaluation: Evaluation, drawn: Drawn) -> Path:
        from connector.report import PlannedAccount, ReportInput, write  # a plan draws nothing

        accounts = planned(self.wiring.journal, drawn.run, evaluation)
        source = ReportInput(
            run=drawn.run,
            crm=self.wiring.opening.section().kind,
            as_of=drawn.as_of,
            made_at=drawn.made_at,
            rule_version=evaluation.rule_version,
            home_currency=self.wiring.settings.run.home_currency,
            outputs=evaluation.outputs,
            pictures=drawn.pictures,
            advised=evaluation.advised(),
            planned=(PlannedAccount(context, changes) for context, changes in accounts),
            applied=drawn.written,
            field_labels=_field_labels(self.wiring),
            concentration_warning_pct=_concentration(self.wiring),
            quarantined=self.wiring.journal.quarantined(),
            quarters=drawn.quarters,
        )
        return write(source, self.folder, language=self.wiring.language)


def _field_labels(wiring: Wiring) -> Mapping[str, Mapping[str, str]]:
    nodes = wiring.rules.nodes
    return {
        node.definition.column: node.meaning for node in nodes if isinstance(node.definition, FieldOf) and node.meaning
    }


def _concentration(wiring: Wiring) -> Decimal:
    told = wiring.rules.parameters.get(CONCENTRATION)
    return told.value if told and isinstance(told.value, Decimal) else Decimal(25)
