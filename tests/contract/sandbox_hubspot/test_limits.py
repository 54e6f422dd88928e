from urllib.parse import urlencode

from connector.sandbox.hubspot.limits import PROFESSIONAL, STARTER, Quota
from tests.contract.sandbox_hubspot.desk import Desk, Reply

COMPANIES = "/crm/v3/objects/companies"
ASSOCIATIONS = "/crm/v4/associations/deals/companies/batch/read"


def until_refused(desk: Desk, method: str, path: str, most: int = 400) -> tuple[int, Reply]:
    for count in range(most):
        reply = desk.ask(method, path, {} if method == "POST" else None)
        if reply.status == 429:
            return count, reply
    raise AssertionError(f"{most} calls and no 429")


def test_an_app_has_190_calls_in_any_ten_seconds() -> None:
    desk = Desk(quota=PROFESSIONAL)
    for _ in range(100):
        desk.get(COMPANIES)
    desk.time.seconds += 5
    count, reply = until_refused(desk, "GET", COMPANIES)
    assert count == 90
    assert reply.json["policyName"] == "TEN_SECONDLY_ROLLING"
    assert reply.json["errorType"] == "RATE_LIMIT"
    assert reply.json["message"] == "You have reached your ten_secondly_rolling limit."
    assert "retry-after" not in reply.headers
    desk.time.seconds += 5
    assert until_refused(desk, "GET", COMPANIES)[0] == 100, "the window rolls, it is not aligned"


def test_another_token_has_a_window_of_its_own() -> None:
    desk = Desk(quota=STARTER)
    assert until_refused(desk, "GET", COMPANIES)[0] == 100
    desk.token = "pat-eu1-other"
    assert until_refused(desk, "GET", COMPANIES)[0] == 100


def test_search_is_five_a_second_for_the_whole_account() -> None:
    desk = Desk(quota=PROFESSIONAL)
    count, reply = until_refused(desk, "POST", f"{COMPANIES}/search")
    assert (count, reply.json["policyName"]) == (5, "SECONDLY")
    desk.token = "pat-eu1-other"
    assert desk.post(f"{COMPANIES}/search", {}).status == 429
    assert desk.get(COMPANIES).status == 200, "other calls have their own bucket"
    desk.time.seconds += 1
    assert desk.post(f"{COMPANIES}/search", {}).status == 200


def test_associations_have_a_bucket_of_150() -> None:
    desk = Desk(quota=PROFESSIONAL)
    count, reply = until_refused(desk, "POST", ASSOCIATIONS)
    assert (count, reply.json["policyName"]) == (150, "TEN_SECONDLY_ROLLING")
    assert until_refused(desk, "GET", COMPANIES)[0] == 190


def test_the_day_ends_at_midnight_of_the_account() -> None:
    desk = Desk(quota=Quota(daily=7))
    count, reply = until_refused(desk, "GET", COMPANIES)
    assert (count, reply.json["policyName"]) == (7, "DAILY")
    assert reply.json["message"] == "You have reached your daily limit."
    desk.time.seconds += 13 * 3600
    assert desk.get(COMPANIES).status == 429
    desk.time.seconds += 3600
    assert desk.get(COMPANIES).status == 200


def test_headers_tell_what_is_left() -> None:
    desk = Desk(quota=STARTER)
    desk.get(COMPANIES)
    told = {k: v for k, v in desk.get(COMPANIES).headers.items() if k.startswith("x-hubspot-ratelimit")}
    assert told == {
        "x-hubspot-ratelimit-daily": "250000",
        "x-hubspot-ratelimit-daily-remaining": "249998",
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-max": "100",
        "x-hubspot-ratelimit-remaining": "98",
        "x-hubspot-ratelimit-secondly": "10",
        "x-hubspot-ratelimit-secondly-remaining": "8",
    }


def test_an_oauth_token_has_110_calls_and_no_daily_headers() -> None:
    desk = Desk(quota=PROFESSIONAL)
    form = {"grant_type": "refresh_token", "client_id": "a", "client_secret": "b", "refresh_token": "eu1-c"}
    desk.token = desk.post("/oauth/v1/token", urlencode(form).encode()).json["access_token"]
    headers = desk.get(COMPANIES).headers
    assert headers["x-hubspot-ratelimit-max"] == "110"
    assert "x-hubspot-ratelimit-daily" not in headers
    assert until_refused(desk, "GET", COMPANIES)[0] == 109


def test_a_429_carries_retry_after_when_switched() -> None:
    desk = Desk(quota=STARTER)
    desk.portal.switches.retry_after_on_429 = True
    assert until_refused(desk, "GET", COMPANIES)[1].headers["retry-after"] == "1"


def test_without_limits_nothing_is_refused_and_headers_say_so(desk: Desk) -> None:
    replies = [desk.get(COMPANIES) for _ in range(500)]
    assert {reply.status for reply in replies} == {200}
    assert int(replies[-1].headers["x-hubspot-ratelimit-max"]) >= 1_000_000
