"""Whether a worker's turn was taken by another one, by what the journal tells of good runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from connector.model.runs import RunOutcome
from connector.sandbox import running
from connector.sync import memory
from connector.wiring import wire
from connector.wiring.working import RUN, _Turns, herald, plan
from connector.worker.notify import Herald
from connector.worker.schedule import Later
from tests.worker.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.ports import Journal

RULES = Path(__file__).parents[2] / "rules"
DUE = datetime(2026, 3, 2, 6, tzinfo=UTC)
MINUTE, LATER = timedelta(minutes=1), timedelta(minutes=5)


@pytest.fixture
def turns(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Turns]:
    """Of a worker that is due every day at six, or as the parameter says, and works five minutes later than that."""
    monkeypatch.setenv("TOKEN", "pat-eu1-x")
    monkeypatch.setenv("TIERSYNC_NOW", DUE.isoformat())
    line = getattr(request, "param", 'cron = "0 6 * * *"')
    file = tmp_path / "settings.toml"
    file.write_text(f'[crm]\nkind = "hubspot"\ntoken = "env:TOKEN"\n[run]\ntime_zone = "UTC"\n[schedule]\n{line}\n')
    wiring = wire(file, as_of=None, overrides={})
    told: list[str] = []
    yield _Turns(
        wiring,
        Later(plan(wiring), LATER),
        herald(wiring, tell=told.append),
        progress=lambda *_: None,
        tell=told.append,
        ended=lambda _: None,
        begun=lambda _: None,
    )
    wiring.close()


def ran(journal: Journal, run: str, *, began: datetime, command: str = RUN) -> None:
    """A good run of a minute."""
    journal.start(run=run, command=command, now=began)
    journal.finish(run, outcome=RunOutcome.OK, now=began + MINUTE, reasons=())
    journal.remember(memory.GOOD, run)


def test_nothing_was_done_where_no_run_was_good_yet(turns: _Turns) -> None:
    assert not turns.is_done(DUE + LATER)


@pytest.mark.parametrize("command", [RUN, "sync"])
@pytest.mark.parametrize(("began", "done"), [(DUE - 2 * MINUTE, False), (DUE, True), (DUE + LATER + MINUTE, True)])
def test_a_turn_is_taken_by_whatever_run_ended_well_since_it_was_due(
    turns: _Turns, command: str, began: datetime, *, done: bool
) -> None:
    ran(turns.wiring.journal, "any", began=began, command=command)
    turns.newest = "any"
    assert turns.is_done(DUE + LATER) is done


@pytest.mark.parametrize("turns", ['every = "1h"'], indirect=True)
@pytest.mark.parametrize(
    ("command", "mine", "began", "done"),
    [
        (RUN, False, DUE + 30 * MINUTE, True),
        (RUN, False, DUE - 30 * MINUTE, False),  # that was the interval before
        (RUN, True, DUE + 30 * MINUTE, False),  # it may not rest on its own run for ever
        ("sync", False, DUE + 30 * MINUTE, False),  # what a person started in between takes nobody's turn
    ],
)
def test_what_another_worker_began_within_the_interval_takes_the_turn(
    turns: _Turns, command: str, began: datetime, *, mine: bool, done: bool
) -> None:
    ran(turns.wiring.journal, "theirs", began=began, command=command)
    turns.newest = "theirs" if mine else "another"
    assert turns.is_done(DUE + timedelta(hours=1) + LATER) is done


def test_a_run_that_was_asked_to_stop_is_no_trouble_and_nobody_is_told(turns: _Turns, tmp_path: Path) -> None:
    heard, stop = Inbox(), Event()
    with running(now=lambda: DUE, population=5, token="pat-eu1-x") as crm:
        file = tmp_path / "settings.toml"
        text = file.read_text().replace("[run]", f'base_url = "{crm.url}"\n[rules]\ndirectory = "{RULES}"\n[run]')
        file.write_text(text)
        wiring = turns.wiring = wire(file, as_of=None, overrides={})
        turns.herald = Herald(wiring.journal, heard, heartbeat=None, time_zone="UTC")
        stop.set()
        turns.take(stop, due=None)
        assert [(run["outcome"], run["reasons"][0]["code"]) for run in wiring.runs(limit=9)] == [("failed", "STOPPED")]
        assert heard.got == []

        turns.take(Event(), due=None)  # the first run waits for a person, and that is told
        wiring.close()
    assert len(heard.got) == 1
    assert "FIRST_RUN" in heard.got[0]
