"""Step: ask the guards whether a plan may be written without a person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.planning.guards import BESIDE, Situation, trips
from connector.sync import memory

if TYPE_CHECKING:
    from connector.planning.plan import Plan
    from connector.ports import Evaluation
    from connector.sync.going import Going

WATCHED = ("accounts", "deals", "tickets", "activities")


def guard(going: Going, evaluation: Evaluation, plan: Plan, *, confirmed: bool) -> Plan:
    """Return the plan with what holds it; `confirmed` lets a first run through, and nothing else."""
    journal, watched = going.parts.journal, (*WATCHED, *(BESIDE + table.name for table in going.parts.beside))
    situation = Situation(
        run=going.run,
        first_run=journal.recall(memory.CONFIRMED) is None,
        confirmed=confirmed,
        population=evaluation.figures(),
        tally=plan.tally,
        rows={table: going.figures.get(memory.ROWS + table, 0) for table in watched},
        filled=memory.filled(journal.run(going.run)),
        baseline=memory.baseline(memory.last_good(journal), watched=watched),
    )
    going.plan = replace(plan, holds=trips(situation, going.parts.policy.limits))
    holds = [{"code": reason.code, "message": reason.message} for reason in going.plan.holds]
    journal.note(going.run, details={"holds": holds})
    return going.plan
