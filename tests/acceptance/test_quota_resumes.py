"""A worker whose calls of the day are used up in mid-write waits by itself, and goes on by itself on the next day.

The CRM counts and refuses by its own limit, over HTTP; its clock and the worker's are one, which the test moves.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import time_machine

from connector.cli.ending import run
from connector.sandbox import running
from connector.sandbox.hubspot.limits import Quota
from connector.wiring import wire
from tests.acceptance.commands import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sync import Result

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EVENING = datetime(2026, 3, 2, 19, tzinfo=UTC)
WRITE = "/batch/update"
DAILY = 37
"""Calls: enough to provision, to pull, and to begin to write."""


class Watched:
    """A worker of this process, on a clock that the test moves, before a CRM of its own."""

    def __init__(self, url: str, traveller: Any) -> None:
        self.url = url
        self.traveller = traveller
        self.said: list[str] = []
        self.ended: list[Result] = []
        self.wiring = wire(None, as_of=None, overrides={})
        self.worker, _ = self.wiring.worker(
            progress=lambda *_: None, tell=self.said.append, ended=self.ended.append, begun=lambda _run: None
        )

    def at(self, moment: datetime) -> None:
        self.traveller.move_to(moment)
        self.worker.look_at_the_clock()

    def has_ended(self, count: int) -> None:
        """Wait for so many runs to have ended, and for what the worker says after the last of them."""
        wait_until(lambda: len(self.ended) >= count and "at " in self.said[-1], seconds=60)

    def calls(self) -> list[dict[str, Any]]:
        found = requests.get(f"{self.url}/_sandbox/journal", timeout=30).json()["results"]
        return [call for call in found if not call["path"].startswith("/_sandbox")]

    def acknowledged(self) -> list[tuple[str, str, str]]:
        """Record, property and value of every write that was answered well, in order."""
        done = [call for call in self.calls() if call["path"].endswith(WRITE) and call["status"] == 200]
        inputs = [one for call in done for one in call["sent"]["inputs"]]
        return [(one["id"], name, value) for one in inputs for name, value in one["properties"].items()]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIERSYNC_NOW", raising=False)
    Path("token").write_text("pat-eu1-of-the-day")
    Path("token").chmod(0o600)
    with (
        time_machine.travel(EVENING) as traveller,
        running(now=lambda: datetime.now(UTC), population=60, limits="real", quota=Quota(daily=DAILY)) as crm,
    ):
        Path("settings.toml").write_text(
            f'[crm]\nkind = "hubspot"\ntoken = "file:token"\nbase_url = "{crm.url}"\n[run]\ntime_zone = "UTC"\n'
            f'[rules]\ndirectory = "{ROOT / "rules"}"\n[schedule]\ncron = "0 6 * * *"\n'
            "[budget]\nmax_share_of_daily_quota = 1.0\n"
        )
        assert (run(["provision"]), run(["sync", "--yes"])) == (0, 1)  # no call is left in the middle of the writes
        made = Watched(crm.url, traveller)
        try:
            yield made
        finally:
            made.worker.stop(grace_seconds=9)
            made.wiring.close()


def test_a_worker_rests_while_the_day_is_used_up_and_goes_on_by_itself_on_the_next(watched: Watched) -> None:
    first, before = watched.acknowledged(), len(watched.calls())
    assert first, "the day ended in the middle of the writes"
    watched.worker.start()
    watched.has_ended(1)
    assert [reason.code for reason in watched.ended[0].reasons] == ["QUOTA_USED_UP"]
    (promised,) = (line for line in watched.said if line.startswith("trying again at "))
    midnight = datetime.fromisoformat(promised.removeprefix("trying again at ").removesuffix(" UTC") + "+00:00")
    assert EVENING < midnight <= EVENING + timedelta(hours=5)

    for moment in (EVENING + timedelta(hours=1), midnight - timedelta(minutes=1)):
        asked = len(watched.calls())
        watched.at(moment)
        assert len(watched.calls()) == asked, "nothing is asked before the day is over"
    assert asked - before <= 8

    watched.at(midnight + timedelta(seconds=30))
    watched.has_ended(2)
    assert watched.ended[1].outcome == "ok"
    second = watched.acknowledged()[len(first) :]
    assert len(second) == watched.ended[1].figures["written"] > 0
    assert not set(first) & set(second), "an acknowledged value was sent again"
    assert watched.said[-1].startswith("next run at 2026-03-03 06:00:00")
