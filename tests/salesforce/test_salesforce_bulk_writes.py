"""Many records at once: one job, and whatever it leaves open or refuses is found out, whatever happens on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.crm.salesforce.pulling import bulk_query
from connector.crm.salesforce.writing import bulk_write
from connector.crm.salesforce.writing import write as writing
from connector.errors import StopRun
from connector.model.changes import Landed, Target
from tests.salesforce.parts import write_to
from tests.salesforce.test_salesforce_changes import Org, V, name, org

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.model.changes import Outcome

__all__ = ["org"]
EVERY = range(1, 7)
REASON = 'Zegt "NEE", 40,0%\nvan € 62.500; naïve'


@pytest.fixture(autouse=True)
def bulky(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "BULK_FROM", 2)


def landed(outcomes: Any) -> dict[str, Landed]:
    return {outcome.record: outcome.landed for outcome in outcomes}


def jobs(org: Org) -> list[str]:
    calls = org.ask("GET", "/_sandbox/journal")["results"]
    return [f"{call['method']} {call['path']}" for call in calls if "/jobs/ingest" in call["path"]]


def all_written(outcomes: Sequence[Outcome]) -> bool:
    return set(landed(outcomes).values()) == {Landed.WRITTEN}


def fault(org: Org, action: str, **rule: Any) -> None:
    org.ask("POST", "/_sandbox/faults", {"action": action} | rule)


def test_a_job_writes_clears_and_leaves_alone(org: Org) -> None:
    org.crm.write([write_to(name("001", n), seg_tier="small", seg_reason="old") for n in EVERY])
    batch = [write_to(name("001", n), seg_tier=None, seg_reason=REASON) for n in (1, 2, 3)]
    batch += [write_to(name("001", n), seg_tier="large", seg_say_no="true") for n in (4, 5, 6)]
    assert all_written(list(org.crm.write(batch)))
    held = org.crm.read(Target.ACCOUNT, [name("001", 1), name("001", 4)], ["seg_tier", "seg_reason", "seg_say_no"])
    assert held[name("001", 1)] == {"seg_tier": None, "seg_reason": REASON, "seg_say_no": None}
    assert held[name("001", 4)] == {"seg_tier": "large", "seg_reason": "old", "seg_say_no": "true"}
    assert any(call.startswith("PUT") for call in jobs(org))


def uploads(org: Org) -> list[str]:
    calls = org.ask("GET", "/_sandbox/journal")["results"]
    return [call["sent"] for call in calls if call["method"] == "PUT"]


def test_an_upload_is_never_larger_than_salesforce_takes_and_each_row_is_in_one_of_them(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bulk_write.UPLOAD == 100_000_000
    batch = [write_to(name("001", n), seg_tier="large", seg_reason=f"{n} " + "€" * 40 * (n % 3)) for n in EVERY]
    monkeypatch.setattr(bulk_write, "UPLOAD", 400)
    assert all_written(list(org.crm.write(batch)))
    sent = uploads(org)
    assert [len(text.encode()) <= 400 for text in sent] == [True] * len(sent)
    assert len({text.partition("\n")[0] for text in sent}) == 1
    rows = [line.partition(",")[0] for text in sent for line in text.splitlines()[1:]]
    assert rows == [name("001", n) for n in EVERY]
    assert 1 < len(sent) < len(rows)
    held = org.crm.read(Target.ACCOUNT, [name("001", 5)], ["seg_reason"])
    assert held == {name("001", 5): {"seg_reason": "5 " + "€" * 80}}


def test_a_row_that_is_larger_than_an_upload_goes_alone(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_write, "UPLOAD", 1)
    assert all_written(list(org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY])))
    assert len(uploads(org)) == len(EVERY)


def test_after_a_job_that_could_not_be_followed_no_other_is_begun(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_write, "UPLOAD", 1)
    fault(org, "503", method="GET", path="jobs/ingest/[^/]*$", times=1000)
    found = landed(org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY]))
    assert found.pop(name("001", 1)) is Landed.UNSETTLED
    assert set(found.values()) == {Landed.SKIPPED}
    assert len(uploads(org)) == 1


def test_a_text_that_means_clear_in_a_job_is_written_to_the_letter(org: Org) -> None:
    batch = [write_to(name("001", n), seg_reason="#N/A" if n == 2 else "x") for n in EVERY]
    assert all_written(list(org.crm.write(batch)))
    assert org.crm.read(Target.ACCOUNT, [name("001", 2)], ["seg_reason"]) == {name("001", 2): {"seg_reason": "#N/A"}}


def test_a_finished_job_with_failed_rows_tells_each_in_the_words_a_call_would(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = {"object": "Account", "field": "Name", "pattern": "Account 3", "message": "Geen KvK-nummer"}
    org.ask("POST", "/_sandbox/rules", {"validations": [rule]})
    org.ask("DELETE", f"/services/data/v66.0/sobjects/Account/{name('001', 5)}")
    outcomes = {
        outcome.record: outcome
        for outcome in org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY])
    }
    assert outcomes[name("001", 3)].landed is Landed.REFUSED
    assert "Geen KvK-nummer" in outcomes[name("001", 3)].reason
    assert outcomes[name("001", 5)].landed is Landed.GONE
    assert {outcomes[name("001", n)].landed for n in (1, 2, 4, 6)} == {Landed.WRITTEN}
    monkeypatch.setattr(writing, "BULK_FROM", 2_000)
    (alone,) = org.crm.write([write_to(name("001", 3), seg_tier="large")])
    assert outcomes[name("001", 3)].reason == alone.reason


def test_rows_that_a_job_finds_locked_are_sent_again_alone(org: Org) -> None:
    org.ask("POST", "/_sandbox/rules", {"locks": [{"object": "Account", "share": 0.5, "times": 1}]})
    assert all_written(list(org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY])))


def test_a_lock_that_a_trigger_met_in_a_job_is_a_lock_and_a_failing_trigger_is_none(org: Org) -> None:
    code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    met = {"Account 2": "Trig: caused by UNABLE_TO_LOCK_ROW", "Account 4": "Trig: caused by NullPointer"}
    rules = [{"object": "Account", "field": "Name", "code": code, "pattern": n, "message": met[n]} for n in met]
    org.ask("POST", "/_sandbox/rules", {"validations": rules})
    outcomes = org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY])
    assert [outcome.code for outcome in outcomes] == ["", "UNABLE_TO_LOCK_ROW", "", code, "", ""]


def test_a_job_that_fails_half_way_is_finished_record_by_record(org: Org) -> None:
    org.ask("POST", "/_sandbox/rules", {"bulk_failures": [{"object": "Account", "after": 2, "message": "Timeout"}]})
    assert all_written(list(org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY])))


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        ("503", {"path": "jobs/ingest", "times": 3}),
        ("reset-after", {"method": "PUT", "path": "jobs/ingest", "times": 1}),
        ("reset-after", {"method": "PATCH", "path": "jobs/ingest", "times": 1}),
        ("reset-before", {"method": "PATCH", "path": "jobs/ingest", "times": 1}),
        ("cut", {"path": "successfulResults", "times": 1}),
        ("401-expired", {"path": "jobs/ingest", "times": 1}),
        ("drop-record", {"path": "successfulResults", "times": 1}),
        ("html", {"path": "successfulResults", "times": 1}),
        ("empty", {"path": "successfulResults", "times": 9}),
        ("html", {"path": "failedResults", "times": 9}),
        ("410", {"path": "jobs/ingest$", "times": 1}),
    ],
)
def test_whatever_happens_to_a_job_every_record_is_written_once_and_known(
    org: Org, action: str, rule: dict[str, Any]
) -> None:
    fault(org, action, **rule)
    assert all_written(list(org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY])))
    held = org.crm.read(Target.ACCOUNT, [name("001", n) for n in EVERY], ["seg_tier"])
    assert {str(values) for values in held.values()} == {"{'seg_tier': 'large'}"}


@pytest.mark.parametrize("path", ["jobs/ingest/[^/]*$", "successfulResults", "failedResults"])
def test_a_job_that_can_no_longer_be_followed_leaves_nothing_told_as_not_sent(org: Org, path: str) -> None:
    fault(org, "503", method="GET", path=path, times=1000)
    outcomes = org.crm.write(
        [write_to(name("001", n), seg_tier="large") for n in EVERY] + [write_to("999", seg_tier="x")]
    )
    found = landed(outcomes)
    assert found.pop("999") is Landed.GONE
    assert set(found.values()) == {Landed.WRITTEN if path == "failedResults" else Landed.UNSETTLED}
    with pytest.raises(StopRun):
        org.crm.check()


def test_a_job_that_does_not_end_is_aborted_and_its_rows_are_written_one_way_or_the_other(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_query, "_PATIENCE", 60.0)
    org.ask("POST", "/_sandbox/switches", {"bulk_polls": 1_000_000})
    assert all_written(org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY]))
    states = [job["state"] for job in org.ask("GET", f"{V}/jobs/ingest")["records"]]
    assert states == ["Aborted"]


def test_a_job_that_cannot_be_followed_is_aborted_where_that_can_be_said(org: Org) -> None:
    org.ask("POST", "/_sandbox/switches", {"bulk_polls": 1_000_000})
    fault(org, "503", method="GET", path="jobs/ingest/[^/]*$", times=1000)
    outcomes = org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY])
    assert set(landed(outcomes).values()) == {Landed.UNSETTLED}
    states = [job["state"] for job in org.ask("GET", f"{V}/jobs/ingest")["records"]]
    assert states == ["Aborted"]


def test_a_picklist_value_a_record_type_does_not_allow_is_refused_for_its_records_only(org: Org) -> None:
    made = org.ask(
        "POST",
        "/_sandbox/records/RecordType",
        {"Name": "Reseller", "DeveloperName": "Reseller", "SobjectType": "Account", "IsActive": True},
    )
    kind = made["id"]
    org.ask("POST", f"/_sandbox/records/Account/{name('001', 2)}", {"RecordTypeId": kind})
    org.ask("POST", "/_sandbox/rules", {"record_type_values": {f"{kind}/Seg_Tier__c": ["small"]}})
    outcomes = org.crm.write([write_to(name("001", n), seg_tier="large") for n in EVERY])
    found = landed(outcomes)
    assert found.pop(name("001", 2)) is Landed.SKIPPED
    assert set(found.values()) == {Landed.WRITTEN}
    (told,) = [outcome.reason for outcome in outcomes if outcome.landed is Landed.SKIPPED]
    assert f"record type {kind} does not offer large in Seg_Tier__c" in told
    assert all_written(org.crm.write([write_to(name("001", 2), seg_tier="small")]))
    asked = [call["path"] for call in org.ask("GET", "/_sandbox/journal")["results"] if "/ui-api/" in call["path"]]
    assert len(asked) == 1
