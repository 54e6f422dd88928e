"""A 200 is not a proof: whatever Salesforce answers, a pull is complete or it did not happen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from connector.errors import AccessRefused, BadAnswer, ComeBackLater, ConnectorError, QuotaUsedUp, StopRun, UsageError
from connector.model.changes import Target
from connector.model.fields import Table, Type
from connector.model.outputs import Output
from connector.ports import PullRequest
from tests.hubspot.parts import FakeClock
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.salesforce.parts import COLUMNS, TOKEN, pulled, salesforce_at
from tests.salesforce.tiny import V, account, deal, described, organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUERY = f"GET {V}/query"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(organisation(page=3, deals=3)) as script:
        yield script


def error(code: str, message: str = "words") -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": message}]


def of_accounts(server: Scripted, *replies: Reply | None, then: Reply | None = None) -> None:
    """Give these replies to the queries for accounts and their next pages, not to counts and stamps."""
    left = list(replies)

    def rule(seen: Seen) -> Reply | None:
        asked = seen.query.get("q", "")
        first = "AnnualRevenue" in asked and "FROM Account" in asked
        if not first and not seen.path.startswith(f"{V}/query/"):
            return None
        return left.pop(0) if left else then

    server.rule = rule


def test_a_healthy_server_delivers_everything_once(server: Scripted) -> None:
    rows, summary = pulled(salesforce_at(server.url))
    assert rows[Table.ACCOUNTS]["account_id"] == [account(n) for n in range(1, 8)]
    assert rows[Table.ACCOUNTS]["own_turnover"][:2] == ["1000.5", "2001"]
    assert rows[Table.DEALS]["amount"] == ["10"] * 3
    assert summary.full
    assert summary.rows == {Table.ACCOUNTS: 7, Table.DEALS: 3}


def page(*numbers: int, total: int = 7, **more: Any) -> dict[str, Any]:
    rows = [{"Id": account(n), "Name": "x", "AnnualRevenue": 1.0} for n in numbers]
    return {"totalSize": total, "done": True, "records": rows} | more


MORE: dict[str, Any] = {"done": False, "nextRecordsUrl": f"{V}/query/3-3"}


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([page(total=500)], "Salesforce counts 500"),
        ([page(total=500, **MORE)], "holds none and claims that more follow"),
        ([page(1, 2, 3)], "3 records arrived and Salesforce counts 7"),
        ([{"totalSize": 7, "done": True}], "no list of records"),
        ([{"done": True, "records": []}], "no totalSize"),
        ([page(1, done=False)], "more follows and not where"),
        ([page(1, done=False, nextRecordsUrl="https://evil.example/query")], "more follows and not where"),
        ([page(1, **MORE), page(2, **MORE), page(3, **MORE)], "in a circle"),
        ([page(*range(1, 8), records=[1])], "no object"),
        ([page(records=[{"Name": "x", "AnnualRevenue": 1.0}], total=1)], "without id"),
        ([page(records=[{"Id": account(1), "Name": 5, "AnnualRevenue": 1.0}], total=1)], "is no text"),
        ([page(records=[{"Id": account(1), "AnnualRevenue": 1.0}], total=1)], "leaves Name out"),
        ([b""] * 3, "an empty body"),
        ([b"<html>maintenance</html>"] * 3, "an HTML or XML page"),
        ([b'{"totalSize":7,"done":tr'] * 3, "JSON that is cut"),
        ([[1]], "JSON that is cut or of another shape"),
    ],
)
def test_a_page_that_cannot_be_trusted_fails_the_pull(server: Scripted, replies: list[Any], words: str) -> None:
    of_accounts(server, *(Reply(200, reply) for reply in replies))
    with pytest.raises(BadAnswer) as caught:
        pulled(salesforce_at(server.url))
    assert words in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("body", [b"", b"<html>maintenance</html>", b'{"totalSize":7,"done":tr'])
def test_a_page_that_is_no_json_is_asked_for_again(server: Scripted, body: bytes) -> None:
    of_accounts(server, Reply(200, body), Reply(200, body))
    rows, _ = pulled(salesforce_at(server.url))
    assert len(rows[Table.ACCOUNTS]["account_id"]) == 7


def test_a_description_that_is_no_json_is_asked_for_again(server: Scripted) -> None:
    server.only("/describe", Reply(200, b'{"fields":[{"na'))
    assert pulled(salesforce_at(server.url))[1].full


def test_an_answer_that_drips_is_given_up_in_time(server: Scripted) -> None:
    server.only("/describe", then=Reply(200, {"fields": [], "pad": "x" * 200}, drip=0.05))
    began = time.monotonic()
    crm = salesforce_at(server.url, timeout_seconds=0.3, retry_seconds=0.1, ticks=time.monotonic)
    with pytest.raises(StopRun, match=r"took longer than 0\.3 s"):
        pulled(crm)
    assert time.monotonic() - began < 3


def test_an_answer_that_does_not_come_is_given_up_in_time(server: Scripted) -> None:
    server.only("/describe", then=Reply(delay=1.0))
    with pytest.raises(StopRun, match="no answer in time"):
        pulled(salesforce_at(server.url, timeout_seconds=0.1, retry_seconds=0.1))


@pytest.mark.parametrize("told", ["maybe", 1.5, {}, []])
def test_a_checkbox_that_is_neither_true_nor_false_fails_the_pull(server: Scripted, told: object) -> None:
    server.tiny.fields["Account"].append(described("Seg_Exclude__c", type="boolean"))
    server.tiny.rows["Account"][account(1)]["Seg_Exclude__c"] = told
    with pytest.raises(BadAnswer, match="neither true nor false"):
        pulled(salesforce_at(server.url), columns={Table.ACCOUNTS: ("account_id", "seg_exclude")})


def test_a_record_read_by_its_id_must_hold_every_field_that_was_asked_for(server: Scripted) -> None:
    server.only("POST", Reply(200, [{"Id": account(1), "IsDeleted": False}]))
    with pytest.raises(BadAnswer, match="leaves Seg_Tier__c out"):
        salesforce_at(server.url).read(Target.ACCOUNT, [account(1)], ["seg_tier"])


@pytest.mark.parametrize("told", [[account(3), account(4)], [account(1), account(1)]])
def test_records_read_by_id_are_those_asked_for_or_none_of_them_counts_as_gone(
    server: Scripted, told: list[str]
) -> None:
    server.only("POST", Reply(200, [{"Id": record, "IsDeleted": False, "Seg_Tier__c": "large"} for record in told]))
    with pytest.raises(BadAnswer, match="another record than those asked for, or one twice"):
        salesforce_at(server.url).read(Target.ACCOUNT, [account(1), account(2)], ["seg_tier"])


def test_a_record_that_is_answered_by_the_short_form_of_its_id_is_there(server: Scripted) -> None:
    told = [None, {"Id": account(1)[:15], "IsDeleted": False, "Seg_Tier__c": "large"}]
    server.only("POST", Reply(200, told))
    found = salesforce_at(server.url).read(Target.ACCOUNT, [account(2), account(1)], ["seg_tier"])
    assert found == {account(1): {"seg_tier": "large"}, account(2): None}


@pytest.mark.parametrize(
    ("field", "told", "words"),
    [
        ("OpportunityId", None, "does not name its deal"),
        ("Discount", "some", "a line's Discount"),
        ("UnitPrice", "NaN", "a line's UnitPrice"),
        ("Quantity", True, "a line's Quantity"),
    ],
)
def test_a_line_item_that_cannot_be_read_fails_the_pull(server: Scripted, field: str, told: object, words: str) -> None:
    line = {"OpportunityId": deal(1), "Discount": 10.0, "UnitPrice": 100.0, "Quantity": 1.0}
    server.tiny.rows["OpportunityLineItem"] = {}
    server.tiny.fields["OpportunityLineItem"] = [described(name) for name in ("Id", *line)]
    server.tiny.add("OpportunityLineItem", "00kxx0000000001AAA", **line | {field: told})
    crm = salesforce_at(server.url, fields={"deals.discount_pct": "OpportunityLineItem.Discount"})
    with pytest.raises(BadAnswer, match=words):
        pulled(crm, columns={Table.ACCOUNTS: ("account_id",), Table.DEALS: ("deal_id", "discount_pct")})


@pytest.mark.parametrize("told", [{}, {"deletedRecords": None}, {"deletedRecords": [{"deletedDate": "x"}]}])
def test_a_deletion_log_that_cannot_be_read_fails_the_pull(server: Scripted, told: dict[str, Any]) -> None:
    crm = salesforce_at(server.url)
    mark = pulled(crm)[1].watermark
    server.only("/deleted/", then=Reply(200, told))
    with pytest.raises(BadAnswer, match="list of deleted records"):
        pulled(crm, since=mark)


def test_who_asks_to_come_back_later_is_obeyed_within_patience_and_named_beyond_it(server: Scripted) -> None:
    clock = FakeClock()
    crm = salesforce_at(server.url, clock, timeout_seconds=600.0)  # the threads of a pull share the clock
    of_accounts(server, Reply(503, b"", headers={"Retry-After": "40"}))
    pulled(crm)
    assert sum(clock.slept) == 40
    of_accounts(server, then=Reply(503, b"", headers={"Retry-After": "7200"}))
    with pytest.raises(ComeBackLater, match="it asks to come back at"):
        pulled(crm)
    assert sum(clock.slept) == 40


def test_a_number_of_many_digits_is_read_exactly(server: Scripted) -> None:
    row = f'{{"Id":"{account(1)}","Name":"x","AnnualRevenue":999999999999999.05}}'
    of_accounts(server, Reply(200, f'{{"totalSize":1,"done":true,"records":[{row}]}}'.encode()))
    server.tiny.rows["Account"] = {account(1): server.tiny.rows["Account"][account(1)]}
    rows, _ = pulled(salesforce_at(server.url))
    assert rows[Table.ACCOUNTS]["own_turnover"] == ["999999999999999.05"]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), QuotaUsedUp, "goes on after"),
        (Reply(403, error("API_DISABLED_FOR_ORG")), AccessRefused, "API_DISABLED_FOR_ORG"),
        (Reply(401, error("INVALID_SESSION_ID", "Session expired or invalid")), AccessRefused, "expired"),
        (Reply(410, error("GONE", "The requested API version is retired")), StopRun, "retired"),
        (Reply(302, b""), BadAnswer, "redirects elsewhere"),
        (Reply(400, error("INVALID_FIELD", "No such column 'AnnualRevenue'")), StopRun, "No such column"),
        (Reply(400, error("QUERY_TIMEOUT", "Your query request was running for too long.")), StopRun, "too long"),
    ],
)
def test_a_refusal_ends_the_pull_with_words_and_a_hint(
    server: Scripted, reply: Reply, kind: type[ConnectorError], words: str
) -> None:
    of_accounts(server, then=reply)
    with pytest.raises(kind) as caught:
        pulled(salesforce_at(server.url))
    assert words in str(caught.value)
    assert caught.value.hint
    assert TOKEN not in f"{caught.value}{caught.value.hint}"


def test_a_session_that_never_was_for_the_api_is_not_logged_in_for_again(server: Scripted) -> None:
    words = "This session is not valid for use with the REST API"
    server.only("describe", then=Reply(401, error("INVALID_SESSION_ID", words)))
    with pytest.raises(AccessRefused) as caught:
        pulled(salesforce_at(server.url))
    assert "OAuth scopes" in caught.value.hint
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(403, error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")),
        Reply(503, b"<html>"),
        Reply(420, b""),
        Reply(406, b""),
        Reply(500, error("UNKNOWN_EXCEPTION")),
        Reply(drop=True),
        Reply(200, b"x" * 100, cut=10),
    ],
)
def test_what_passes_is_waited_for(server: Scripted, reply: Reply) -> None:
    clock = FakeClock()
    of_accounts(server, reply, reply)
    rows, _ = pulled(salesforce_at(server.url, clock))
    assert len(rows[Table.ACCOUNTS]["account_id"]) == 7
    assert clock.slept


def test_a_field_named_in_the_settings_must_be_there(server: Scripted) -> None:
    columns = {Table.ACCOUNTS: ("account_id", "pain_fit")}
    with pytest.raises(UsageError, match=r"Account.Pain_Fit__c") as caught:
        pulled(salesforce_at(server.url), columns=columns, required={Table.ACCOUNTS: frozenset({"pain_fit"})})
    assert "Setup → Permission Sets" in caught.value.hint


def test_a_field_of_the_wrong_type_is_not_connected_and_named_when_it_must_be(server: Scripted) -> None:
    server.tiny.fields["Account"].append(described("Nps__c", type="date"))
    columns = {Table.ACCOUNTS: ("account_id", "nps")}
    _, summary = pulled(salesforce_at(server.url), columns=columns)
    assert summary.not_connected[Table.ACCOUNTS] == frozenset({"nps"})
    with pytest.raises(UsageError, match=r"Account.Nps__c is of type date"):
        pulled(salesforce_at(server.url), columns=columns, required={Table.ACCOUNTS: frozenset({"nps"})})


def test_accounts_that_may_not_be_read_end_the_pull_with_the_permission(server: Scripted) -> None:
    del server.tiny.fields["Account"]
    with pytest.raises(AccessRefused) as caught:
        pulled(salesforce_at(server.url))
    assert "View All on Accounts" in caught.value.hint


def test_the_share_kept_for_others_is_not_touched(server: Scripted) -> None:
    used = {"Sforce-Limit-Info": "api-usage=60/100; per-app-api-usage=17/250(appName=sample)"}
    fields = server.tiny.fields["Account"]
    server.only("Account/describe", Reply(200, {"fields": fields, "updateable": True}, headers=used))
    crm = salesforce_at(server.url, max_share_of_daily_quota=0.5)
    with pytest.raises(QuotaUsedUp, match="40 of the day's 100"):
        pulled(crm)
    server.only("no path at all")  # an hour later: what was told then is not believed for ever
    assert pulled(crm)[1].rows[Table.ACCOUNTS]


def test_doctor_names_the_values_a_record_type_does_not_offer(server: Scripted) -> None:
    tiny, kind = server.tiny, "012xx0000000001AAA"
    offered = {"picklistFieldValues": {"Seg_Tier__c": {"values": [{"value": "small", "label": "Small"}]}}}
    told = {"fields": tiny.fields["Account"], "updateable": True, "recordTypeInfos": [{"recordTypeId": kind}]}

    def rule(seen: Seen) -> Reply | None:
        if seen.path.endswith(f"ui-api/object-info/Account/picklist-values/{kind}"):
            return Reply(200, offered)
        return Reply(200, told) if seen.path.endswith("Account/describe") else None

    server.rule = rule
    tier = Output("seg_tier", Type.TEXT, {"en": "Tier"}, {"large": {"en": "Large"}, "small": {"en": "Small"}})
    found = list(salesforce_at(server.url).doctor(PullRequest(COLUMNS), [tier]))
    (line,) = [finding for finding in found if finding.subject == "record types"]
    assert f"record type {kind} of Account does not offer large in Seg_Tier__c" in line.message
    assert "Record Types" in line.fix


def seen_of(server: Scripted, keep: Callable[[Seen], bool]) -> list[Seen]:
    return [seen for seen in server.seen if keep(seen)]


def test_every_call_is_counted_and_carries_the_session(server: Scripted) -> None:
    crm = salesforce_at(server.url)
    pulled(crm)
    assert crm.requests() == len(server.seen)
    assert not seen_of(server, lambda seen: seen.headers.get("Authorization") != f"Bearer {TOKEN}")
