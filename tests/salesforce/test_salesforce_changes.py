"""Changes since the last pull: edits, deletions, merges and what came out of the bin; our own echoes change nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.crm.salesforce import Login
from connector.crm.salesforce.pulling import reading
from connector.errors import StopRun
from connector.model.changes import Landed, RecordWrite, Target
from connector.model.fields import Table, Type
from connector.model.outputs import Output
from connector.model.secrets import Secret
from connector.model.texts import told
from connector.ports import PullRequest
from connector.sandbox import running
from connector.sandbox.tables import write_tables
from tests.salesforce.parts import pulled, salesforce_at, write_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.crm.salesforce import Salesforce

V = "/services/data/v66.0"
SETS = "Setup → Permission Sets"
TIER = Output("seg_tier", Type.TEXT, {"en": "Tier"}, {"large": {"en": "Large"}, "small": {"en": "Small"}})
SAY_NO = Output("seg_say_no", Type.BOOLEAN, {"en": "Say no"}, on_deals="seg_account_say_no")
REASON = Output("seg_reason", Type.TEXT, {"en": "Why"})
STORY = Output("seg_explanation", Type.LONG_TEXT, {"en": "Story"})
LOGIN = Login("client_credentials", client_id="sandbox-integration", client_secret=Secret("sandbox-secret"))
ADMIN_LOGIN = Login("client_credentials", client_id="sandbox-admin", client_secret=Secret("sandbox-secret"))
ADMIN = Login("client_credentials", client_id="sandbox-admin", client_secret=Secret("sandbox-secret"))
COLUMNS = {
    Table.ACCOUNTS: ("account_id", "name", "merged_ids", "seg_tier"),
    Table.DEALS: ("deal_id", "account_id", "amount", "probability"),
    Table.TICKETS: ("ticket_id", "account_id"),
}


def name(prefix: str, number: int) -> str:
    return f"{prefix}{number:012d}AAA"


class Org:
    """The organisation as its people use it, and our provider on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.crm: Salesforce = salesforce_at(url, login=LOGIN)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": "Bearer 00D5g00000000G8!sandbox-admin"}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def later(self, seconds: int = 3600) -> None:
        self.ask("POST", "/_sandbox/clock", {"advance": seconds})

    def pull(self, since: str | None = None) -> tuple[dict[Table, Any], str]:
        rows, summary = pulled(self.crm, since=since, columns=COLUMNS)
        return rows, summary.watermark


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Org]:
    numbers = range(1, 7)
    accounts = [{"account_id": name("001", n), "name": f"Account {n}"} for n in numbers]
    deals = [
        {
            "deal_id": name("006", n),
            "account_id": name("001", n),
            "name": f"Deal {n}",
            "amount": f"{n}.50",
            "stage": "closedwon",
            "is_won": "true",
            "is_closed": "true",
            "probability": "1",
            "close_date": "2026-03-01",
            "created_at": "2026-01-01T08:00:00Z",
        }
        for n in numbers
    ]
    tickets = [{"ticket_id": name("500", 1), "account_id": name("001", 2), "created_at": "2026-01-01T08:00:00Z"}]
    write_tables({Table.ACCOUNTS: accounts, Table.DEALS: deals, Table.TICKETS: tickets}, tmp_path)
    with running(now=lambda: datetime.now(UTC), crm="salesforce", data=tmp_path) as sandbox:
        found = Org(sandbox.url)
        admin = salesforce_at(sandbox.url, login=ADMIN, assignee=found.crm.user)
        admin.provision([TIER, SAY_NO, REASON, STORY], language="en", dry_run=False)
        admin.close()
        found.later()
        yield found
        found.crm.close()


def test_only_what_changed_is_read_again(org: Org) -> None:
    rows, mark = org.pull()
    assert rows[Table.DEALS]["probability"] == ["1"] * 6
    org.later()
    assert org.pull(mark)[0].get(Table.ACCOUNTS) is None
    org.ask("PATCH", f"{V}/sobjects/Account/{name('001', 3)}", {"Name": "Renamed"})
    rows, _ = org.pull(mark)
    assert rows[Table.ACCOUNTS]["name"] == ["Renamed"]
    assert Table.DEALS not in rows


def gone(rows: dict[Table, Any]) -> set[tuple[str, str]]:
    found = rows.get(Table.GONE, {"table": [], "id": []})
    return set(zip(found["table"], found["id"], strict=True))


