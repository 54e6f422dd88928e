"""The walk of a run, all of it, in order."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.model.runs import Reason, RunOutcome
from connector.planning.file import render
from connector.sync import memory
from connector.sync.going import conduct
from connector.sync.guard import guard, survey, would_hold
from connector.sync.holds import confirm, holds
from connector.sync.overrides import note_overrides
from connector.sync.parts import Parts
from connector.sync.plan import evaluate, make_plan
from connector.sync.pull import pull
from connector.sync.release import APPROVE, check, check_file, outputs, release
from connector.sync.settle import settle
from connector.sync.spent import planned_run
from connector.sync.undo import UNDO, release_undo, undo, written_run
from connector.sync.write import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.model.changes import Change
    from connector.planning.file import PlanFile
    from connector.planning.plan import Plan
    from connector.ports import Evaluation
    from connector.sync.going import Going
    from connector.sync.parts import Stop
    from connector.sync.result import Result


class Walk(Parts, frozen=True, kw_only=True):
    """One method per command; each holds the lease, is a run in the journal, and returns what it came to.

    Errors come back inside the Result; only UsageError about the arguments is raised.
    """

    def sync(
        self,
        *,
        full: bool = False,
        yes: bool = False,
        command: str = "sync",
        stop: Stop | None = None,
        unless: Callable[[], bool] = lambda: False,
    ) -> Result:
        """Pull, plan, guard, write, once; `yes` confirms a first run and nothing else.

        Nothing begins, and StopRun(code=DONE_ALREADY) is raised, when `unless` says so once the lease is held.
        """

        def steps(going: Going) -> None:
            settle(going)
            snapshot = pull(going, full=full)
            with closing(evaluate(going, snapshot)) as evaluation:
                seen = survey(going, evaluation)
                plan = self._planned(going, evaluation, doubted=seen.partly)
                plan = guard(going, plan, seen, confirmed=yes)
                note_overrides(going, evaluation)
                if plan.holds:
                    going.hold(plan.holds)
                    going.same_as = memory.hold(self.journal, going.run)
                else:
                    if yes and seen.situation.first_run:
                        confirm(going)
                    self._write(going, plan)
                self._report(going, evaluation)

        return conduct(self, command, steps, stop=stop, unless=unless)

    def plan(self, *, full: bool = False, stop: Stop | None = None) -> Result:
        """Pull, evaluate and plan; writes nothing, and keeps the plan under its run for `apply`."""

        def steps(going: Going) -> None:
            settle(going)
            snapshot = pull(going, full=full)
            with closing(evaluate(going, snapshot)) as evaluation:
                seen = survey(going, evaluation)
                would_hold(going, guard(going, self._planned(going, evaluation), seen, confirmed=False))
                note_overrides(going, evaluation)

        return conduct(self, "plan", steps, stop=stop)

    def pull(self, *, full: bool = False, stop: Stop | None = None) -> Result:
        """Bring the mirror up to date."""

        def steps(going: Going) -> None:
            pull(going, full=full)

        return conduct(self, "pull", steps, stop=stop)

    def apply(self, file: PlanFile, *, stop: Stop | None = None) -> Result:
        """Write exactly the plan of a plan file, unless it is stale, applied already, or held by a guard."""
        planned = planned_run(self.journal, file.run, texts=self.policy.texts)

        def steps(going: Going) -> None:
            # another process may have written it before the lease came
            row = planned_run(self.journal, planned.run, texts=self.policy.texts)
            check_file(file, row, texts=self.policy.texts)
            check(going, row, command="apply")
            if waiting := holds(row):
                going.hold(waiting)
                self.journal.finish(row.run, outcome=RunOutcome.HELD, now=going.now, reasons=waiting)
                return
            release(going, row, command="apply")
            self._good(going)

        return conduct(self, "apply", steps, stop=stop, released=planned)

    def approve(self, run: str, *, reason: str, stop: Stop | None = None) -> Result:
        """Write exactly the plan a guard held; `reason` goes into the journal."""
        if not reason.strip():
            raise UsageError("approve needs a reason", hint='--reason "why this is right"')
        planned = planned_run(self.journal, run, texts=self.policy.texts)

        def steps(going: Going) -> None:
            row = planned_run(self.journal, planned.run, texts=self.policy.texts)
            if row.command == UNDO:
                release_undo(going, row, reason=reason)
            else:
                release(going, row, command=APPROVE, reason=reason)
                self._good(going)

        return conduct(self, APPROVE, steps, stop=stop, released=planned)

    def undo(self, run: str, *, stop: Stop | None = None) -> Result:
        """Bring back the old values of a run where the CRM still holds what it wrote."""
        row = written_run(self.journal, run)
        return conduct(self, UNDO, lambda going: undo(going, row), stop=stop)

    def changes(self, run: str) -> Iterator[Change]:
        """The changes of a run's plan that are to be written, in order."""
        return (row.change for row in self.journal.changes(run, only_open=True))

    def plan_file(self, plan: Plan) -> Iterator[str]:
        """The plan file of a plan just made, in pieces."""
        return render(plan, self.changes(plan.run))

    def _planned(self, going: Going, evaluation: Evaluation, *, doubted: bool = False) -> Plan:
        """The plan; a value of ours that is gone is an edit only when the CRM still shows its field."""
        plan = make_plan(going, evaluation, doubted=doubted)
        if plan.tally.emptied:
            self.crm.preflight(tuple(outputs(going, plan.tally.emptied)))
        return plan

    def _write(self, going: Going, plan: Plan) -> None:
        if plan.tally.changes:
            self.crm.preflight(tuple(outputs(going, set(plan.tally.by_property))))
        write(going)
        if plan.waiting:
            memory.wait(self.journal, going.run, accounts=plan.waiting)
        else:
            self._good(going)

    def _good(self, going: Going) -> None:
        """The CRM is up to date as of this run: the next one compares with it, and nothing undone waits any more."""
        if going.stop.is_set():
            return
        self.journal.remember(memory.GOOD, going.run)
        self.journal.remember(memory.UNDONE, None)

    def _report(self, going: Going, evaluation: Evaluation) -> None:
        """Draw the report; one that fails is told, and changes nothing about the run."""
        if self.report is None:
            return
        try:
            going.report = self.report(going.result(), evaluation)
            self.journal.note(going.run, details={"report": going.report})
        except Exception as error:  # noqa: BLE001 - a picture must not undo what was written
            going.reasons.append(Reason("REPORT_FAILED", going.say("REPORT_FAILED", error=type(error).__name__)))
