"""A run that cannot be approved or applied is told as what it is, with what to do next."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from threading import Event
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from connector.errors import StopRun, UsageError
from connector.model.changes import Target
from connector.model.runs import Reason, RunOutcome
from tests.twins import Fate, House, MemoryLease
from tests.twins.fate import Crash
from tests.unit.sync.writing import breaks_off, house, planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connector.model.changes import Outcome, RecordWrite
    from connector.sync import Result
    from tests.twins.crm import Write


def refused(result: Result) -> tuple[int, str, str]:
    return result.exit_code, result.reasons[-1].code, f"{result.reasons[-1].message}; {result.hint}"


def mend(made: House) -> None:
    made.crm.around_write = lambda batch, write: write(batch)


def test_an_approval_that_died_in_the_middle_is_told_as_written_in_part_and_sync_writes_the_rest() -> None:
    made = house()
    held = made.walk().sync()
    breaks_off(made, Crash())
    with pytest.raises(Crash):
        made.walk().approve(held.run, reason="seen")
    mend(made)
    code, name, told = refused(made.walk().approve(held.run, reason="seen"))
    assert (code, name) == (3, "APPLIED_IN_PART")
    assert f"run {held.run} was applied in part, 12 of its {held.figures['changes']} values: its process died" in told
    assert "`tiersync sync` settles what it left" in told
    assert made.walk().sync().outcome is RunOutcome.OK
    assert {row["seg_tier"] for row in made.crm.records[Target.ACCOUNT].values()} == {"small"}


def test_an_approval_that_failed_in_the_middle_is_told_with_what_stopped_it() -> None:
    made = house()
    held = made.walk().sync()
    breaks_off(made, StopRun("the token was withdrawn"))
    assert made.walk().approve(held.run, reason="seen").outcome is RunOutcome.FAILED
    code, name, told = refused(made.walk().approve(held.run, reason="seen"))
    assert (code, name) == (3, "APPLIED_IN_PART")
    assert "values: the token was withdrawn; " in told


def test_a_sync_that_died_in_the_middle_of_its_writes_was_not_applied_already() -> None:
    made = house()
    breaks_off(made, Crash())
    with pytest.raises(Crash):
        made.walk().sync(yes=True)
    (run,) = made.journal.rows
    assert refused(made.walk().approve(run, reason="x"))[1] == "APPLIED_IN_PART"


def test_a_run_that_somebody_stopped_is_told_as_stopped_whatever_else_it_noted() -> None:
    made, stop = house(), Event()

    def write(batch: Sequence[RecordWrite], write: Write) -> Sequence[Outcome]:
        stop.set()
        return write(batch)

    made.crm.around_write = write
    stopped = made.walk().sync(yes=True, stop=stop)
    mend(made)
    more = Reason("REPORT_FAILED", "no pictures")
    made.journal.note(stopped.run, reasons=(*stopped.reasons, more))
    code, name, told = refused(made.walk().approve(stopped.run, reason="x"))
    assert (code, name) == (3, "APPLIED_IN_PART")
    assert next(reason.message for reason in stopped.reasons if reason.code == "STOPPED") in told


def test_a_run_that_planned_and_failed_before_its_first_write_says_so() -> None:
    made = house()

    def closed() -> None:
        raise StopRun("seg_tier is a number in the CRM")

    made.crm.on_preflight = closed
    failed = made.walk().sync(yes=True)
    code, name, told = refused(made.walk().approve(failed.run, reason="x"))
    assert (code, name) == (3, "RUN_FAILED")
    assert "ended before it wrote anything: seg_tier is a number in the CRM; `tiersync sync` makes a new plan" in told


def test_a_plan_whose_process_died_before_the_guards_looked_is_not_written() -> None:
    for step in count(1):
        made = house()
        with pytest.raises(Crash):
            made.walk(Fate(at=step)).plan()
        row = next(iter(made.journal.runs()), None)
        if row and row.digest:
            break
    assert row is not None
    assert not row.details.get("holds")
    assert refused(made.walk().approve(row.run, reason="x"))[:2] == (3, "RUN_FAILED")
    assert not made.crm.batches


def test_a_run_that_failed_before_its_plan_says_why_it_has_none() -> None:
    made = house()

    def unreadable() -> None:
        raise StopRun("page 2 was cut in half")

    made.crm.before_pull = unreadable
    failed = made.walk().sync()
    with pytest.raises(UsageError, match="has no plan to write: page 2 was cut in half") as caught:
        made.walk().approve(failed.run, reason="x")
    assert "`tiersync sync` makes a new plan" in caught.value.hint


def test_a_run_that_wrote_by_itself_was_never_held() -> None:
    made = house()
    run = made.walk().sync(yes=True).run
    code, name, told = refused(made.walk().approve(run, reason="x"))
    assert (code, name) == (3, "ALREADY_APPLIED")
    assert f"run {run} was never held: it wrote its plan itself; `tiersync runs show {run}`" in told


def test_a_run_with_nothing_to_write_was_never_held() -> None:
    made = house()
    made.walk().sync(yes=True)
    code, name, told = refused(made.walk().approve(made.walk().sync().run, reason="x"))
    assert (code, name) == (3, "NOT_HELD")
    assert "had nothing to write; `tiersync status` names the runs that wait" in told


def test_a_second_approval_is_told_the_moment_of_the_first() -> None:
    made = house()
    held = made.walk().sync()
    made.walk().approve(held.run, reason="seen")
    moment = made.clock().astimezone(ZoneInfo(made.policy.time_zone)).strftime("%Y-%m-%d %H:%M %Z")
    made.clock.move(minutes=7)
    code, name, told = refused(made.walk().approve(held.run, reason="again"))
    assert (code, name) == (3, "ALREADY_APPLIED")
    assert f"was applied already, with `tiersync approve` on {moment}" in told


@dataclass
class Waited(MemoryLease):
    """A lease that comes only after somebody else did something with it."""

    meanwhile: Callable[[], object] | None = None

    @contextmanager
    def hold(self, *, wait_seconds: float) -> Iterator[Callable[[], None]]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        with super().hold(wait_seconds=wait_seconds) as check:
            yield check


def test_two_approvals_at_once_write_once_and_the_second_hears_of_the_first() -> None:
    made = house()
    made.lease = lease = Waited()
    held = made.walk().sync()
    lease.meanwhile = lambda: made.walk().approve(held.run, reason="the first")
    assert refused(made.walk().approve(held.run, reason="the second"))[1] == "ALREADY_APPLIED"


def test_two_processes_that_apply_one_plan_at_once_write_it_once() -> None:
    made = house()
    made.walk().sync(yes=True)
    made.crm.put(Target.DEAL, "more", account_id="a0", amount="500")
    made.lease = lease = Waited()
    file = planned(made)
    lease.meanwhile = lambda: made.walk().apply(file)
    assert refused(made.walk().apply(file))[1] == "ALREADY_APPLIED"
