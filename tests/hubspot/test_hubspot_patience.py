"""Who waits for HubSpot, for how long, and what is told when it does not answer in time."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from connector.crm.hubspot.session.client import Wire
from connector.errors import BadAnswer, ComeBackLater, QuotaUsedUp, StopRun
from connector.model.fields import Table
from tests.hubspot.parts import LIST, NOW, FakeClock, hubspot_at, page, pulled
from tests.hubspot.scripted import Reply, Scripted, Seen


def test_a_used_up_day_names_the_time_it_goes_on(server: Scripted) -> None:
    body = {"message": "You have reached your daily limit.", "errorType": "RATE_LIMIT", "policyName": "DAILY"}
    server.only(LIST, then=Reply(429, body))
    with pytest.raises(QuotaUsedUp, match=r"daily limit.*2026-06-02 00:00 CEST") as error:
        pulled(hubspot_at(server.url))
    assert error.value.resume_at is not None
    assert error.value.resume_at.isoformat() == "2026-06-02T00:00:00+02:00"


def test_the_share_kept_for_others_is_not_used(server: Scripted) -> None:
    left = iter(range(1000, 0, -100))

    def rule(seen: Seen) -> Reply | None:
        headers = {"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": str(next(left))}
        return Reply(headers=headers, body=server.properly(seen).body)

    server.rule = rule
    with pytest.raises(QuotaUsedUp, match="500 of today's 1,000 HubSpot calls are left, and 500 are kept for others"):
        pulled(hubspot_at(server.url))
    assert len(server.seen) == 6


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 523, 524])
def test_an_overloaded_server_is_asked_again(server: Scripted, status: int) -> None:
    clock = FakeClock()
    server.only(LIST, Reply(status, b"<html>busy</html>"), Reply(status))
    assert pulled(hubspot_at(server.url, clock))[1].rows[Table.ACCOUNTS] == 7
    assert 1 < clock.at < 10


def test_a_connection_that_breaks_off_is_made_again(server: Scripted) -> None:
    server.only(LIST, Reply(drop=True), Reply(200, page("1", "2"), cut=20))
    assert pulled(hubspot_at(server.url))[1].rows[Table.ACCOUNTS] == 7


def test_an_answer_that_is_cut_again_and_again_cannot_be_trusted(server: Scripted) -> None:
    clock = FakeClock()
    server.only(LIST, then=Reply(200, page("1", "2"), cut=20))
    with pytest.raises(BadAnswer, match="listing companies: the answer broke off halfway"):
        pulled(hubspot_at(server.url, clock))
    assert clock.at < 10


def test_a_server_that_stays_down_ends_the_run_within_the_patience(server: Scripted) -> None:
    clock = FakeClock()
    server.only(LIST, then=Reply(503, b""))
    with pytest.raises(StopRun, match="503 unavailable; gave up after trying for up to 60 s"):
        pulled(hubspot_at(server.url, clock, retry_seconds=60))
    assert clock.at <= 61


def test_an_unreachable_host_is_told_soon() -> None:
    clock = FakeClock()
    with pytest.raises(StopRun, match=r"details: the host 127\.0\.0\.1:\d+ cannot be reached") as caught:
        pulled(hubspot_at("http://127.0.0.1:1", clock))
    assert str(caught.value).endswith("cannot be reached; gave up after 3 tries")
    assert caught.value.hint.startswith("check [crm] base_url, or see whether it is up")
    assert clock.at < 10


def test_an_address_without_tls_where_it_is_asked_for_is_told_at_once(server: Scripted) -> None:
    clock = FakeClock()
    with pytest.raises(StopRun, match="no secure connection can be made") as caught:
        pulled(hubspot_at(server.url.replace("http:", "https:"), clock))
    assert "gave up" not in str(caught.value)
    assert caught.value.hint.startswith("check [crm] base_url; SSL_CERT_FILE")
    assert clock.at == 0


def test_a_host_name_that_does_not_exist_is_told_soon() -> None:
    with pytest.raises(StopRun, match=r"the host name .+ cannot be resolved"):
        pulled(hubspot_at("http://nowhere.invalid"))


def test_an_account_being_moved_ends_the_run_with_the_time_to_come_back(server: Scripted) -> None:
    server.only(LIST, then=Reply(477, b"", headers={"Retry-After": "7200"}))
    with pytest.raises(StopRun, match=r"another data centre.*come back at 2026-06-01 08:00") as error:
        pulled(hubspot_at(server.url))
    assert error.value.code == "COME_BACK_LATER"


def test_a_longer_wait_than_the_patience_ends_the_run_and_nobody_waits_for_it(server: Scripted) -> None:
    clock = FakeClock()
    server.only("", then=Reply(429, {"message": "later"}, headers={"Retry-After": "3600"}))
    crm = hubspot_at(server.url, clock)
    with pytest.raises(ComeBackLater, match="come back at 2026-06-01 07:00") as error:
        pulled(crm)
    assert error.value.resume_at == NOW + timedelta(hours=1)
    with pytest.raises(ComeBackLater):
        crm.quota()
    assert clock.slept == []


def test_a_short_wait_the_crm_asks_for_is_waited(server: Scripted) -> None:
    clock = FakeClock()
    server.only(LIST, Reply(477, b"", headers={"Retry-After": "30"}))
    assert pulled(hubspot_at(server.url, clock))[1].rows[Table.ACCOUNTS] == 7
    assert 30 <= clock.at < 32


def test_a_limit_reached_is_waited_for_and_the_call_repeated(server: Scripted) -> None:
    clock = FakeClock()
    body = {"message": "You have reached your ten_secondly_rolling limit.", "policyName": "TEN_SECONDLY_ROLLING"}
    server.only(LIST, *[Reply(429, body)] * 3)
    assert pulled(hubspot_at(server.url, clock))[1].rows[Table.ACCOUNTS] == 7
    assert 7 <= clock.at <= 20


def test_an_answer_that_drips_is_given_up_in_time(server: Scripted) -> None:
    server.only("/", then=Reply(200, {"portalId": 1, "pad": "x" * 200}, drip=0.05))
    began = time.monotonic()
    crm = hubspot_at(server.url, timeout_seconds=0.3, retry_seconds=0.1)
    crm._client.wire = Wire(base_url=server.url, timeout_seconds=0.3, ticks=time.monotonic)
    with pytest.raises(StopRun, match=r"took longer than 0\.3 s"):
        pulled(crm)
    assert time.monotonic() - began < 3


def test_an_answer_that_does_not_come_is_given_up_in_time(server: Scripted) -> None:
    server.only("/", then=Reply(delay=1.0))
    with pytest.raises(StopRun, match="no answer in time"):
        pulled(hubspot_at(server.url, timeout_seconds=0.1, retry_seconds=0.1))
