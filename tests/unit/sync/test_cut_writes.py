"""A run that ends in the middle of its writes: what landed is counted, and the next run goes on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from connector.model.changes import Landed
from connector.model.runs import RunOutcome
from connector.sync import history
from tests.twins.house import rule_set
from tests.unit.sync.walking import codes
from tests.unit.sync.writing import breaks_off, house, outcomes, uses_up_the_day

if TYPE_CHECKING:
    from tests.twins import House


def test_a_stop_request_ends_the_run_after_the_batch_in_hand() -> None:
    made = house(7)
    stop = threading.Event()

    def note(step: str, done: int, total: int | None = None) -> None:
        if step == "write" and done != total:
            stop.set()

    result = replace(made.walk(), progress=note).sync(yes=True, stop=stop)
    assert (result.outcome, len(made.crm.batches)) == (RunOutcome.PARTIAL, 1)
    assert [reason.code for reason in result.reasons] == ["STOPPED"]
    assert result.figures["written"] == 12
    assert {frozenset(told) for told in outcomes(made, result).values()} == {
        frozenset({"written"}),
        frozenset({"skipped"}),
    }
    assert made.walk().sync().outcome is RunOutcome.OK
    assert made.walk().sync().figures["changes"] == 0


def test_a_quota_used_up_half_way_fails_the_run_and_the_next_one_goes_on() -> None:
    made = house(7)
    uses_up_the_day(made)
    result = made.walk().sync(yes=True)
    assert (result.exit_code, [reason.code for reason in result.reasons]) == (1, ["QUOTA_USED_UP"])
    assert result.figures["written"] == 12
    assert made.walk().sync().outcome is RunOutcome.OK
    assert made.walk().sync().figures["changes"] == 0


def in_journal(made: House, run: str) -> int:
    return sum(change.landed is Landed.WRITTEN for change in made.journal.changes(run))


def test_a_run_interrupted_while_it_writes_keeps_the_figures_of_what_landed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = house(7)
    land = made.journal.land

    def then_stops(*arguments: Any, **named: Any) -> None:
        land(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(made.journal, "land", then_stops)
    with pytest.raises(KeyboardInterrupt):
        made.walk().sync(yes=True)
    (row,) = made.journal.rows.values()
    assert row.figures["written"] == in_journal(made, row.run) > 0
    assert row.figures["changes"] > row.figures["written"]
    assert (row.reasons[-1].code, "`tiersync sync` goes on" in row.reasons[-1].message) == ("STOPPED", True)


def test_what_a_killed_run_wrote_is_counted_from_the_journal() -> None:
    made = house(7)
    breaks_off(made, SystemExit())
    with pytest.raises(SystemExit):
        made.walk().sync(yes=True)
    (row,) = made.journal.rows.values()
    assert (row.outcome, "written" in row.figures) == (None, False)
    first = in_journal(made, row.run)
    assert history.show(made.journal, row.run)["written"] == history.runs(made.journal)[0]["written"] == first > 0
    made.crm.around_write = lambda batch, write: write(batch)
    assert made.walk().sync(yes=True).outcome is RunOutcome.OK
    assert made.journal.rows[row.run].figures["written"] == first
    assert history.show(made.journal, row.run)["written"] == in_journal(made, row.run) > first, "and what was settled"


def cut_first_run(made: House) -> None:
    """Seven accounts to say no to, of which a part is written when the process dies."""
    for number in range(7):
        made.account(f"a{number}", deals=[20], bad="true")
    breaks_off(made, SystemExit())
    with pytest.raises(SystemExit):
        made.walk().sync(yes=True)
    made.crm.around_write = None


def test_a_first_run_that_was_cut_is_gone_on_with_though_a_run_before_it_was_good_with_nothing_to_write() -> None:
    made = house(0)
    made.limits(max_new_say_no_pct=0, max_new_say_no=0)
    assert made.walk().sync().outcome is RunOutcome.OK
    made.next_day()
    cut_first_run(made)
    assert made.walk().sync().outcome is RunOutcome.OK
    assert not made.evaluated[-1].remembers


@pytest.mark.parametrize(("version", "held"), [("r1", []), ("r2", ["NEW_SAY_NO_SHARE", "NEW_SAY_NO_CAP"])])
def test_the_rest_of_a_cut_first_run_is_no_news_unless_the_rules_were_changed(version: str, held: list[str]) -> None:
    made = house(0)
    made.limits(max_new_say_no_pct=0, max_new_say_no=0, min_accounts=1)
    cut_first_run(made)
    made.rules = rule_set(version)
    assert codes(made.walk().sync(yes=True)) == held
