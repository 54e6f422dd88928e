"""Writing to Salesforce: every record's fate is found out, locks are waited for, what must be refused is not sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connector.errors import QuotaUsedUp
from connector.model.changes import Landed, Outcome, RecordWrite, Target
from tests.hubspot.parts import FakeClock
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.salesforce.parts import salesforce_at, write_to
from tests.salesforce.tiny import V, account, organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLLECTIONS = f"PATCH {V}/composite/sobjects"
LOCK = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 001")


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(organisation(accounts=450)) as script:
        yield script


def landed(outcomes: Any) -> dict[str, Landed]:
    return {outcome.record: outcome.landed for outcome in outcomes}


def tier(server: Scripted, number: int) -> Any:
    return server.tiny.rows["Account"][account(number)].get("Seg_Tier__c")


def test_many_records_go_in_calls_of_two_hundred_in_the_order_of_the_plan(server: Scripted) -> None:
    batch = [write_to(account(number), seg_tier="large") for number in range(450, 0, -1)]
    assert set(landed(salesforce_at(server.url).write(batch)).values()) == {Landed.WRITTEN}
    assert [len(chunk) for chunk in server.tiny.written] == [200, 200, 50]
    assert [record for chunk in server.tiny.written for record in chunk] == [one.record for one in batch]


@pytest.mark.parametrize(("records", "jobs"), [(2_000, 0), (2_001, 1)])
def test_more_than_two_thousand_records_are_worth_a_job(server: Scripted, records: int, jobs: int) -> None:
    for number in range(1, records + 1):
        server.tiny.add("Account", account(number))
    outcomes = salesforce_at(server.url).write([write_to(account(n), seg_tier="large") for n in range(1, records + 1)])
    assert set(landed(outcomes).values()) == {Landed.WRITTEN}
    assert [seen.path for seen in server.seen if seen.method == "POST"] == [f"{V}/jobs/ingest"] * jobs


def test_a_write_tells_salesforce_to_leave_assignments_and_duplicates_alone(server: Scripted) -> None:
    salesforce_at(server.url).write([write_to(account(1), seg_tier="large")])
    (sent,) = [seen for seen in server.seen if seen.method == "PATCH"]
    assert sent.headers["Sforce-Auto-Assign"] == "FALSE"
    assert sent.headers["Sforce-Duplicate-Rule-Header"].startswith("allowSave=true")
    assert sent.headers["Sforce-Mru"] == "updateMru=false"
    assert orjson.loads(sent.body)["allOrNone"] is False


def test_values_go_as_salesforce_takes_them_and_none_clears(server: Scripted) -> None:
    crm = salesforce_at(server.url)
    crm.write([write_to(account(1), seg_tier="large", seg_reason=None, seg_say_no="true")])
    crm.write([write_to(account(2), seg_tier=None, seg_say_no=None)])
    one, two = (server.tiny.rows["Account"][account(number)] for number in (1, 2))
    assert (one["Seg_Tier__c"], one["Seg_Reason__c"], one["Seg_Say_No__c"]) == ("large", None, True)
    assert (two["Seg_Tier__c"], two["Seg_Say_No__c"]) == (None, False)
    assert crm.read(Target.ACCOUNT, [account(2)], ["seg_say_no"]) == {account(2): {"seg_say_no": None}}


def test_locks_on_a_third_of_the_records_are_waited_for_and_only_they_are_sent_again(server: Scripted) -> None:
    server.tiny.refuses = {account(number): [LOCK, LOCK] for number in range(3, 450, 3)}
    clock = FakeClock()
    batch = [write_to(account(number), seg_tier="large") for number in range(1, 451)]
    outcomes = salesforce_at(server.url, clock).write(batch)
    assert set(landed(outcomes).values()) == {Landed.WRITTEN}
    assert sum(map(len, server.tiny.written)) == 450 + 149 + 149
    assert sum(clock.slept) > 2


def test_a_record_that_stays_locked_is_refused_in_the_end_and_the_others_are_written(server: Scripted) -> None:
    server.tiny.refuses = {account(2): [LOCK] * 20}
    outcomes = salesforce_at(server.url).write([write_to(account(n), seg_tier="large") for n in (1, 2, 3)])
    assert landed(outcomes)[account(2)] is Landed.REFUSED
    assert (tier(server, 1), tier(server, 3)) == ("large", "large")
    assert len(server.tiny.refuses[account(2)]) == 15


def test_a_lock_met_by_a_trigger_is_a_lock_and_a_failing_trigger_is_none(server: Scripted) -> None:
    code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    server.tiny.refuses = {account(1): [(code, f"Trig: caused by {LOCK[0]}")], account(2): [(code, "NullPointer")] * 9}
    outcomes = salesforce_at(server.url).write([write_to(account(n), seg_tier="large") for n in (1, 2)])
    assert landed(outcomes) == {account(1): Landed.WRITTEN, account(2): Landed.REFUSED}
    assert len(server.tiny.refuses[account(2)]) == 8


def test_a_refusal_is_told_in_salesforces_own_words(server: Scripted) -> None:
    words = "Een klant zonder KvK-nummer mag niet worden opgeslagen"
    server.tiny.refuses = {account(1): [("FIELD_CUSTOM_VALIDATION_EXCEPTION", words)]}
    outcomes = salesforce_at(server.url).write([write_to(account(n), seg_tier="large") for n in (1, 2)])
    found = {outcome.record: outcome for outcome in outcomes}
    assert found[account(1)].code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert words in found[account(1)].reason
    assert found[account(2)].landed is Landed.WRITTEN


@pytest.mark.parametrize("code", ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"])
def test_a_record_that_is_gone_is_told_apart_from_one_that_may_not_be_edited(server: Scripted, code: str) -> None:
    del server.tiny.rows["Account"][account(1)]
    server.tiny.refuses = {account(n): [(code, "words")] for n in (1, 2)}
    outcomes = salesforce_at(server.url).write([write_to(account(n), seg_tier="large") for n in (1, 2, 3)])
    assert landed(outcomes) == {account(1): Landed.GONE, account(2): Landed.REFUSED, account(3): Landed.WRITTEN}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seg_tier": "huge"}, "no active picklist value huge"),
        ({"seg_reason": "x" * 256}, "at most 255 characters"),
        ({"seg_say_no": "maybe"}, "takes true or false"),
        ({"seg_unheard_of": "x"}, "has no field Seg_Unheard_Of__c"),
    ],
)
def test_what_the_fields_rule_out_is_not_sent(server: Scripted, values: dict[str, str], words: str) -> None:
    (outcome,) = salesforce_at(server.url).write([write_to(account(1), **values)])
    assert (outcome.landed, outcome.code) == (Landed.SKIPPED, "NOT_ALLOWED")
    assert words in outcome.reason
    assert server.tiny.written == []


LOST = [Reply(drop=True, apply=True), Reply(503, b"", apply=True), Reply(200, b"[]" * 40, cut=3, apply=True)]


@pytest.mark.parametrize("reply", LOST)
def test_a_write_whose_answer_is_lost_is_settled_by_reading_and_not_sent_again(server: Scripted, reply: Reply) -> None:
    server.only(COLLECTIONS, reply)
    outcomes = salesforce_at(server.url).write([write_to(account(n), seg_tier="large") for n in (1, 2)])
    assert set(landed(outcomes).values()) == {Landed.WRITTEN}
    assert len([seen for seen in server.seen if seen.method == "PATCH"]) == 1


@pytest.mark.parametrize(
    ("arrives", "persons", "landed_as", "sends"),
    [
        (False, {"Seg_Tier__c": "small"}, Landed.UNSETTLED, 1),
        (True, {"Seg_Tier__c": "small"}, Landed.WRITTEN, 1),
        (False, {"Name": "Renamed"}, Landed.WRITTEN, 2),
    ],
)
def test_a_value_a_person_sets_while_the_answer_is_lost_stays(
    server: Scripted, *, arrives: bool, persons: dict[str, str], landed_as: Landed, sends: int
) -> None:
    def rule(seen: Seen) -> Reply | None:
        if seen.method != "PATCH" or len([one for one in server.seen if one.method == "PATCH"]) > 1:
            return None
        if arrives:
            server.properly(seen)
        server.tiny.rows["Account"][account(1)] |= persons
        return Reply(drop=True)

    server.rule = rule
    values = (("seg_tier", "large"), ("seg_reason", "why"))
    wanted = RecordWrite(Target.ACCOUNT, account(1), values, before=(("seg_tier", None), ("seg_reason", None)))
    (outcome,) = salesforce_at(server.url).write([wanted])
    assert outcome.landed is landed_as
    assert persons.items() <= server.tiny.rows["Account"][account(1)].items()
    assert len([seen for seen in server.seen if seen.method == "PATCH"]) == sends


def test_a_write_that_never_arrives_is_sent_three_times_and_then_unsettled(server: Scripted) -> None:
    server.only(COLLECTIONS, then=Reply(drop=True))
    (outcome,) = salesforce_at(server.url).write([write_to(account(1), seg_tier="large")])
    assert outcome.landed is Landed.UNSETTLED
    assert len([seen for seen in server.seen if seen.method == "PATCH"]) == 3


@pytest.mark.parametrize(
    "results",
    [
        [],
        [{"success": True, "id": account(1), "errors": []}],
        [{"success": True, "id": account(2), "errors": []}, {"success": True, "id": account(1), "errors": []}],
        [1, 2],
    ],
)
def test_results_that_do_not_match_what_was_sent_are_not_believed(server: Scripted, results: list[Any]) -> None:
    server.only(COLLECTIONS, Reply(200, results))
    outcomes = salesforce_at(server.url).write([write_to(account(n), seg_tier="large") for n in (1, 2)])
    assert set(landed(outcomes).values()) == {Landed.WRITTEN}
    assert (tier(server, 1), tier(server, 2)) == ("large", "large")


def test_a_day_used_up_half_way_ends_the_run_with_what_landed(server: Scripted) -> None:
    full = Reply(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])
    server.only(COLLECTIONS, None, then=full)
    crm = salesforce_at(server.url)
    outcomes = crm.write([write_to(account(n), seg_tier="large") for n in range(1, 451)])
    found = [outcome.landed for outcome in sorted(outcomes, key=_record)]
    assert found == [Landed.WRITTEN] * 200 + [Landed.SKIPPED] * 250
    with pytest.raises(QuotaUsedUp):
        crm.check()


def _record(outcome: Outcome) -> str:
    return outcome.record


def slow(clock: FakeClock, *seconds: float) -> Callable[[Seen], Reply | None]:
    """Calls that take so long, one after the other; all later ones take no time."""
    left = list(seconds)

    def rule(seen: Seen) -> None:
        if seen.method == "PATCH" and left:
            clock.at += left.pop(0)

    return rule


def test_chunks_shrink_while_the_organisation_is_slow_and_grow_again(server: Scripted) -> None:
    clock = FakeClock()
    server.rule = slow(clock, 11.0, 11.0, 5.0, 1.0)
    batch = [write_to(account(number), seg_tier="large") for number in range(1, 451)]
    crm = salesforce_at(server.url, clock, timeout_seconds=60.0)
    crm.write(batch)
    assert [len(chunk) for chunk in server.tiny.written] == [200, 100, 50, 50, 50]
    crm.write(batch)
    assert [len(chunk) for chunk in server.tiny.written][5:] == [200, 200, 50]


def test_an_id_that_is_none_is_gone_without_being_sent(server: Scripted) -> None:
    (outcome,) = salesforce_at(server.url).write([write_to("999", seg_tier="large")])
    assert outcome.landed is Landed.GONE
    assert server.tiny.written == []


def test_records_are_read_under_the_id_they_were_asked_by(server: Scripted) -> None:
    crm = salesforce_at(server.url)
    short = account(1)[:15]
    crm.write([write_to(account(1), seg_tier="large")])
    found = crm.read(Target.ACCOUNT, [account(1), short, account(999), "999"], ["seg_tier"])
    assert found[account(1)] == found[short] == {"seg_tier": "large"}
    assert (found[account(999)], found["999"]) == (None, None)


def test_a_write_that_was_lost_is_sent_twice_more_at_most_however_often_it_finds_the_record_locked(
    server: Scripted,
) -> None:
    seen: list[str] = []
    refusal = [{"success": False, "errors": [{"statusCode": LOCK[0], "message": LOCK[1], "fields": []}]}]

    def rule(call: Seen) -> Reply | None:
        if call.method != "PATCH":
            return None
        seen.append("lost" if len(seen) % 2 else "locked")
        return Reply(drop=True) if seen[-1] == "lost" else Reply(200, refusal)

    server.rule = rule
    (outcome,) = salesforce_at(server.url).write([write_to(account(1), seg_tier="large")])
    assert seen == ["locked", "lost", "locked", "lost"]
    assert outcome.landed is Landed.UNSETTLED


@pytest.mark.parametrize("last", ["refused", "locked"])
def test_a_record_refused_after_its_answer_was_lost_is_not_settled_the_first_send_may_still_arrive(
    server: Scripted, last: str
) -> None:
    code, words = LOCK if last == "locked" else ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no")
    refusal = Reply(200, [{"success": False, "errors": [{"statusCode": code, "message": words, "fields": []}]}])

    def rule(call: Seen) -> Reply | None:
        if call.method != "PATCH":
            return None
        return Reply(drop=True) if len([one for one in server.seen if one.method == "PATCH"]) == 1 else refusal

    server.rule = rule
    (outcome,) = salesforce_at(server.url).write([write_to(account(1), seg_tier="large")])
    assert (outcome.landed, outcome.code) == (Landed.UNSETTLED, "ANSWER_LOST")
    assert outcome.reason.startswith("sent once without an answer, then: ")