def test_what_was_deleted_is_told_and_what_came_back_is_read(org: Org) -> None:
    _, mark = org.pull()
    org.later()
    org.ask("DELETE", f"{V}/sobjects/Opportunity/{name('006', 2)}")
    rows, later = org.pull(mark)
    assert gone(rows) == {("deals", name("006", 2))}
    again, _ = org.pull(later)
    assert gone(again) == {("deals", name("006", 2))}


def test_a_merge_names_the_loser_and_reads_the_winner_with_what_came_to_it(org: Org) -> None:
    _, mark = org.pull()
    org.later()
    winner, loser = name("001", 1), name("001", 2)
    org.ask("POST", "/_sandbox/merge", {"object": "Account", "winner": winner, "losers": [loser]})
    rows, _ = org.pull(mark)
    assert ("accounts", loser) in gone(rows)
    accounts = dict(zip(rows[Table.ACCOUNTS]["account_id"], rows[Table.ACCOUNTS]["merged_ids"], strict=True))
    assert accounts[winner] == loser
    deals = dict(zip(rows[Table.DEALS]["deal_id"], rows[Table.DEALS]["account_id"], strict=True))
    assert deals[name("006", 2)] == winner
    assert set(rows[Table.TICKETS]["account_id"]) == {winner}


def test_a_full_pull_knows_earlier_merges(org: Org) -> None:
    winner, loser = name("001", 1), name("001", 2)
    org.ask("POST", "/_sandbox/merge", {"object": "Account", "winner": winner, "losers": [loser]})
    rows, _ = org.pull()
    accounts = dict(zip(rows[Table.ACCOUNTS]["account_id"], rows[Table.ACCOUNTS]["merged_ids"], strict=True))
    assert accounts == {winner: loser, **{name("001", n): None for n in range(3, 7)}}


def test_our_own_writes_come_back_as_they_were_and_a_persons_edit_before_them_is_seen(org: Org) -> None:
    _, mark = org.pull()
    org.later()
    org.ask("PATCH", f"{V}/sobjects/Account/{name('001', 4)}", {"Name": "Just renamed"})
    org.crm.write([write_to(name("001", n), seg_tier="large") for n in (4, 5)])
    rows, _ = org.pull(mark)
    found = {row[0]: row[1:] for row in zip(*rows[Table.ACCOUNTS].values(), strict=True)}
    assert found[name("001", 4)] == ("Just renamed", None, "large")
    assert found[name("001", 5)] == ("Account 5", None, "large")


