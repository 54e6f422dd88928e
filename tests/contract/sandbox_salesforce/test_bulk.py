"""Bulk 2.0: jobs from state to state, the results of each row, and queries behind locators."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from connector.sandbox.salesforce.bulk import bulkquery, ingest

if TYPE_CHECKING:
    from tests.contract.sandbox_salesforce.desk import Desk, Reply

CSV = "text/csv; charset=UTF-8"


def job(desk: Desk, text: str, operation: str = "update", **more: str) -> str:
    """Create a job, upload its rows and close it; give its id."""
    made = desk.post("/jobs/ingest", {"object": "Account", "operation": operation, **more})
    assert (made.status, made.json["state"], made.json["apiVersion"]) == (200, "Open", 66.0)
    identity = str(made.json["id"])
    assert made.json["contentUrl"] == f"services/data/v66.0/jobs/ingest/{identity}/batches"
    upload = desk.ask("PUT", f"/jobs/ingest/{identity}/batches", text.encode(), content_type=CSV)
    assert (upload.status, upload.body) == (201, b"")
    assert desk.patch(f"/jobs/ingest/{identity}", {"state": "UploadComplete"}).json["state"] == "UploadComplete"
    return identity


def ended(desk: Desk, identity: str) -> dict[str, object]:
    states = []
    for _ in range(5):
        found = desk.get(f"/jobs/ingest/{identity}").json
        states.append(found["state"])
        if states[-1] not in {"UploadComplete", "InProgress"}:
            assert "InProgress" in states
            return dict(found)
    raise AssertionError(states)


def rows(reply: Reply) -> list[dict[str, str]]:
    assert reply.status == 200
    return list(csv.DictReader(io.StringIO(reply.text)))


def test_a_job_completes_although_rows_were_refused(desk: Desk) -> None:
    ids = desk.accounts(4)
    desk.org.rules.validations = [{"object": "Account", "field": "Site", "pattern": "bad", "message": "No, 'no'"}]
    lines = [f"{ids[0]},one", f"{ids[1]},bad", f"{ids[2]},", "001000000000001AAA,x"]
    identity = job(desk, "\n".join(["Id,Site", *lines]))
    done = ended(desk, identity)
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("JobComplete", 4, 2)
    good = rows(desk.get(f"/jobs/ingest/{identity}/successfulResults"))
    assert {row["sf__Id"]: (row["sf__Created"], row["Site"]) for row in good} == {
        ids[0]: ("false", "one"),
        ids[2]: ("false", ""),
    }
    bad = {row["Id"]: row["sf__Error"] for row in rows(desk.get(f"/jobs/ingest/{identity}/failedResults/"))}
    assert bad == {
        ids[1]: "FIELD_CUSTOM_VALIDATION_EXCEPTION:No, 'no':--",
        "001000000000001AAA": "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
    }
    for name in ("unprocessedrecords", "unprocessedRecords"):
        assert desk.get(f"/jobs/ingest/{identity}/{name}").text == "Id,Site\n"


def test_an_empty_cell_changes_nothing_and_na_clears(desk: Desk) -> None:
    ids = desk.accounts(2)
    for identity in ids:
        desk.patch(f"/sobjects/Account/{identity}", {"Site": "old", "Rating": "Hot"})
    ended(desk, job(desk, f"Id,Site,Rating\n{ids[0]},,#N/A\n{ids[1]},#N/A,\n"))
    assert desk.rows("SELECT Site, Rating FROM Account ORDER BY Id") == [
        {"Site": "old", "Rating": None},
        {"Site": None, "Rating": "Hot"},
    ]


def test_texts_with_commas_quotes_and_line_ends_arrive_whole(desk: Desk) -> None:
    identity = desk.create(Name="Alpha")
    text = 'a "quoted" word, a comma\nand Zoë'
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([["Id", "Description"], [identity, text]])
    done = job(desk, file.getvalue())
    assert ended(desk, done)["numberRecordsFailed"] == 0
    assert desk.get(f"/sobjects/Account/{identity}").json["Description"] == text
    assert rows(desk.get(f"/jobs/ingest/{done}/successfulResults"))[0]["Description"] == text


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Id,Nix__c", "InvalidBatch : Field name not found : Nix__c"),
        ("Name", "InvalidBatch : Field name not found : Id"),
    ],
)
def test_a_wrong_column_fails_the_whole_job(desk: Desk, header: str, message: str) -> None:
    done = ended(desk, job(desk, f"{header}\n{desk.create(Name='Alpha')}\n"))
    assert (done["state"], done["numberRecordsProcessed"], done["errorMessage"]) == ("Failed", 0, message)


def test_line_ends_other_than_told_fail_the_job(desk: Desk) -> None:
    done = ended(desk, job(desk, f"Id,Site\r\n{desk.create(Name='Alpha')},x\r\n"))
    assert (done["state"], "LineEnding is invalid" in str(done["errorMessage"])) == ("Failed", True)
    crlf = job(desk, f"Id,Site\r\n{desk.create(Name='Beta')},x\r\n", lineEnding="CRLF")
    assert ended(desk, crlf)["state"] == "JobComplete"


def test_a_value_of_another_type_is_told_with_its_column(desk: Desk) -> None:
    identity = job(desk, f"Id,NumberOfEmployees\n{desk.create(Name='Alpha')},many\n")
    ended(desk, identity)
    assert rows(desk.get(f"/jobs/ingest/{identity}/failedResults"))[0]["sf__Error"] == (
        "INVALID_FIELD:Failed to deserialize field at col 1. Due to, 'many' is not a valid value for the type "
        "xsd:int:NumberOfEmployees --"
    )


def test_rows_are_inserted_upserted_and_deleted(desk: Desk) -> None:
    made = job(desk, "Name\nAlpha\nBeta\n", "insert")
    ended(desk, made)
    ids = {row["Name"]: row["sf__Id"] for row in rows(desk.get(f"/jobs/ingest/{made}/successfulResults"))}
    ended(desk, job(desk, f"Id,Rating\n{ids['Alpha']},Cold\n", "upsert", externalIdFieldName="Id"))
    ended(desk, job(desk, f"Id\n{ids['Beta']}\n", "delete"))
    assert desk.rows("SELECT Name, Rating FROM Account") == [{"Name": "Alpha", "Rating": "Cold"}]


def test_a_job_that_breaks_off_leaves_rows_unprocessed_and_others_written(desk: Desk) -> None:
    ids = desk.accounts(5)
    desk.org.rules.bulk_failures = [
        {"object": "Account", "after": 2, "message": "InternalServerError : Unable to lock"}
    ]
    identity = job(desk, "\n".join(["Id,Site", *(f"{one},x" for one in ids)]))
    done = ended(desk, identity)
    assert (done["state"], done["numberRecordsProcessed"]) == ("Failed", 2)
    left = rows(desk.get(f"/jobs/ingest/{identity}/unprocessedrecords"))
    assert [row["Id"] for row in left] == ids[2:]
    assert desk.values("SELECT Site FROM Account ORDER BY Id") == ["x", "x", None, None, None]


def test_an_aborted_job_has_written_nothing(desk: Desk) -> None:
    identity = job(desk, f"Id,Site\n{desk.create(Name='Alpha')},x\n")
    assert desk.patch(f"/jobs/ingest/{identity}", {"state": "Aborted"}).json["state"] == "Aborted"
    assert len(rows(desk.get(f"/jobs/ingest/{identity}/unprocessedrecords"))) == 1
    assert desk.values("SELECT Site FROM Account") == [None]
    assert desk.ask("DELETE", f"/jobs/ingest/{identity}").status == 204
    assert desk.get(f"/jobs/ingest/{identity}").code == "NOT_FOUND"


def test_a_job_whose_upload_cannot_be_read_is_aborted_all_the_same(desk: Desk) -> None:
    made = desk.post("/jobs/ingest", {"object": "Account", "operation": "update"}).json["id"]
    desk.ask("PUT", f"/jobs/ingest/{made}/batches", b'Id\n"\xff', content_type=CSV)
    assert desk.patch(f"/jobs/ingest/{made}", {"state": "Aborted"}).json["state"] == "Aborted"
    assert rows(desk.get(f"/jobs/ingest/{made}/unprocessedrecords")) == []


def batches_left(desk: Desk) -> int:
    return int(desk.get("/limits/").json["DailyBulkApiBatches"]["Remaining"])


def test_a_batch_of_the_day_holds_ten_thousand_records(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BATCH", 2)
    ids, before = desk.accounts(3), batches_left(desk)
    ended(desk, job(desk, "\n".join(["Id,Site", *(f'{one},"a\nb"' for one in ids[:2])])))
    assert before - batches_left(desk) == 1
    ended(desk, job(desk, "\n".join(["Id,Site", *(f"{one},x" for one in ids)])))
    assert before - batches_left(desk) == 3


def test_states_are_kept_to(desk: Desk) -> None:
    identity = job(desk, f"Id\n{desk.create(Name='Alpha')}\n")
    assert desk.get(f"/jobs/ingest/{identity}/successfulResults").code == "INVALIDJOBSTATE"
    assert desk.ask("PUT", f"/jobs/ingest/{identity}/batches", b"Id\n", content_type=CSV).code == "INVALIDJOBSTATE"
    assert desk.patch(f"/jobs/ingest/{identity}", {"state": "JobComplete"}).code == "INVALIDJOBSTATE"
    assert desk.post("/jobs/ingest", {"object": "PermissionSet", "operation": "update"}).code == "INVALIDENTITY"


def asked(desk: Desk, text: str, operation: str = "query") -> str:
    made = desk.post("/jobs/query", {"operation": operation, "query": text})
    assert (made.status, made.json["state"], made.json["operation"]) == (200, "UploadComplete", operation)
    identity = str(made.json["id"])
    assert desk.get(f"/jobs/query/{identity}/results").code == "INVALIDJOBSTATE"
    while desk.get(f"/jobs/query/{identity}").json["state"] != "JobComplete":
        pass
    return identity


def test_a_query_comes_in_pages_behind_a_locator(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulkquery, "BLOCK", 60)  # a page is written in several blocks
    ids = desk.accounts(450)
    identity = asked(desk, "SELECT Id, Owner.Name, SystemModstamp, IsDeleted, AnnualRevenue FROM Account")
    assert desk.get(f"/jobs/query/{identity}").json["numberRecordsProcessed"] == 450
    locator, seen, sizes = "", [], []
    while locator != "null":
        reply = desk.get(f"/jobs/query/{identity}/results?maxRecords=200{f'&locator={locator}' if locator else ''}")
        locator = reply.headers["sforce-locator"]
        seen += rows(reply)
        sizes.append(int(reply.headers["sforce-numberofrecords"]))
    assert sizes == [200, 200, 50]
    assert [row["Id"] for row in seen] == ids
    assert list(seen[0].values())[1:] == ["Integration", "2026-11-22T09:00:00.000Z", "false", ""]
    assert reply.text.startswith('"Id","Owner.Name",')


def test_an_empty_result_is_its_header(desk: Desk) -> None:
    reply = desk.get(f"/jobs/query/{asked(desk, 'SELECT Id, Name FROM Account')}/results")
    assert (reply.text, reply.headers["sforce-locator"]) == ('"Id","Name"\n', "null")
    assert reply.headers["sforce-numberofrecords"] == "0"


def test_a_query_of_all_holds_the_deleted(desk: Desk) -> None:
    ids = desk.accounts(2)
    desk.ask("DELETE", f"/sobjects/Account/{ids[0]}")
    assert len(rows(desk.get(f"/jobs/query/{asked(desk, 'SELECT Id FROM Account')}/results"))) == 1
    every = asked(desk, "SELECT Id, IsDeleted FROM Account", "queryAll")
    assert [row["IsDeleted"] for row in rows(desk.get(f"/jobs/query/{every}/results"))] == ["true", "false"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT COUNT(Id) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id, (SELECT Id FROM Opportunities) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT 5 OFFSET 5", "MALFORMED_QUERY"),
        ("SELECT BillingAddress FROM Account", "API_ERROR"),
        ("SELECT Id, Account.BillingAddress FROM Opportunity", "API_ERROR"),
        ("SELECT FORMAT(BillingAddress) told FROM Account", "API_ERROR"),
        ("SELECT Id FROM PermissionSet", "INVALIDENTITY"),
        ("SELECT Nix FROM Account", "INVALID_FIELD"),
    ],
)
def test_what_bulk_cannot_query_is_refused(desk: Desk, text: str, code: str) -> None:
    assert desk.post("/jobs/query", {"operation": "query", "query": text}).code == code


def test_results_are_given_in_the_version_of_the_job_only(desk: Desk) -> None:
    identity = asked(desk, "SELECT Id FROM Account")
    assert desk.get(f"/services/data/v65.0/jobs/query/{identity}/results").status == 409
