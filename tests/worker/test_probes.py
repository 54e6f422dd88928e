"""The probes and figures of a worker as they are seen over HTTP, and what makes them turn red."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.errors import UsageError
from connector.model.runs import RunOutcome
from connector.model.secrets import Secret
from connector.worker.health import Watch, hanging, unfinished
from connector.worker.metrics import Facts, Metrics
from connector.worker.probes import Answer, serving
from connector.worker.pulse import SILENCE, Pulse
from tests.worker.test_health import SIX

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE = timedelta(minutes=1)


class Ticks:
    """A stopwatch moved by hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by.total_seconds()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def pulse(ticks: Ticks) -> Pulse:
    return Pulse(ticks=ticks)


def facts(**more: Any) -> Facts:
    given: dict[str, Any] = {"version": "1.2.3", "alive": True, "ready": True} | more
    return Facts(**given)


@contextmanager
def asked(address: str = "127.0.0.1:0", *, token: str | None = None, **reasons: tuple[str, ...]) -> Iterator[str]:
    probes = {f"/{name}": (lambda why=why: Answer(why, {"age": 3})) for name, why in reasons.items()}
    metrics = Metrics(facts).text
    with serving(address, probes=probes, metrics=metrics, token=Secret(token) if token else None) as url:
        yield url


def got(url: str, **headers: str) -> requests.Response:
    return requests.get(url, timeout=5, headers=headers)


def test_a_probe_is_200_without_reasons_and_503_with_them() -> None:
    with asked(good=(), bad=("it hangs",)) as url:
        good, bad = got(f"{url}/good"), got(f"{url}/bad?x=1")
    assert (good.status_code, good.json()) == (200, {"status": "ok", "reasons": [], "age": 3})
    assert (bad.status_code, bad.json()["reasons"]) == (503, ["it hangs"])
    assert good.headers["Cache-Control"] == "no-store"
    assert "Python" not in good.headers["Server"]


def test_other_pages_and_methods_are_refused() -> None:
    with asked(good=()) as url:
        assert got(f"{url}/").status_code == 404
        assert got(f"{url}/good/../etc/passwd").status_code == 404
        assert requests.post(f"{url}/good", timeout=5).status_code == 501
        assert requests.head(f"{url}/good", timeout=5).content == b""


def test_a_probe_that_is_asked_by_a_client_that_says_nothing_still_answers_others() -> None:
    with asked(good=()) as url, socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))):
        assert got(f"{url}/good").status_code == 200


def test_figures_stay_on_this_machine_unless_a_token_is_shown() -> None:
    with asked("0.0.0.0:0") as url:
        port = url.rpartition(":")[2]
        assert got(f"http://127.0.0.1:{port}/metrics").status_code == 403
    with asked("0.0.0.0:0", token="s3cret-metrics") as url:
        page = f"http://127.0.0.1:{url.rpartition(':')[2]}/metrics"
        assert got(page).status_code == 403
        assert got(page, Authorization="Bearer other").status_code == 403
        shown = got(page, Authorization="Bearer s3cret-metrics")
    assert shown.status_code == 200
    assert "s3cret" not in shown.text


def test_an_address_that_is_taken_or_nowhere_is_a_usage_error() -> None:
    with asked(good=()) as url:
        port = url.rpartition(":")[2]
        for address in (f"127.0.0.1:{port}", "203.0.113.1:0", "127.0.0.1:99999", "no-such-host.invalid:1"):
            with pytest.raises(UsageError, match=r"\[worker\] health"), asked(address):
                pass


def values(text: str) -> dict[str, float]:
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_figures_tell_what_is_known_and_leave_out_what_is_not() -> None:
    known = values(Metrics(facts).text().decode())
    assert known['tiersync_info{version="1.2.3"}'] == 1
    assert known["tiersync_alive"] == 1
    assert not [name for name in known if "last_" in name or "quota" in name or "healthy" in name]


def test_figures_of_the_last_run_and_of_this_process() -> None:
    last = {"evaluated": 10, "written": 3, "requests": 7, "pulled_accounts": 12}
    metrics = Metrics(
        lambda: facts(
            well=False, age=MINUTE, last_outcome=RunOutcome.PARTIAL, last_took=2 * MINUTE, quota_left=0, figures=last
        )
    )
    for _ in range(2):
        metrics.ended(outcome=RunOutcome.OK, figures=last, seconds=4)
    found = values(metrics.text().decode())
    assert found["tiersync_healthy"] == 0
    assert found["tiersync_quota_left"] == 0
    assert found["tiersync_last_good_run_age_seconds"] == 60
    assert found["tiersync_last_run_duration_seconds"] == 120
    assert found['tiersync_last_run_outcome{outcome="partial"}'] == 1
    assert found['tiersync_last_run_outcome{outcome="ok"}'] == 0
    assert found['tiersync_last_run_values{kind="evaluated"}'] == 10
    assert found['tiersync_last_run_records{table="accounts"}'] == 12
    assert found['tiersync_runs_total{outcome="ok"}'] == 2
    assert (found["tiersync_written_total"], found["tiersync_requests_total"]) == (6, 14)
    assert found['tiersync_run_duration_seconds_bucket{le="5.0"}'] == 2


def test_a_run_that_failed_early_counts_nothing_it_did_not_get_to() -> None:
    metrics = Metrics(lambda: facts(last_outcome=RunOutcome.FAILED, figures={"requests": 2}))
    found = values(metrics.text().decode())
    assert [name for name in found if name.startswith("tiersync_last_run_values")] == [
        'tiersync_last_run_values{kind="requests"}'
    ]


def test_a_loop_that_has_not_begun_or_went_silent_hangs(pulse: Pulse, ticks: Ticks) -> None:
    assert "not begun" in hanging(pulse)
    pulse.beat()
    ticks.move(SILENCE)
    assert hanging(pulse) == ""
    ticks.move(timedelta(seconds=1))
    assert hanging(pulse) == "the worker's loop has been silent for 91 s"


def test_a_run_past_its_deadline_is_unfinished_until_it_ends(pulse: Pulse, ticks: Ticks) -> None:
    with pulse.running():
        ticks.move(MINUTE)
        assert unfinished(pulse, deadline=MINUTE) == ""
        ticks.move(MINUTE)
        assert "more than 1 minutes" in unfinished(pulse, deadline=MINUTE)
    assert unfinished(pulse, deadline=MINUTE) == ""


def test_lateness_is_counted_in_time_awake(ticks: Ticks) -> None:
    watch = Watch(2 * MINUTE, ticks=ticks)
    assert not watch.is_late(SIX, now=SIX - MINUTE)
    assert not watch.is_late(SIX, now=SIX + 4000 * MINUTE)  # it woke just now
    ticks.move(2 * MINUTE)
    assert not watch.is_late(SIX, now=SIX + 4002 * MINUTE)
    ticks.move(MINUTE)
    assert watch.is_late(SIX, now=SIX + 4003 * MINUTE)
    assert not watch.is_late(SIX + 4004 * MINUTE, now=SIX + 4003 * MINUTE)


def test_a_message_that_nobody_took_is_offered_now_and_then(ticks: Ticks) -> None:
    watch = Watch(MINUTE, ticks=ticks)
    told = []
    for _ in range(60):
        told.append(watch.may_tell())
        ticks.move(timedelta(seconds=20))
    assert told.count(True) == 2


def test_an_answer_is_json_whatever_it_holds() -> None:
    answer = json.loads(Answer(('a "quoted" reason',), {"age": None}).body())
    assert answer == {"status": "ill", "reasons": ['a "quoted" reason'], "age": None}
