"""A worker whose calls of the day are used up in mid-write waits by itself, and goes on when there are calls again.

The CRM counts and refuses by its own limit, over HTTP, without having told of it; or it tells, and only the share kept
for others is left. Its clock and the worker's are one, which the test moves. HubSpot's day ends at midnight;
Salesforce's is the last 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import time_machine

from connector.cli.ending import run
from connector.crm.salesforce.writing import collections
from connector.sandbox import running
from connector.sandbox.hubspot.limits import Quota
from connector.sandbox.salesforce.limits import Quota as OrgQuota
from connector.wiring import wire
from connector.wiring.working import worker
from tests.acceptance.commands import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sync import Result

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EVENING = datetime(2026, 3, 2, 19, tzinfo=UTC)
A_LOOK = 8
"""Calls that finding the day still used up may take, logins included."""
REFUSED = (403, 429)
NOT_VALUES = {"Id", "attributes"}
Value = tuple[str, str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A CRM, and how its day ends."""

    crm: str
    calls: int
    """Enough to provision, to pull, and to begin to write."""
    share: float = 1.0
    """Of the day's calls that are ours."""
    write: tuple[str, str]
    """Method and end of the path."""
    settings: str
    looks: int
    """How often the worker looks again and finds the day still used up."""
    patience: timedelta
    """The longest wait for the next look."""
    over: timedelta
    """From the evening to when the calls are back."""
    following: str
    """The time on the schedule after that."""

    @property
    def refuses(self) -> bool:
        """Whether it is the CRM that ends the day, of which none of its answers told."""
        return self.share == 1.0

    def quota(self) -> dict[str, Any]:
        daily = round(self.calls / self.share)
        return {"quota": Quota(daily=daily)} if self.crm == "hubspot" else {"org_quota": OrgQuota(daily=daily)}

    def values(self, call: dict[str, Any]) -> list[Value]:
        """Record, property and value of what was written, when that was answered well."""
        if (call["method"], call["status"]) != (self.write[0], 200) or not call["path"].endswith(self.write[1]):
            return []
        if self.crm == "hubspot":
            return [
                (one["id"], name, value) for one in call["sent"]["inputs"] for name, value in one["properties"].items()
            ]
        return [(one["Id"], name, one[name]) for one in call["sent"]["records"] for name in one.keys() - NOT_VALUES]


HUBSPOT: dict[str, Any] = {
    "crm": "hubspot",
    "calls": 37,
    "write": ("POST", "/batch/update"),
    "settings": 'token = "file:token"\nbase_url = "{url}"\n',
    "looks": 0,
    "patience": timedelta(hours=5),
    "over": timedelta(hours=5, seconds=30),
    "following": "2026-03-03 06:00:00",
}
SALESFORCE: dict[str, Any] = {
    "crm": "salesforce",
    "calls": 54,
    "write": ("PATCH", "/composite/sobjects"),
    "settings": 'instance_url = "{url}"\nlogin = "client_credentials"\nclient_id = "sandbox-integration"\n'
    'client_secret = "file:token"\n[crm.admin]\nlogin = "client_credentials"\nclient_id = "sandbox-admin"\n'
    'client_secret = "file:token"\n',
    "looks": 2,
    "patience": timedelta(hours=1, minutes=1),
    "over": timedelta(hours=24, minutes=2),
    "following": "2026-03-04 06:00:00",
}
TOKEN = {"hubspot": "pat-eu1-of-the-day", "salesforce": "sandbox-secret"}
CASES = {
    "hubspot-refuses": Case(**HUBSPOT),
    "hubspot-keeps-a-share": Case(**HUBSPOT, share=0.5),
    "salesforce-refuses": Case(**SALESFORCE),
    "salesforce-keeps-a-share": Case(**SALESFORCE, share=0.5),
}


