"""Over real HTTP: what a fault does to a call, and what the paths of the sandbox's own do to the org."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Iterator

V = "/services/data/v66.0"
ACCOUNTS = f"{V}/sobjects/Account"
QUERY = f"{V}/query?q=SELECT+Id,Name+FROM+Account"


class Line:
    """A line to a running org."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer 00D5g00000000G8!sandbox-integration"

    def ask(self, method: str, path: str, body: object = None, timeout: float = 10) -> requests.Response:
        return self.session.request(method, self.url + path, json=body, timeout=timeout)

    def own(self, what: str, /, **body: Any) -> Any:
        """Ask for something on a path of the sandbox's own."""
        reply = self.ask("POST", f"/_sandbox/{what}", body)
        assert reply.status_code in {200, 201, 204}, reply.text
        return reply.json() if reply.content else None

    def create(self, **values: object) -> str:
        return str(self.ask("POST", ACCOUNTS, values).json()["id"])

    def names(self) -> list[str]:
        return [row["Name"] for row in self.ask("GET", QUERY).json()["records"]]


@pytest.fixture
def line() -> Iterator[Line]:
    with running(now=lambda: datetime.now(UTC), crm="salesforce") as sandbox:
        found = Line(sandbox.url)
        yield found
        found.session.close()


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [
        ("401-expired", 401, "INVALID_SESSION_ID"),
        ("401-not-for-rest", 401, "INVALID_SESSION_ID"),
        ("403-daily", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("403-concurrent", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("403-api-disabled", 403, "API_DISABLED_FOR_ORG"),
        ("410", 410, "GONE"),
        ("400-query-timeout", 400, "QUERY_TIMEOUT"),
        ("400-locator", 400, "INVALID_QUERY_LOCATOR"),
        ("400-lock", 400, "UNABLE_TO_LOCK_ROW"),
        ("503-unavailable", 503, "SERVER_UNAVAILABLE"),
        ("500-unknown", 500, "UNKNOWN_EXCEPTION"),
    ],
)
def test_a_refusal_of_the_vendor_is_sent_instead(line: Line, action: str, status: int, code: str) -> None:
    line.own("faults", action=action, path="sobjects")
    reply = line.ask("POST", ACCOUNTS, {"Name": "Alpha"})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (status, code)
    assert line.names() == []


@pytest.mark.parametrize(("status", "body"), [("503", "<html>"), ("502", "<html>"), ("420", ""), ("406", "")])
def test_an_edge_answers_html_or_nothing(line: Line, status: str, body: str) -> None:
    line.own("faults", action=status, path="query")
    reply = line.ask("GET", QUERY)
    assert (reply.status_code, reply.text[:6]) == (int(status), body)


@pytest.mark.parametrize(("action", "written"), [("reset-before", []), ("reset-after", ["Alpha"])])
def test_a_connection_is_reset_before_or_after_the_write(line: Line, action: str, written: list[str]) -> None:
    line.own("faults", action=action, method="POST", path="sobjects", times=1)
    with pytest.raises(requests.ConnectionError):
        line.ask("POST", ACCOUNTS, {"Name": "Alpha"})
    assert line.names() == written


def test_an_answer_may_be_cut_claim_more_than_it_holds_or_lack_a_record(line: Line) -> None:
    line.create(Name="Alpha")
    line.create(Name="Beta")
    line.own("faults", action="cut", path="query", times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        line.ask("GET", QUERY)
    line.own("faults", action="claim-records", path="query", times=1, total=500)
    assert line.ask("GET", QUERY).json() == {"totalSize": 500, "done": True, "records": []}
    line.own("faults", action="drop-record", path="query", times=1)
    assert line.ask("GET", QUERY).json()["totalSize"] == 2
    line.own("faults", action="drop-record", path="query", times=1)
    assert line.names() == ["Beta"]
    line.own("faults", action="no-headers", path="query", times=1)
    assert "sforce-limit-info" not in line.ask("GET", QUERY).headers
    line.own("faults", action="set-field", field="Name", value=None, path="query", times=1)
    assert line.names() == [None, None]


def test_a_target_or_headers_that_are_too_long_stop_at_the_edge(line: Line) -> None:
    assert line.ask("GET", f"{QUERY}+{'x' * 16_384}").status_code == 414
    line.session.headers["X-Long"] = "x" * 16_000
    assert line.ask("GET", f"{QUERY}+{'x' * 500}").status_code == 431


def test_the_journal_tells_every_call_and_no_token(line: Line) -> None:
    line.create(Name="Alpha")
    line.ask("GET", QUERY)
    told = line.ask("GET", "/_sandbox/journal?writes=true").json()
    assert [(one["method"], one["path"], one["sent"]) for one in told["results"]] == [
        ("POST", ACCOUNTS, {"Name": "Alpha"})
    ]
    assert told["count"] == 2
    envelope = (
        "<Envelope><Header><SessionHeader><sessionId>00D5g00000000G8!sandbox-admin</sessionId></SessionHeader></Header>"
        "<Body><upsertMetadata/></Body></Envelope>"
    )
    assert line.session.post(f"{line.url}/services/Soap/m/66.0/", data=envelope, timeout=10).status_code == 200
    line.ask("POST", "/services/oauth2/revoke?token=00D5g00000000G8!planted")
    journal = line.ask("GET", "/_sandbox/journal").text
    assert "upsertMetadata" in journal
    assert "00D5g00000000G8!" not in journal


def test_the_clock_is_moved_and_told_in_the_date_header(line: Line) -> None:
    line.own("clock", set="2030-01-01T00:00:00+00:00")
    line.own("clock", advance=3600)
    reply = line.ask("GET", QUERY)
    assert parsedate_to_datetime(reply.headers["date"]).strftime("%Y-%m-%dT%H") == "2030-01-01T01"
    assert line.ask("GET", "/_sandbox/state").json()["now"].startswith("2030-01-01T01:")


def test_a_field_is_hidden_and_shown_again_in_mid_life(line: Line) -> None:
    rating = f"{V}/query?q=SELECT+Rating+FROM+Account"
    line.own("security", object="Account", field="Rating", read=False)
    assert line.ask("GET", rating).json()[0]["errorCode"] == "INVALID_FIELD"
    line.own("security", object="Account", field="Rating", edit=False)
    assert line.ask("GET", rating).status_code == 200
    identity = line.create(Name="Alpha")
    refused = line.ask("PATCH", f"{ACCOUNTS}/{identity}", {"Rating": "Hot"})
    assert refused.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    line.own("security", object="Account", read=False)
    assert line.ask("GET", QUERY).json()[0]["errorCode"] == "INVALID_TYPE"
    line.own("security", object="Account")
    line.own("security", object="Account", field="Rating")
    assert line.ask("PATCH", f"{ACCOUNTS}/{identity}", {"Rating": "Hot"}).status_code == 204


def test_records_are_merged_undeleted_and_set_past_every_check(line: Line) -> None:
    winner, loser, other = (line.create(Name=name) for name in ("Winner", "Loser", "Other"))
    line.own("merge", winner=winner, losers=[loser])
    line.ask("DELETE", f"{ACCOUNTS}/{other}")
    line.own("undelete", ids=[other])
    line.own(f"records/Account/{other}", Rating="Odd")
    held = {row["Id"]: row for row in line.ask("GET", "/_sandbox/records/Account").json()["results"]}
    assert (held[loser]["MasterRecordId"], held[other]["Rating"]) == (winner, "Odd")
    made = line.own("records/Account", Name="Raw", Nix="x")["id"]
    assert line.ask("GET", f"{ACCOUNTS}/{made}").json()["Name"] == "Raw"
    assert line.ask("DELETE", f"/_sandbox/records/Account/{made}").status_code == 204
    assert line.ask("GET", f"{ACCOUNTS}/{made}").status_code == 404
    refused = line.ask("POST", "/_sandbox/merge", {"winner": winner, "losers": [loser]})
    assert refused.status_code == 400


def test_definitions_rules_currencies_usage_and_sessions_are_set(line: Line) -> None:
    line.own("definitions/Account", name="Shown__c", type="string", label="Shown", formula="Owner.Name")
    shown = f"{V}/query?q=SELECT+Shown__c+FROM+Account"
    line.create(Name="Alpha")
    assert line.ask("GET", shown).json()["records"][0]["Shown__c"] == "Integration"
    line.own("definitions/Account", name="Shown__c", gone=True)
    person = {"name": "IsPersonAccount", "type": "boolean", "custom": False, "permissionable": False}
    line.own("definitions/Account", **person)
    found = line.ask("GET", f"{V}/query?q=SELECT+IsPersonAccount+FROM+Account").json()
    assert found["records"][0]["IsPersonAccount"] is False
    assert line.ask("GET", shown).json()[0]["errorCode"] == "INVALID_FIELD"
    line.own("rules", validations=[{"object": "Account", "field": "Name", "pattern": "Beta", "message": "No"}])
    assert line.ask("POST", ACCOUNTS, {"Name": "Beta"}).json()[0]["message"] == "No"
    line.own("currencies", USD=1.25)
    assert line.ask("POST", ACCOUNTS, {"Name": "Dollar", "CurrencyIsoCode": "USD"}).status_code == 201
    line.own("switches", short_pages=True)
    line.own("account", name="Another")
    token = line.own("access", open="admin@sandbox.test")["token"]
    line.session.headers["Authorization"] = f"Bearer {token}"
    assert line.names() == ["Alpha", "Dollar"]
    line.own("usage", calls=5_000_000 - 30)
    assert any(line.ask("GET", QUERY).status_code == 403 for _ in range(31))
    assert line.ask("GET", "/_sandbox/tables/accounts").json()["results"][0]["name"] == "Alpha"
    line.own("access", expire_now=True)
    assert line.ask("GET", QUERY).status_code == 401
    unknown = line.ask("POST", "/_sandbox/switches", {"nix": 1})
    assert (unknown.status_code, "short_pages" in unknown.text) == (400, True)


def test_answers_are_compressed_when_that_is_switched_on(line: Line) -> None:
    for number in range(40):
        line.create(Name=f"A rather long name of an account {number}")
    line.own("switches", gzip=True)
    reply = line.ask("GET", QUERY)
    assert reply.headers["content-encoding"] == "gzip"
    assert len(reply.json()["records"]) == 40


OTHER_ORG = "00D9k00000000Z9"
TOKEN_OF = "/services/oauth2/token"
LOGIN = {"grant_type": "client_credentials", "client_id": "sandbox-integration", "client_secret": "sandbox-secret"}


def test_an_org_may_become_another_one_with_the_same_records(line: Line) -> None:
    before = requests.post(f"{line.url}{TOKEN_OF}", data=LOGIN, timeout=10).json()
    told = line.ask("POST", "/_sandbox/account", {"org_id": OTHER_ORG, "name": "Twin"}).json()
    assert (told["org_id"][:15], told["name"]) == (OTHER_ORG, "Twin")
    assert line.ask("GET", "/_sandbox/state").json()["identity"] == told
    after = requests.post(f"{line.url}{TOKEN_OF}", data=LOGIN, timeout=10).json()
    assert f"/id/{told['org_id']}/" in after["id"]
    assert after["access_token"].startswith(f"{OTHER_ORG}!")
    row = line.ask("GET", f"{V}/query?q=SELECT+Id+FROM+Organization").json()["records"][0]
    assert row["Id"] == told["org_id"]
    old = requests.get(
        f"{line.url}{V}/limits", headers={"Authorization": f"Bearer {before['access_token']}"}, timeout=10
    )
    assert old.status_code == 401


@pytest.mark.parametrize("nonsense", ["0015g00000000G8", "00D5g", "00D5g00000000G8AAA", 7, None, ""])
def test_nonsense_is_no_org(line: Line, nonsense: object) -> None:
    refused = line.ask("POST", "/_sandbox/account", {"org_id": nonsense})
    assert refused.status_code == 400
    assert "is no id of an org" in refused.json()["message"]
    assert line.ask("GET", "/_sandbox/state").json()["identity"]["org_id"].startswith("00D5g00000000G8")
