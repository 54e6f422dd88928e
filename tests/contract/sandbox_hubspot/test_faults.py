"""Over real HTTP: what a fault does to a call, and what the sandbox did all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPANIES = "/crm/v3/objects/companies"


class Line:
    """A line to a running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer pat-eu1-test"

    def ask(self, method: str, path: str, body: object = None, timeout: float = 10) -> requests.Response:
        return self.session.request(method, self.url + path, json=body, timeout=timeout)

    def fault(self, action: str, **rule: Any) -> None:
        reply = self.ask("POST", "/_sandbox/faults", {"action": action, **rule})
        assert reply.status_code == 201, reply.text

    def create(self, **properties: str) -> str:
        return str(self.ask("POST", COMPANIES, {"properties": properties}).json()["id"])

    def names(self) -> list[str]:
        records = self.ask("GET", "/_sandbox/records/companies").json()["results"]
        return [record["properties"]["name"] for record in records]


@pytest.fixture
def line() -> Iterator[Line]:
    with running(now=lambda: datetime.now(UTC)) as sandbox:
        found = Line(sandbox.url)
        yield found
        found.session.close()


@pytest.mark.parametrize(
    ("action", "status", "key", "value"),
    [
        ("429-daily", 429, "policyName", "DAILY"),
        ("429-ten-secondly", 429, "policyName", "TEN_SECONDLY_ROLLING"),
        ("429-secondly", 429, "policyName", "SECONDLY"),
        ("423", 423, "status", "error"),
        ("477", 477, "status", "error"),
        ("401-expired", 401, "category", "EXPIRED_AUTHENTICATION"),
        ("401-invalid", 401, "category", "INVALID_AUTHENTICATION"),
        ("403-scopes", 403, "category", "MISSING_SCOPES"),
        ("400-conditional", 400, "category", "VALIDATION_ERROR"),
    ],
)
def test_a_refusal_of_the_vendor_is_sent_instead(line: Line, action: str, status: int, key: str, value: str) -> None:
    line.fault(action, method="POST", path="companies$")
    reply = line.ask("POST", COMPANIES, {"properties": {"name": "Alpha"}})
    assert (reply.status_code, reply.json()[key]) == (status, value)
    assert line.names() == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 524, 530])
def test_an_edge_answers_html(line: Line, status: int) -> None:
    line.fault(str(status))
    reply = line.ask("GET", COMPANIES)
    assert (reply.status_code, reply.text[:6]) == (status, "<html>")


def test_a_migration_says_when_to_come_back(line: Line) -> None:
    line.fault("477", retry_after=7200)
    assert line.ask("GET", COMPANIES).headers["retry-after"] == "7200"


@pytest.mark.parametrize(("action", "written"), [("reset-before", []), ("reset-after", ["Alpha"])])
def test_a_connection_is_reset_before_or_after_the_write(line: Line, action: str, written: list[str]) -> None:
    line.fault(action, method="POST", path="companies$", times=1)
    with pytest.raises(requests.ConnectionError):
        line.ask("POST", COMPANIES, {"properties": {"name": "Alpha"}})
    assert line.names() == written
    assert line.ask("GET", COMPANIES).status_code == 200


@pytest.mark.parametrize(("action", "written"), [("slow-before", True), ("slow-after", True)])
def test_a_slow_answer_is_past_the_timeout_of_the_client(line: Line, action: str, *, written: bool) -> None:
    line.fault(action, method="POST", path="companies$", seconds=0.4)
    with pytest.raises(requests.Timeout):
        line.ask("POST", COMPANIES, {"properties": {"name": "Alpha"}}, timeout=0.1)
    line.ask("POST", COMPANIES, {"properties": {"name": "Beta"}})
    assert ("Alpha" in line.names()) is written


def test_an_answer_is_cut_within_its_body(line: Line) -> None:
    line.create(name="Alpha")
    line.fault("cut")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        line.ask("GET", COMPANIES)


@pytest.mark.parametrize(
    ("action", "left"), [("empty", ""), ("html", "<html><body>Please wait</body></html>"), ("empty-object", "{}")]
)
def test_a_200_may_hold_nothing_of_use(line: Line, action: str, left: str) -> None:
    line.fault(action)
    reply = line.ask("GET", COMPANIES)
    assert (reply.status_code, reply.text) == (200, left)


