"""From a run's evaluation and plan to its report; the one place where sync, engine and report meet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.report import PlannedAccount, ReportInput, write
from connector.rules.ruleset import FieldOf
from connector.sync.history import planned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from connector.ports import Evaluation
    from connector.sync import Result
    from connector.wiring import Wiring

CONCENTRATION = "pyramid.concentration_warning_pct"


@dataclass(frozen=True)
class Reporting:
    """Draws the report of a run into one folder, the newest in place of the one before."""

    wiring: Wiring
    folder: Path

    def __call__(self, result: Result, evaluation: Evaluation) -> str | None:
        """Return the page; None for a run without a plan."""
        if result.plan is None:
            return None
        accounts = planned(self.wiring.journal, result.run, evaluation)
        source = ReportInput(
            run=result.run,
            crm=self.wiring.crm.name,
            as_of=result.plan.as_of or self.wiring.as_of,
            made_at=result.plan.made_at,
            rule_version=evaluation.rule_version,
            home_currency=self.wiring.settings.run.home_currency,
            outputs=evaluation.outputs,
            pictures=evaluation.tables(),
            advised=evaluation.advised(),
            planned=(PlannedAccount(context, changes) for context, changes in accounts),
            applied=bool(result.figures.get("written")),
            field_labels=_field_labels(self.wiring),
            concentration_warning_pct=_concentration(self.wiring),
        )
        return str(write(source, self.folder, language=self.wiring.language))


def _field_labels(wiring: Wiring) -> Mapping[str, Mapping[str, str]]:
    nodes = wiring.rules.nodes
    return {
        node.definition.column: node.meaning for node in nodes if isinstance(node.definition, FieldOf) and node.meaning
    }


def _concentration(wiring: Wiring) -> Decimal:
    told = wiring.rules.parameters.get(CONCENTRATION)
    return told.value if told and isinstance(told.value, Decimal) else Decimal(25)
