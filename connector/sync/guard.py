"""Step: ask the guards whether the pull is to be believed, and whether a plan may be written without a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from connector.model.fields import BESIDE
from connector.model.runs import Reason
from connector.planning.guards import Situation, doubts, told, trips
from connector.planning.tally import Tally
from connector.sync import memory
from connector.sync.holds import note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.planning.doubt import Doubt
    from connector.planning.plan import Plan
    from connector.ports import Evaluation
    from connector.sync.going import Going

WATCHED = ("accounts", "deals", "tickets", "activities")


class Survey(Struct, frozen=True):
    """What the guards see before anything is planned."""

    situation: Situation
    doubts: Sequence[Doubt]
    """Why the pull is doubted."""

    @property
    def partly(self) -> bool:
        """Whether some accounts may go on although the pull is doubted: the customers themselves are all there."""
        return bool(self.doubts) and not any(doubt.whole for doubt in self.doubts)


def survey(going: Going, evaluation: Evaluation) -> Survey:
    """Look at the pull and its verdicts."""
    journal, watched = going.parts.journal, (*WATCHED, *(BESIDE + table.name for table in going.parts.beside))
    good = memory.last_good(journal)
    situation = Situation(
        run=going.run,
        first_run=journal.recall(memory.CONFIRMED) is None,
        rest_of_first=memory.is_rest_of_first(journal, rule_version=evaluation.rule_version),
        population=evaluation.figures(),
        tally=Tally(),
        rows={table: going.figures.get(memory.ROWS + table, 0) for table in watched},
        filled=memory.filled(journal.run(going.run)),
        baseline=memory.baseline(good, watched=watched),
        language=going.parts.policy.language,
    )
    return Survey(situation, doubts(situation, going.parts.policy.limits))


def guard(going: Going, plan: Plan, seen: Survey, *, confirmed: bool) -> Plan:
    """Return the plan with what holds it; `confirmed` lets a first run through, and nothing else.

    What holds only a part of it makes the run partial, and is kept in the journal for `approve`.
    """
    part = plan.going_on if plan.going_on and plan.going_on.changes else None
    situation = replace(seen.situation, tally=part or plan.tally, confirmed=confirmed)
    found = trips(situation, going.parts.policy.limits)
    of_pull = tuple(told(situation, doubt, waiting=plan.waiting) for doubt in seen.doubts)
    note(going, plan, (*of_pull, *found))
    if part is None or found:
        going.plan = replace(plan, holds=(*of_pull, *found), going_on=None)
        return going.plan
    going.figures["waiting"] = plan.waiting
    for one in of_pull:
        going.partial(one)
    return plan


def would_hold(going: Going, plan: Plan) -> None:
    """Say of a plan that is not to be written what a run with it would be held by; it is no worse for it."""
    if plan.holds:
        going.reasons += (Reason("WOULD_BE_HELD", going.say("WOULD_BE_HELD")), *plan.holds)