@pytest.fixture
def bulky(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BULK_FROM", 0)


@pytest.mark.usefixtures("bulky")
def test_a_pull_in_bulk_brings_the_same_rows_as_one_by_query(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    tricky = 'Zoë "says", hi\nand #N/A'
    org.ask("PATCH", f"{V}/sobjects/Account/{name('001', 3)}", {"Name": tricky})
    org.crm.write([write_to(name("001", 3), seg_tier="small")])
    by_bulk, _ = org.pull()
    monkeypatch.setattr(reading, "BULK_FROM", 25)
    by_query, _ = org.pull()
    assert tricky in by_bulk[Table.ACCOUNTS]["name"]
    for table, columns in by_query.items():
        assert sorted(zip(*columns.values(), strict=True)) == sorted(zip(*by_bulk[table].values(), strict=True))


@pytest.mark.parametrize("bulk_from", [25, 0], ids=["query", "bulk"])
def test_the_line_ends_salesforce_keeps_a_long_text_with_are_ours(
    org: Org, monkeypatch: pytest.MonkeyPatch, bulk_from: int
) -> None:
    monkeypatch.setattr(reading, "BULK_FROM", bulk_from)
    record, text = name("001", 1), "Rank 1.\nTier large."
    held = {"Seg_Explanation__c": text.replace("\n", "\r\n")}
    org.ask("POST", f"/_sandbox/records/Account/{record}", held)
    assert org.crm.read(Target.ACCOUNT, [record], ["seg_explanation"]) == {record: {"seg_explanation": text}}
    rows, _ = pulled(org.crm, columns={Table.ACCOUNTS: ("account_id", "seg_explanation"), Table.DEALS: ("deal_id",)})
    assert rows[Table.ACCOUNTS]["seg_explanation"][0] == text


def test_a_mirrored_value_is_written_on_an_open_deal(org: Org) -> None:
    (outcome,) = org.crm.write([RecordWrite(Target.DEAL, name("006", 1), (("seg_account_say_no", "true"),))])
    assert outcome.landed is Landed.WRITTEN
    held = org.crm.read(Target.DEAL, [name("006", 1)], ["seg_account_say_no"])
    assert held == {name("006", 1): {"seg_account_say_no": "true"}}


def test_the_discount_of_line_items_is_weighted_by_their_price(org: Org) -> None:
    for price, discount in ((100.0, 10.0), (300.0, 50.0)):
        line = {"OpportunityId": name("006", 1), "Quantity": 1.0, "UnitPrice": price, "Discount": discount}
        org.ask("POST", "/_sandbox/records/OpportunityLineItem", line)
    crm = salesforce_at(org.url, login=LOGIN, fields={"deals.discount_pct": "OpportunityLineItem.Discount"})
    asked = {Table.ACCOUNTS: ("account_id",), Table.DEALS: ("deal_id", "discount_pct")}
    rows, _ = pulled(crm, columns=asked, required={Table.DEALS: frozenset({"discount_pct"})})
    found = dict(zip(*rows[Table.DEALS].values(), strict=True))
    assert found == {name("006", 1): "40", **{name("006", n): None for n in range(2, 7)}}


def test_a_merge_brings_the_discounts_of_the_deals_that_came_along(org: Org) -> None:
    line = {"OpportunityId": name("006", 2), "Quantity": 1.0, "UnitPrice": 100.0, "Discount": 15.0}
    org.ask("POST", "/_sandbox/records/OpportunityLineItem", line)
    org.later()
    crm = salesforce_at(org.url, login=LOGIN, fields={"deals.discount_pct": "OpportunityLineItem.Discount"})
    asked = {Table.ACCOUNTS: ("account_id",), Table.DEALS: ("deal_id", "discount_pct")}
    mark = pulled(crm, columns=asked)[1].watermark
    org.later()
    merge = {"object": "Account", "winner": name("001", 1), "losers": [name("001", 2)]}
    org.ask("POST", "/_sandbox/merge", merge)
    rows, _ = pulled(crm, columns=asked, since=mark)
    assert set(zip(*rows[Table.DEALS].values(), strict=True)) == {(name("006", 1), None), (name("006", 2), "15")}


def test_what_came_out_of_the_bin_again_is_not_gone(org: Org) -> None:
    _, mark = org.pull()
    org.later()
    org.ask("DELETE", f"{V}/sobjects/Account/{name('001', 6)}")
    org.later(120)
    org.ask("POST", "/_sandbox/undelete", {"object": "Account", "ids": [name("001", 6)]})
    rows, _ = org.pull(mark)
    assert ("accounts", name("001", 6)) not in gone(rows)
    assert name("001", 6) in rows[Table.ACCOUNTS]["account_id"]


def test_doctor_names_each_thing_an_admin_must_do_with_the_click(org: Org) -> None:
    org.ask("POST", "/_sandbox/security", {"object": "Account", "field": "Seg_Tier__c", "edit": False})
    org.ask("POST", "/_sandbox/security", {"object": "Opportunity", "field": "Seg_Account_Say_No__c", "read": False})
    found = list(org.crm.doctor(PullRequest(COLUMNS), [TIER, SAY_NO, REASON]))
    bad = {finding.message: finding.fix for finding in found if finding.level == "bad"}
    assert any("Account.Seg_Tier__c: this user may not edit it" in message for message in bad)
    assert any("Opportunity.Seg_Account_Say_No__c does not exist, or is hidden" in message for message in bad)
    assert all("Customer Tier Integration" in fix or "provision" in fix for fix in bad.values())
    assert {finding.subject for finding in found} >= {"user", "Account", "quota", "clock", "sharing"}


def test_doctor_tells_what_no_run_could_find_out_whole_sight_readers_and_the_page(org: Org) -> None:
    def told() -> dict[str, tuple[str, str]]:
        found = org.crm.doctor(PullRequest(COLUMNS), [TIER])
        return {finding.subject: (finding.level, finding.fix) for finding in found}

    def table(kind: str) -> list[dict[str, Any]]:
        return list(org.ask("GET", f"/_sandbox/records/{kind}")["results"])

    before = told()
    assert (before["view all"], before["sharing"]) == (("good", ""), ("good", ""))
    assert before["readers"] == ("warning", f"{SETS} → Customer Tier Read → Manage Assignments → Add Assignment")
    assert before["page"][0] == "unchecked"
    assert "Lightning Record Pages" in before["page"][1]

    for row in [row for row in table("ObjectPermissions") if row["SobjectType"] in ("Account", "Opportunity")]:
        less = {"PermissionsViewAllRecords": False, "PermissionsModifyAllRecords": False}
        org.ask("POST", f"/_sandbox/records/ObjectPermissions/{row['Id']}", less)
    (read,) = [row["Id"] for row in table("PermissionSet") if row["Name"] == "Customer_Tier_Read"]
    given = {"AssigneeId": org.crm.user(), "PermissionSetId": read}
    org.ask("POST", f"{V}/sobjects/PermissionSetAssignment", given)
    after = told()
    assert after["view all"] == ("warning", f"{SETS} → Object Settings → Account, Opportunity → View All")
    assert after["sharing"][0] == "unchecked"
    assert after["readers"] == ("good", "")


def test_doctor_warns_of_a_user_who_may_do_more_than_it_needs(org: Org) -> None:
    def told(crm: Salesforce) -> tuple[str, str]:
        found = crm.doctor(PullRequest(COLUMNS), [TIER])
        return next((f.level, f.message) for f in found if f.subject == "permissions")

    assert told(org.crm)[0] == "good"
    level, message = told(salesforce_at(org.url, login=ADMIN_LOGIN))
    assert level == "warning"
    for power in ("Customize Application", "Modify All Data", "Modify Metadata Through Metadata API", "View All Data"):
        assert power in message


ACTIVITIES = {Table.ACTIVITIES: ("activity_id", "account_id", "kind", "started_at", "minutes")}


def activities(org: Org) -> None:
    about = {"WhatId": name("001", 1), "AccountId": name("001", 1)}
    task = {**about, "TaskSubtype": "Call", "CallDurationInSeconds": 90, "ActivityDate": "2026-03-01"}
    org.ask("POST", "/_sandbox/records/Task", task)
    meeting = {**about, "DurationInMinutes": 45, "StartDateTime": "2026-03-02T09:00:00.000+0000"}
    org.ask("POST", "/_sandbox/records/Event", meeting)


def test_calls_and_meetings_are_one_table_in_minutes(org: Org) -> None:
    activities(org)
    rows, _ = pulled(org.crm, columns={**COLUMNS, **ACTIVITIES})
    found = sorted(zip(*(rows[Table.ACTIVITIES][key] for key in ("kind", "started_at", "minutes")), strict=True))
    assert found == [("call", "2026-03-01T12:00:00Z", "1.5"), ("meeting", "2026-03-02T09:00:00.000Z", "45")]


def test_meetings_without_calls_are_not_counted(org: Org) -> None:
    activities(org)
    org.ask("POST", "/_sandbox/security", {"object": "Task", "read": False})
    _, summary = pulled(org.crm, columns={**COLUMNS, **ACTIVITIES})
    assert summary.not_connected[Table.ACTIVITIES] == frozenset(ACTIVITIES[Table.ACTIVITIES])
    assert any("Task may not be read" in warning.message for warning in summary.warnings)


def test_a_source_field_hidden_in_mid_life_is_not_connected_from_then_on(org: Org) -> None:
    asked = {**COLUMNS, Table.ACCOUNTS: ("account_id", "name", "country")}
    assert pulled(org.crm, columns=asked)[1].not_connected.get(Table.ACCOUNTS) is None
    org.ask("POST", "/_sandbox/security", {"object": "Account", "field": "BillingCountry", "read": False})
    assert pulled(org.crm, columns=asked)[1].not_connected[Table.ACCOUNTS] == frozenset({"country"})


def test_a_deletion_log_that_does_not_reach_back_asks_for_a_full_pull(org: Org) -> None:
    _, mark = org.pull()
    org.later(6 * 3600)
    org.ask("POST", "/_sandbox/switches", {"log_days": 2 / 24})
    with pytest.raises(StopRun, match="does not reach back to the last pull") as caught:
        org.pull(mark)
    assert caught.value.code == "NEEDS_FULL_PULL"
    assert "reikt niet terug tot de vorige keer dat er werd opgehaald (het begint op " in told(
        caught.value.args[0], "nl"
    )
    org.ask("POST", "/_sandbox/switches", {"log_days": 15})
    refusal = {"message": "startDate before org replication enabled date", "errorCode": "INVALID_REPLICATION_DATE"}
    fault = {"action": "answer", "status": 400, "body": [refusal], "path": "/deleted"}
    org.ask("POST", "/_sandbox/faults", fault)
    with pytest.raises(StopRun) as caught:
        org.pull(mark)
    assert caught.value.code == "NEEDS_FULL_PULL"
