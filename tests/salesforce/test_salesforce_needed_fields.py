"""Fields without which a kind of record means nothing: named before a record is read, never taken for optional."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import AccessRefused, ConnectorError, UsageError
from connector.model.fields import Table
from connector.ports import PullRequest
from tests.hubspot.scripted import Reply, Scripted, scripted
from tests.salesforce.parts import pulled, salesforce_at
from tests.salesforce.tiny import described, organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

DEALS = ("deal_id", "account_id", "amount", "is_won", "close_date")
CASES = ("ticket_id", "account_id", "created_at")
ASKED = {Table.ACCOUNTS: ("account_id", "name"), Table.DEALS: DEALS, Table.TICKETS: CASES}


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(organisation()) as script:
        tiny = script.tiny
        tiny.fields["Opportunity"] += [described("IsWon", type="boolean"), described("CloseDate", type="date")]
        id_and_stamp = [described("Id"), described("SystemModstamp", type="datetime")]
        tiny.fields["Case"] = [*id_and_stamp, described("AccountId"), described("CreatedDate", type="datetime")]
        tiny.rows["Case"] = {}
        for deal in tiny.rows["Opportunity"].values():
            deal.update(IsWon=True, CloseDate="2026-01-02")
        yield script


def hide(server: Scripted, entity: str, name: str) -> None:
    fields = server.tiny.fields[entity]
    server.tiny.fields[entity] = [field for field in fields if field["name"] != name]


def test_everything_needed_is_pulled(server: Scripted) -> None:
    rows, _ = pulled(salesforce_at(server.url), columns=ASKED)
    assert rows[Table.DEALS]["close_date"] == ["2026-01-02"] * 5
    assert rows[Table.DEALS]["is_won"] == ["true"] * 5


@pytest.mark.parametrize("name", ["AccountId", "Amount", "IsWon", "CloseDate"])
def test_a_hidden_field_that_deals_mean_nothing_without_stops_the_pull_and_is_named(
    server: Scripted, name: str
) -> None:
    hide(server, "Opportunity", name)
    with pytest.raises(AccessRefused, match=f"no field Opportunity.{name}, or hides it") as failed:
        pulled(salesforce_at(server.url), columns=ASKED)
    assert "Field Permissions → Read" in failed.value.hint
    assert not server.tiny.queries


def test_doctor_tells_that_a_needed_field_would_stop_a_run(server: Scripted) -> None:
    hide(server, "Opportunity", "CloseDate")
    found = list(salesforce_at(server.url).doctor(PullRequest(ASKED), []))
    assert [finding.message for finding in found if finding.level == "bad"] == [
        "Salesforce has no field Opportunity.CloseDate, or hides it from this user"
    ]


def test_cases_without_their_account_are_not_connected(server: Scripted) -> None:
    hide(server, "Case", "AccountId")
    rows, summary = pulled(salesforce_at(server.url), columns=ASKED)
    assert Table.TICKETS not in rows
    assert Table.TICKETS not in summary.rows
    assert any("Case.AccountId" in warning.message for warning in summary.warnings)


def refusing_cases(server: Scripted, status: int, code: str) -> None:
    body: object = [{"errorCode": code, "message": "words"}] if code else b"<html>busy</html>"
    server.only("Case/describe", then=Reply(status, body))


@pytest.mark.parametrize("told", [(404, "NOT_FOUND"), (403, "INSUFFICIENT_ACCESS"), (400, "INVALID_TYPE")])
def test_cases_that_are_hidden_are_not_connected(server: Scripted, told: tuple[int, str]) -> None:
    refusing_cases(server, *told)
    rows, summary = pulled(salesforce_at(server.url), columns=ASKED)
    assert Table.TICKETS not in rows
    assert any("Case may not be read" in warning.message for warning in summary.warnings)


@pytest.mark.parametrize("told", [(400, "QUERY_TIMEOUT"), (403, "API_DISABLED_FOR_ORG"), (403, ""), (404, "")])
def test_a_refusal_that_is_of_the_moment_never_passes_for_cases_that_are_hidden(
    server: Scripted, told: tuple[int, str]
) -> None:
    refusing_cases(server, *told)
    with pytest.raises(ConnectorError, match="describing Case"):
        pulled(salesforce_at(server.url), columns=ASKED)


def test_an_api_version_that_salesforce_does_not_have_is_told_as_that(server: Scripted) -> None:
    nothing = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    older = [{"label": "Spring", "url": f"/services/data/v{number}", "version": number} for number in ("58.0", "59.0")]
    server.rule = lambda seen: Reply(200, older) if seen.path == "/services/data/" else Reply(404, nothing)
    with pytest.raises(UsageError, match=r"has no API version 66\.0, the newest is 59\.0") as failed:
        pulled(salesforce_at(server.url), columns=ASKED)
    assert "api_version" in failed.value.hint


@pytest.mark.parametrize("told", [[], [None, {}, {"version": 5}], [{"version": "66.0"}], {}])
def test_an_object_that_may_not_be_read_is_told_as_that_where_the_version_is_known(
    server: Scripted, told: object
) -> None:
    nothing = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    server.rule = lambda seen: Reply(200, told) if seen.path == "/services/data/" else Reply(404, nothing)
    with pytest.raises(AccessRefused, match="Account may not be read"):
        pulled(salesforce_at(server.url), columns=ASKED)