class Watched:
    """A worker of this process, on a clock that the test moves, before a CRM of its own."""

    def __init__(self, case: Case, url: str, traveller: Any) -> None:
        self.case = case
        self.url = url
        self.traveller = traveller
        self.said: list[str] = []
        self.ended: list[Result] = []
        self.wiring = wire(None, as_of=None, overrides={})
        self.worker, _ = worker(
            self.wiring,
            progress=lambda *_: None,
            tell=self.said.append,
            ended=self.ended.append,
            begun=lambda _run: None,
        )

    def at(self, moment: datetime) -> None:
        self.traveller.move_to(moment)
        self.worker.look_at_the_clock()

    def has_ended(self, count: int) -> Result:
        """Wait for so many runs to have ended, and for what the worker says after the last of them."""
        wait_until(lambda: len([line for line in self.said if " at " in line]) >= count, seconds=240)
        assert len(self.ended) == count
        return self.ended[-1]

    def looks_again_at(self) -> datetime:
        """When the next run is due, which the worker has told."""
        due = self.worker.next_due()
        assert due is not None
        assert self.said[-1] == f"trying again at {due:%Y-%m-%d %H:%M:%S %Z}"
        return due

    def calls(self) -> list[dict[str, Any]]:
        found = requests.get(f"{self.url}/_sandbox/journal", timeout=30).json()["results"]
        return [call for call in found if not call["path"].startswith("/_sandbox")]

    def acknowledged(self) -> list[Value]:
        """Every value whose write was answered well, in order."""
        return [value for call in self.calls() for value in self.case.values(call)]


@pytest.fixture(params=CASES)
def watched(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    case = CASES[request.param]
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIERSYNC_NOW", raising=False)
    monkeypatch.setattr(collections, "MOST", 20)  # as beside slow automation: one batch takes several calls
    Path("token").write_text(TOKEN[case.crm])
    Path("token").chmod(0o600)
    wish: dict[str, Any] = {"crm": case.crm, "population": 60, "limits": "real", **case.quota()}
    with time_machine.travel(EVENING) as traveller, running(now=lambda: datetime.now(UTC), **wish) as crm:
        Path("settings.toml").write_text(
            f'[crm]\nkind = "{case.crm}"\n{case.settings.format(url=crm.url)}[run]\ntime_zone = "UTC"\n'
            f'[rules]\ndirectory = "{ROOT / "rules"}"\n[schedule]\ncron = "0 6 * * *"\n'
            f"[budget]\nmax_share_of_daily_quota = {case.share}\n"
        )
        if case.refuses:
            requests.post(f"{crm.url}/_sandbox/faults", json={"action": "no-headers"}, timeout=30).raise_for_status()
        assert (run(["provision"]), run(["sync", "--yes"])) == (0, 1)  # no call is left in the middle of the writes
        made = Watched(case, crm.url, traveller)
        try:
            yield made
        finally:
            made.worker.stop(grace_seconds=9)
            made.wiring.close()


def test_a_worker_rests_while_the_day_is_used_up_and_goes_on_by_itself_when_it_is_over(watched: Watched) -> None:
    case, first, now = watched.case, watched.acknowledged(), EVENING
    (stopped,) = watched.wiring.runs(limit=1)
    assert 0 < stopped["written"] < stopped["changes"], "the day ended in the middle of the writes"
    assert len(first) == stopped["written"]
    assert (watched.calls()[-1]["status"] in REFUSED) is case.refuses
    asked = len(watched.calls())
    watched.worker.start()
    for look in range(1, case.looks + 2):
        (reason,) = watched.has_ended(look).reasons
        assert reason.code == "QUOTA_USED_UP"
        assert "; goes on after 2026-03-0" in reason.message
        assert len(watched.calls()) - asked <= A_LOOK
        promised = watched.looks_again_at()
        assert now < promised <= now + case.patience

        asked = len(watched.calls())
        for moment in (now + (promised - now) / 4, promised - timedelta(minutes=1)):
            watched.at(moment)
            assert len(watched.calls()) == asked, "nothing is asked before the time that was told"
        now = promised + timedelta(seconds=1)
        if look <= case.looks:
            watched.at(now)

    watched.at(EVENING + case.over)
    done = watched.has_ended(case.looks + 2)
    assert done.outcome == "ok"
    second = watched.acknowledged()[len(first) :]
    assert len(second) == done.figures["written"] == done.figures["changes"] > 0
    assert not set(first) & set(second), "an acknowledged value was sent again"
    assert watched.said[-1].startswith(f"next run at {case.following}")
