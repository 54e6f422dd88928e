"""A house whose accounts each bought once, what breaks its writes off, and what became of its records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.errors import QuotaUsedUp
from connector.planning.file import PlanFile, parse
from connector.sync import Result, history
from tests.twins import House, open_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.model.changes import Outcome, RecordWrite
    from tests.twins.crm import Write


def house(count: int = 7) -> House:
    """Accounts a0, a1, …; each bought once."""
    made = House()
    made.policy = replace(made.policy, limits=open_limits())
    for number in range(count):
        made.account(f"a{number}", deals=[20])
    return made


def planned(made: House) -> PlanFile:
    plan = made.walk().plan().plan
    assert plan is not None
    return parse("".join(made.walk().plan_file(plan)))


def outcomes(made: House, result: Result) -> dict[str, set[str]]:
    records: dict[str, set[str]] = {}
    for row in history.show(made.journal, result.run)["records"]:
        records.setdefault(row["record"], set()).add(row["outcome"])
    return records


def breaks_off(made: House, error: BaseException) -> None:
    """The second batch lands in the CRM, and nobody hears of it."""

    def breaks(batch: Sequence[RecordWrite], write: Write) -> Sequence[Outcome]:
        outcomes = list(write(batch))
        if len(made.crm.batches) > 1:
            raise error
        return outcomes

    made.crm.around_write = breaks


def uses_up_the_day(made: House) -> None:
    """The day's calls end with the first batch."""
    calls = iter((False, True))

    def limited(batch: Sequence[RecordWrite], write: Write) -> Sequence[Outcome]:
        if next(calls, False):
            raise QuotaUsedUp("the day's calls are used up")
        return write(batch)

    made.crm.around_write = limited
