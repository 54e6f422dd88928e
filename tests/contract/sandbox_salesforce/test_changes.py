"""What changed: deletes, merges, undeletes, getDeleted and getUpdated; and the limits of a day."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from connector.sandbox.salesforce.limits import Quota
from connector.sandbox.salesforce.org.merging import merge
from connector.sandbox.salesforce.org.view import View
from connector.sandbox.salesforce.org.writing import Writer
from tests.contract.sandbox_salesforce.desk import Desk


def window(desk: Desk, kind: str, start: str, end: str) -> object:
    return desk.get(f"/sobjects/Account/{kind}/?{urlencode({'start': start, 'end': end})}").json


def test_deleted_and_updated_tell_the_ids_of_a_window(desk: Desk) -> None:
    ids = desk.accounts(3)
    desk.time.seconds += 600
    desk.ask("DELETE", f"/sobjects/Account/{ids[0]}")
    desk.patch(f"/sobjects/Account/{ids[1]}", {"Site": "x"})
    early, late = (
        ("2026-11-22T08:59:00+00:00", "2026-11-22T09:05:00+00:00"),
        ("2026-11-22T09:05:00Z", "2026-11-22T09:30:59Z"),
    )
    assert window(desk, "updated", *early) == {"ids": [ids[2]], "latestDateCovered": "2026-11-22T09:05:00.000+0000"}
    assert window(desk, "updated", *late) == {"ids": [ids[1]], "latestDateCovered": "2026-11-22T09:30:00.000+0000"}
    assert window(desk, "deleted", *late) == {
        "deletedRecords": [{"id": ids[0], "deletedDate": "2026-11-22T09:10:00.000+0000"}],
        "earliestDateAvailable": "2026-11-07T09:10:00.000+0000",
        "latestDateCovered": "2026-11-22T09:30:00.000+0000",
    }


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-11-22T09:00:00Z", "2026-11-22T09:00:40Z"), ("2026-10-01T00:00:00Z", "2026-11-22T00:00:00Z")],
)
def test_a_window_too_short_or_too_old_is_refused(desk: Desk, start: str, end: str) -> None:
    reply = desk.get(f"/sobjects/Account/deleted/?{urlencode({'start': start, 'end': end})}")
    assert reply.code == "INVALID_REPLICATION_DATE"


def test_a_merge_names_the_winner_and_moves_the_children(desk: Desk) -> None:
    winner, loser = desk.accounts(2)
    deal = desk.opportunity(AccountId=loser)
    desk.time.seconds += 60
    merge(desk.org, "Account", winner, [loser], user=desk.org.user_id("admin@sandbox.test"))
    gone = desk.rows("SELECT Id, MasterRecordId, SystemModstamp FROM Account WHERE IsDeleted = true", deleted=True)
    stamp = "2026-11-22T09:01:00.000+0000"
    assert gone == [{"Id": loser, "MasterRecordId": winner, "SystemModstamp": stamp}]
    assert desk.rows("SELECT Id, AccountId FROM Opportunity") == [{"Id": deal, "AccountId": winner}]
    assert desk.patch(f"/sobjects/Account/{loser}", {"Site": "x"}).code == "ENTITY_IS_DELETED"


def test_an_undeleted_record_is_back_with_a_new_stamp(desk: Desk) -> None:
    identity = desk.create(Name="Alpha")
    desk.ask("DELETE", f"/sobjects/Account/{identity}")
    desk.time.seconds += 60
    Writer(View(desk.org, desk.org.user_id("admin@sandbox.test"))).undelete(desk.org.objects["account"], identity)
    assert desk.values("SELECT SystemModstamp FROM Account") == ["2026-11-22T09:01:00.000+0000"]


def test_the_deals_of_a_deleted_account_are_deleted_with_it(desk: Desk) -> None:
    identity = desk.create(Name="Alpha")
    desk.opportunity(AccountId=identity)
    desk.ask("DELETE", f"/sobjects/Account/{identity}")
    assert desk.rows("SELECT Id FROM Opportunity") == []


def test_every_answer_tells_how_much_of_the_day_is_used() -> None:
    desk = Desk(quota=Quota(daily=3))
    used = [
        desk.get("/sobjects/Nix/describe").headers["sforce-limit-info"],
        desk.get("/limits").headers["sforce-limit-info"],
    ]
    assert used == ["api-usage=1/3", "api-usage=2/3"]
    assert desk.get("/limits/").json["DailyApiRequests"] == {"Max": 3, "Remaining": 0}
    over = desk.get("/limits")
    assert (over.status, over.json) == (
        403,
        [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}],
    )
    desk.time.seconds += 24 * 3600
    assert desk.get("/limits").status == 200