def test_a_200_may_hold_half_a_json(line: Line) -> None:
    line.create(name="Alpha")
    whole = line.ask("GET", COMPANIES).text
    line.fault("truncate", share=0.25)
    reply = line.ask("GET", COMPANIES)
    assert (reply.status_code, reply.text) == (200, whole[: len(whole) // 4])


def test_results_may_be_missing_or_one_short(line: Line) -> None:
    ids = [line.create(name=name) for name in ("Alpha", "Beta")]
    line.fault("no-results", times=1)
    assert "results" not in line.ask("GET", COMPANIES).json()
    line.fault("drop-result")
    assert [record["id"] for record in line.ask("GET", COMPANIES).json()["results"]] == ids[1:]


def test_values_may_be_other_than_their_definition_says(line: Line) -> None:
    line.create(name="Alpha", numberofemployees="3")
    line.fault("set-property", property="numberofemployees", value="")
    record = line.ask("GET", f"{COMPANIES}?properties=numberofemployees").json()["results"][0]
    assert record["properties"]["numberofemployees"] == ""


def test_a_definition_may_have_an_unknown_type(line: Line) -> None:
    line.fault("unknown-type", property="name")
    found = line.ask("GET", "/crm/v3/properties/companies").json()["results"]
    assert {prop["name"]: prop["type"] for prop in found}["name"] == "json"


def test_an_instant_may_lack_its_fraction(line: Line) -> None:
    line.create(name="Alpha")
    line.fault("no-fraction")
    assert "." not in line.ask("GET", COMPANIES).json()["results"][0]["updatedAt"]


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        ({"nth": 3}, [3]),
        ({"every": 2}, [2, 4, 6]),
        ({"first": 3, "last": 4}, [3, 4]),
        ({"times": 2}, [1, 2]),
        ({"path": "deals"}, []),
        ({"method": "POST"}, []),
        ({}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_rule_strikes_when_it_is_due(line: Line, rule: dict[str, Any], struck: list[int]) -> None:
    line.fault("503", **rule)
    statuses = [line.ask("GET", COMPANIES).status_code for _ in range(6)]
    assert [place for place, status in enumerate(statuses, 1) if status == 503] == struck
    [told] = line.ask("GET", "/_sandbox/faults").json()["results"]
    assert told["struck"] == len(struck)
    line.ask("DELETE", "/_sandbox/faults")
    assert line.ask("GET", COMPANIES).status_code == 200


def test_an_unknown_fault_is_refused_by_name(line: Line) -> None:
    reply = line.ask("POST", "/_sandbox/faults", {"action": "explode"})
    assert reply.status_code == 400
    assert "explode" in reply.json()["message"]


def test_the_journal_tells_every_call_and_what_was_written_but_no_token(line: Line) -> None:
    line.create(name="Alpha")
    line.fault("reset-after", path="companies\\?", times=1)
    with pytest.raises(requests.ConnectionError):
        line.ask("GET", f"{COMPANIES}?limit=5")
    line.ask("GET", "/crm/v3/owners")
    journal = line.ask("GET", "/_sandbox/journal").json()
    told = [(entry["method"], entry["path"], entry["query"], entry["status"]) for entry in journal["results"]]
    assert told[0] == ("POST", COMPANIES, "", 201)
    assert told[-1] == ("GET", "/crm/v3/owners", "", 200)
    assert journal["results"][0]["sent"] == {"properties": {"name": "Alpha"}}
    assert "pat-eu1-test" not in str(journal)
    writes = line.ask("GET", "/_sandbox/journal?writes=true").json()["results"]
    assert [entry["n"] for entry in writes] == [1]


def test_a_url_past_the_limit_of_the_edge_is_414(line: Line) -> None:
    assert line.ask("GET", f"{COMPANIES}?properties={'x' * 5_000}").status_code == 200
    assert line.ask("GET", f"{COMPANIES}?properties={'x' * 20_000}").status_code == 414


def test_raw_values_go_past_every_check(line: Line) -> None:
    made = line.create(name="Alpha")
    raw = {"properties": {"numberofemployees": "a;b;c", "hubspot_owner_id": "404"}}
    assert line.ask("POST", f"/_sandbox/records/companies/{made}", raw).status_code == 204
    shown = line.ask("GET", f"{COMPANIES}/{made}?properties=numberofemployees,hubspot_owner_id").json()["properties"]
    assert (shown["numberofemployees"], shown["hubspot_owner_id"]) == ("a;b;c", "404")


def test_switches_account_and_access_are_set_by_name(line: Line) -> None:
    assert line.ask("POST", "/_sandbox/switches", {"result_order": "sent"}).json() == {"result_order": "sent"}
    assert line.ask("POST", "/_sandbox/switches", {"nothing": 1}).status_code == 400
    line.ask("POST", "/_sandbox/account", {"portal_id": 7})
    for nonsense in ("x", 0, None, True):
        assert line.ask("POST", "/_sandbox/account", {"portal_id": nonsense}).status_code == 400
    assert line.ask("GET", "/account-info/v3/details").json()["portalId"] == 7
    line.ask("POST", "/_sandbox/access", {"scopes": {"pat-eu1-test": ["tickets"]}})
    assert line.ask("GET", COMPANIES).status_code == 403
    line.ask("POST", "/_sandbox/access", {"token": "pat-eu1-other"})
    assert line.ask("GET", COMPANIES).status_code == 401


def test_the_clock_can_be_moved_and_tokens_expired(line: Line) -> None:
    form = {"grant_type": "refresh_token", "client_id": "a", "client_secret": "b", "refresh_token": "eu1-c"}
    token = line.session.post(f"{line.url}/oauth/v1/token", data=form, timeout=5).json()["access_token"]
    line.session.headers["Authorization"] = f"Bearer {token}"
    assert line.ask("GET", COMPANIES).status_code == 200
    line.ask("POST", "/_sandbox/clock", {"advance": 1801})
    assert line.ask("GET", COMPANIES).json()["category"] == "EXPIRED_AUTHENTICATION"


def test_a_raw_definition_may_lack_keys_of_the_vendor_and_is_still_listed(line: Line) -> None:
    raw = {"name": "bare", "label": "Bare", "type": "string", "fieldType": "text"}
    assert line.ask("POST", "/_sandbox/definitions/companies", raw).status_code == 200
    found = line.ask("GET", "/crm/v3/properties/companies").json()["results"]
    assert [prop["label"] for prop in found if prop["name"] == "bare"] == ["Bare"]
