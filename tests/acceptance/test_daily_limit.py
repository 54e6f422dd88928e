"""A day's calls used up in the middle of the writes: the run stops and says when to go on, and the next day it does.

No value that the CRM acknowledged on the first day is sent a second time.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.cli.ending import run
from connector.crm.salesforce.writing import write
from connector.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EVENING = datetime(2026, 3, 2, 19, tzinfo=UTC)
CRM = {
    "hubspot": 'token = "file:token"\nbase_url = "{url}"\n',
    "salesforce": 'instance_url = "{url}"\nlogin = "client_credentials"\nclient_id = "sandbox-integration"\n'
    'client_secret = "file:secret"\n[crm.admin]\nlogin = "client_credentials"\nclient_id = "sandbox-admin"\n'
    'client_secret = "file:secret"\n',
}
WRITES = {"hubspot": "/batch/update", "salesforce": "/composite/sobjects"}
USED_UP = {"hubspot": "429-daily", "salesforce": "403-daily"}
Value = tuple[str, str, Any]


@dataclass
class Day:
    """A folder beside a CRM whose clock, like the product's own, stands where the test puts it."""

    crm: str
    url: str
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    now: datetime = EVENING

    def run(self, *arguments: str, code: int) -> Any:
        self.monkeypatch.setenv("TIERSYNC_NOW", self.now.isoformat())
        self.capture.readouterr()
        ended = run([*arguments, "--json"])
        out, err = self.capture.readouterr()
        assert ended == code, out + err
        return json.loads(out)

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        found = requests.get(f"{self.url}/_sandbox/journal", params={"since": since}, timeout=30).json()["results"]
        return [call for call in found if not call["path"].startswith("/_sandbox")]

    def used_up_from(self, first: int, path: str) -> None:
        fault = {"action": USED_UP[self.crm], "path": path, "first": first}
        requests.post(f"{self.url}/_sandbox/faults", json=fault, timeout=30).raise_for_status()

    def a_new_day(self) -> None:
        requests.delete(f"{self.url}/_sandbox/faults", timeout=30).raise_for_status()
        self.now += timedelta(days=1)


@pytest.fixture(params=["hubspot", "salesforce"])
def day(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Day]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text("pat-eu1-of-the-day")
    (tmp_path / "secret").write_text("sandbox-secret")
    for name in ("token", "secret"):
        (tmp_path / name).chmod(0o600)
    made: list[Day] = []
    with running(now=lambda: made[0].now if made else EVENING, crm=request.param, population=60) as sandbox:
        (tmp_path / "settings.toml").write_text(
            f'[crm]\nkind = "{request.param}"\n{CRM[request.param].format(url=sandbox.url)}'
            f'[rules]\ndirectory = "{ROOT / "rules"}"\n[run]\ntime_zone = "UTC"\n'
        )
        made.append(Day(request.param, sandbox.url, monkeypatch, capfd))
        made[0].run("provision", code=0)
        yield made[0]


def acknowledged(day: Day, calls: list[dict[str, Any]]) -> list[Value]:
    """Record, property and value of every write that was answered well."""
    done = [call for call in calls if call["sent"] and call["status"] == 200 and call["path"].endswith(WRITES[day.crm])]
    values: list[Value] = []
    for one in (one for call in done for one in call["sent"].get("inputs") or call["sent"]["records"]):
        written = one.get("properties") or {name: one[name] for name in one.keys() - {"Id", "attributes"}}
        values += [(one.get("id") or one["Id"], name, value) for name, value in written.items()]
    return values


def test_a_used_up_day_stops_the_writes_and_the_next_day_goes_on_without_repeating_any(day: Day) -> None:
    before = day.calls()[-1]["n"]
    day.used_up_from(2, f"{WRITES[day.crm]}$")
    stopped = day.run("sync", "--yes", code=1)
    assert (stopped["outcome"], [reason["code"] for reason in stopped["reasons"]]) == ("failed", ["QUOTA_USED_UP"])
    assert 0 < stopped["written"] < stopped["changes"]
    calls = day.calls(since=before)
    first = acknowledged(day, calls)
    assert len(first) == stopped["written"]
    refused = [call for call in calls if call["fault"]]
    assert calls[-1] in refused, "nothing is asked after the day was over"
    assert 1 <= len(refused) <= 8, "only what was under way side by side"

    records = day.run("runs", "show", stopped["run"], code=0)["records"]
    assert sum(row["outcome"] == "written" for row in records) == stopped["written"]

    day.used_up_from(1, "^/(crm|services/data)/")  # a login costs no call of the day
    again = day.run("sync", code=1)
    assert [reason["code"] for reason in again["reasons"]] == ["QUOTA_USED_UP"]
    assert len(day.calls(since=calls[-1]["n"])) <= 8

    day.a_new_day()
    before = day.calls()[-1]["n"]
    done = day.run("sync", code=0)
    assert done["outcome"] == "ok"
    second = acknowledged(day, day.calls(since=before))
    assert len(second) == done["written"] >= stopped["changes"] - stopped["written"]
    assert not set(first) & set(second), "an acknowledged value was sent again"
    assert day.run("sync", code=0)["changes"] == 0


@pytest.mark.parametrize("day", ["salesforce"], indirect=True)
def test_a_bulk_job_whose_results_the_day_had_no_call_for_is_looked_up_and_not_sent_again(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "BULK_FROM", 20)
    before = day.calls()[-1]["n"]
    day.used_up_from(1, "successfulResults$")
    stopped = day.run("sync", "--yes", code=1)
    assert [reason["code"] for reason in stopped["reasons"]] == ["UNSETTLED", "QUOTA_USED_UP"]
    (first,) = uploads(day.calls(since=before))
    assert first

    day.a_new_day()
    before = day.calls()[-1]["n"]
    assert day.run("sync", code=0)["outcome"] == "ok"
    calls = day.calls(since=before)
    second = set[Value]().union(*uploads(calls), as_text(acknowledged(day, calls)))
    assert second
    assert not first & second, "a value that had arrived was sent again"
    assert day.run("sync", code=0)["changes"] == 0


def uploads(calls: list[dict[str, Any]]) -> list[set[Value]]:
    """Record, field and value of every row, file by file."""
    files = [call["sent"] for call in calls if call["path"].endswith("/batches")]
    rows = [[(row["Id"], *cell) for row in csv.DictReader(io.StringIO(text)) for cell in row.items()] for text in files]
    return [as_text(cell for cell in cells if cell[1] != "Id" and cell[2]) for cells in rows]


def as_text(values: Iterable[Value]) -> set[Value]:
    """Values as a file and a JSON call spell them alike."""
    return {(record, name, str(value).lower()) for record, name, value in values}
