"""Writes: every record's fate is found out, and nothing is written twice or blindly."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import AccessRefused, BadAnswer, StopRun, UsageError
from connector.model.changes import Landed, RecordWrite, Target
from tests.hubspot.parts import TOKEN, FakeClock, account, hubspot_at, hubspot_of
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.hubspot.tiny import Tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

UPDATE = "companies/batch/update"

DEFINITIONS: list[dict[str, Any]] = [
    {"name": "seg_tier", "type": "string"},
    {"name": "seg_kind", "type": "enumeration", "fieldType": "select", "options": [{"value": "a"}, {"value": "b"}]},
    {"name": "seg_many", "type": "enumeration", "fieldType": "checkbox", "options": [{"value": "a"}, {"value": "b"}]},
    {"name": "seg_money", "type": "number"},
    {"name": "seg_day", "type": "date"},
    {"name": "seg_flag", "type": "bool"},
    {"name": "locked", "type": "string", "modificationMetadata": {"readOnlyValue": True}},
    {"name": "computed", "type": "number", "calculated": True},
]


def portal(numbers: range = range(1, 11)) -> Tiny:
    tiny = Tiny(definitions={"companies": [*DEFINITIONS], "deals": []})
    for number in numbers:
        tiny.add("companies", number)
    return tiny


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(portal()) as script:
        yield script


def sends(server: Scripted) -> list[list[str]]:
    return [[i["id"] for i in orjson.loads(s.body)["inputs"]] for s in server.seen if UPDATE in s.path]


def values(server: Scripted, name: str = "seg_tier") -> dict[int, str | None]:
    return {n: row.properties.get(name) for n, row in server.tiny.rows["companies"].items() if name in row.properties}


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────


@given(
    records=st.sets(st.integers(1, 130), min_size=1, max_size=100),
    refused=st.sets(st.integers(1, 130), max_size=6),
    missing=st.sets(st.integers(1, 130), max_size=6),
    merged=st.sets(st.integers(1, 130), max_size=3),
)
@settings(deadline=None, max_examples=60)
def test_exactly_the_refused_records_are_refused_and_all_others_written_once(
    records: set[int], refused: set[int], missing: set[int], merged: set[int]
) -> None:
    tiny = portal(range(1, 131))
    tiny.add("companies", 999, hs_merged_object_ids=";".join(map(str, merged - missing)))
    for number in missing | merged:
        del tiny.rows["companies"][number]
    tiny.merged["companies"] = dict.fromkeys(merged - missing, 999)
    tiny.refuses = lambda record, _: f"{record} is bad" if int(record) in refused else ""
    written: Counter[int] = Counter()
    tiny.touched = lambda number: written.update([number])

    outcomes = {int(o.record): o for o in hubspot_of(tiny).write([account(n, seg_tier="x") for n in sorted(records)])}

    assert set(outcomes) == records
    alive = records - refused - missing - merged
    assert {n for n, o in outcomes.items() if o.landed is Landed.REFUSED} == records & refused
    assert {n for n, o in outcomes.items() if o.landed is Landed.GONE} == (records & (missing | merged)) - refused
    assert {n for n, o in outcomes.items() if o.landed is Landed.WRITTEN} == alive
    assert written == Counter(dict.fromkeys(alive, 1))
    assert all(o.reason == f"{n} is bad" for n, o in outcomes.items() if o.landed is Landed.REFUSED)


@given(fate=st.lists(st.sampled_from(["good", "lost before", "lost after", "gateway"]), max_size=5))
@settings(deadline=None, max_examples=60)
def test_a_write_whose_answer_was_lost_is_sent_at_most_three_times_and_never_when_it_landed(fate: list[str]) -> None:
    tiny = portal(range(1, 4))
    sent = 0
    left = list(fate)

    def instead(method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        nonlocal sent
        if UPDATE not in path:
            return None
        sent += 1
        assert not any(row.properties.get("seg_tier") == "x" for row in tiny.rows["companies"].values())
        told = left.pop(0) if left else "good"
        if told in ("good", "lost after"):
            result = tiny.answer(method, path, {}, body)
            return result if told == "good" else (504, {})
        return (502 if told == "lost before" else 503), {}

    tiny.instead = instead
    outcomes = hubspot_of(tiny).write([account(n, seg_tier="x") for n in (1, 2, 3)])
    assert sent <= 3
    landed = {o.landed for o in outcomes}
    written = any(row.properties.get("seg_tier") == "x" for row in tiny.rows["companies"].values())
    assert landed == ({Landed.WRITTEN} if written else {Landed.UNSETTLED})


# ── examples ─────────────────────────────────────────────────────────────────────────────────────


def test_a_write_clears_with_an_empty_text(server: Scripted) -> None:
    hubspot_at(server.url).write([account(1, seg_tier="x"), account(2, seg_tier=None)])
    assert values(server) == {1: "x", 2: ""}
    assert hubspot_at(server.url).read(Target.ACCOUNT, ["1", "2", "77"], ["seg_tier"]) == {
        "1": {"seg_tier": "x"},
        "2": {"seg_tier": None},
        "77": None,
    }


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("seg_kind", "c", "seg_kind has no option c"),
        ("seg_kind", "a;b", "seg_kind has no option a;b"),
        ("seg_many", "a;x;y", "seg_many has no option x, y"),
        ("seg_money", "12,5", "seg_money takes a number"),
        ("seg_day", "01-02-2026", "seg_day takes a date"),
        ("seg_flag", "yes", "seg_flag takes true or false"),
        ("seg_tier", "x" * 65_537, "seg_tier takes at most 65,536 characters"),
        ("locked", "x", "locked is read-only in HubSpot"),
        ("computed", "1", "computed is read-only in HubSpot"),
        ("no_such", "x", "HubSpot has no property no_such"),
    ],
)
def test_what_the_definition_rules_out_is_not_sent(server: Scripted, name: str, value: str, why: str) -> None:
    first, second = hubspot_at(server.url).write([account(1, **{name: value}), account(2, seg_tier="x")])
    assert (first.landed, first.code, first.reason) == (Landed.SKIPPED, "NOT_ALLOWED", why)
    assert second.landed is Landed.WRITTEN
    assert sends(server) == [["2"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [("seg_kind", "a"), ("seg_many", "a;b"), ("seg_money", "-12.50"), ("seg_day", "2026-02-01"), ("seg_flag", "true")],
)
def test_what_the_definition_allows_is_sent(server: Scripted, name: str, value: str) -> None:
    (outcome,) = hubspot_at(server.url).write([account(1, **{name: value})])
    assert outcome.landed is Landed.WRITTEN


def test_a_property_that_vanished_meanwhile_is_found_out_without_bisecting(server: Scripted) -> None:
    crm = hubspot_at(server.url)
    crm.write([account(1, seg_tier="x")])
    server.tiny.definitions["companies"] = [d for d in DEFINITIONS if d["name"] != "seg_tier"]
    server.tiny.refuses = lambda _, v: 'Property "seg_tier" does not exist' if "seg_tier" in v else ""
    outcomes = crm.write([account(n, seg_tier="y") for n in range(1, 10)])
    assert {o.reason for o in outcomes} == {"HubSpot has no property seg_tier"}
    assert len(sends(server)) == 2


def test_a_write_without_readable_definitions_is_judged_by_the_crm(server: Scripted) -> None:
    server.only("/properties/", then=Reply(403, {"message": "no", "category": "MISSING_SCOPES"}))
    (outcome,) = hubspot_at(server.url).write([account(1, anything="x")])
    assert outcome.landed is Landed.WRITTEN


def test_a_locked_record_is_waited_for_at_least_two_seconds(server: Scripted) -> None:
    clock = FakeClock()
    server.only(UPDATE, Reply(423, {"message": "locked"}))
    (outcome,) = hubspot_at(server.url, clock).write([account(1, seg_tier="x")])
    assert outcome.landed is Landed.WRITTEN
    assert 2 <= clock.at < 4
    assert len(sends(server)) == 2


def test_an_answer_lost_after_the_write_landed_is_settled_without_a_second_send(server: Scripted) -> None:
    server.only(UPDATE, Reply(drop=True, apply=True))
    (outcome,) = hubspot_at(server.url).write([account(1, seg_tier="x")])
    assert outcome.landed is Landed.WRITTEN
    assert len(sends(server)) == 1


def test_a_record_refused_after_its_answer_was_lost_is_not_settled_the_first_send_may_still_arrive(
    server: Scripted,
) -> None:
    refused = Reply(207, {"results": [], "errors": [{"category": "X", "message": "no", "context": {"ids": ["1"]}}]})
    server.only(UPDATE, Reply(drop=True), refused)
    (outcome,) = hubspot_at(server.url).write([account(1, seg_tier="x")])
    assert (outcome.landed, outcome.code) == (Landed.UNSETTLED, "ANSWER_LOST")
    assert outcome.reason == "sent once without an answer, then: no"
    assert len(sends(server)) == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"results": [{"id": "1", "prop', b'{"status": "COMPLETE"}'])
def test_an_answer_that_cannot_be_read_is_settled_by_reading_back(server: Scripted, body: bytes) -> None:
    server.only(UPDATE, Reply(200, body, apply=True))
    (outcome,) = hubspot_at(server.url).write([account(1, seg_tier="x")])
    assert outcome.landed is Landed.WRITTEN
    assert len(sends(server)) == 1


def test_a_record_left_out_of_a_good_answer_is_not_believed_written(server: Scripted) -> None:
    left_out = Reply(200, {"status": "COMPLETE", "results": [{"id": "1", "properties": {}}]})
    server.only(UPDATE, left_out, Reply(200, {"results": []}), Reply(200, {"results": []}))
    first, second = hubspot_at(server.url).write([account(1, seg_tier="x"), account(2, seg_tier="x")])
    assert first.landed is Landed.WRITTEN
    assert (second.landed, second.code) == (Landed.UNSETTLED, "ANSWER_LOST")
    assert sends(server) == [["1", "2"], ["2"], ["2"]]


def test_per_record_errors_of_a_mixed_answer_keep_the_crms_words(server: Scripted) -> None:
    error = {"category": "VALIDATION_ERROR", "message": f"no {TOKEN}", "context": {"objectWriteTraceId": ["2"]}}
    mixed = {"results": [{"id": "1", "properties": {}}], "numErrors": 1, "errors": [error]}
    server.only(UPDATE, Reply(207, mixed))
    first, second = hubspot_at(server.url).write([account(1, seg_tier="x"), account(2, seg_tier="x")])
    assert first.landed is Landed.WRITTEN
    assert (second.landed, second.code, second.reason) == (Landed.REFUSED, "VALIDATION_ERROR", "no ***")


def test_a_refusal_told_as_json_within_the_message_is_told_in_its_own_words(server: Scripted) -> None:
    """What a batch with trace ids answers to values of one record that are not valid."""
    inner = [
        {"isValid": False, "message": "Gold was not one of the options: [A]", "error": "INVALID_OPTION", "name": "x"}
    ]
    message = f"Property values were not valid: {orjson.dumps(inner).decode()}"
    error = {"category": "VALIDATION_ERROR", "message": message, "context": {"objectWriteTraceId": ["2"]}}
    server.only(UPDATE, Reply(207, {"results": [{"id": "1", "properties": {}}], "numErrors": 1, "errors": [error]}))
    _, second = hubspot_at(server.url).write([account(1, seg_tier="x"), account(2, seg_tier="x")])
    assert (second.code, second.reason) == ("INVALID_OPTION", "Gold was not one of the options: [A]")


def test_a_record_that_is_said_to_be_written_and_gone_is_read_back(server: Scripted) -> None:
    error = {"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["2"]}}
    both = {"results": [{"id": "1", "properties": {}}, {"id": "2", "properties": {}}], "errors": [error]}
    server.only(UPDATE, Reply(207, both))
    outcomes = hubspot_at(server.url).write([account(1, seg_tier="x"), account(2, seg_tier="x")])
    assert {o.landed for o in outcomes} == {Landed.WRITTEN}
    assert sends(server) == [["1", "2"], ["2"]]
    assert values(server) == {2: "x"}


def test_errors_that_name_no_record_are_isolated(server: Scripted) -> None:
    def rule(seen: Seen) -> Reply | None:
        if UPDATE not in seen.path:
            return None
        ids = [item["id"] for item in orjson.loads(seen.body)["inputs"]]
        good = [{"id": i, "properties": {}} for i in ids if i != "3"]
        bad = {"category": "VALIDATION_ERROR", "message": "a rule of your admin says no"}
        return Reply(207, {"results": good, "errors": [bad]}) if "3" in ids else None

    server.rule = rule
    outcomes = hubspot_at(server.url).write([account(n, seg_tier="x") for n in range(1, 6)])
    assert {o.record: o.reason for o in outcomes if o.landed is Landed.REFUSED} == {"3": "a rule of your admin says no"}


def test_a_server_that_dies_after_a_send_leaves_the_batch_unsettled_and_stops_the_next(server: Scripted) -> None:
    crm = hubspot_at(server.url, retry_seconds=5)
    crm.write([account(9, seg_tier="x")])

    def rule(seen: Seen) -> Reply | None:
        return Reply(drop=True) if "batch" in seen.path else None

    server.rule = rule
    outcomes = crm.write([account(1, seg_tier="x"), account(2, seg_tier="x")])
    assert {o.landed for o in outcomes} == {Landed.UNSETTLED}
    with pytest.raises(StopRun):
        crm.write([account(3, seg_tier="x")])


def test_a_refused_token_stops_a_write_before_anything_has_a_fate(server: Scripted) -> None:
    crm = hubspot_at(server.url)
    server.only(UPDATE, then=Reply(401, {"message": "no", "category": "INVALID_AUTHENTICATION"}))
    with pytest.raises(AccessRefused):
        crm.write([account(1, seg_tier="x")])
    with pytest.raises(AccessRefused):
        crm.write([account(2, seg_tier="x")])
    assert len(sends(server)) == 1


def test_a_token_refused_half_way_keeps_the_fates_that_are_known_and_is_raised_by_the_check(server: Scripted) -> None:
    crm = hubspot_at(server.url)
    half = Reply(200, {"status": "COMPLETE", "results": [{"id": "1", "properties": {}}]})
    server.only(UPDATE, half, then=Reply(401, {"message": "no", "category": "INVALID_AUTHENTICATION"}))
    crm.check()
    first, second = crm.write([account(1, seg_tier="x"), account(2, seg_tier="x")])
    assert (first.landed, second.landed) == (Landed.WRITTEN, Landed.SKIPPED)
    with pytest.raises(AccessRefused):
        crm.check()


def test_a_record_named_twice_in_a_batch_is_sent_once(server: Scripted) -> None:
    outcomes = hubspot_at(server.url).write([account(1, seg_tier="x"), account(1, seg_money="5")])
    assert [o.landed for o in outcomes] == [Landed.WRITTEN]
    assert sends(server) == [["1"]]
    assert values(server) == {1: "x"}
    assert values(server, "seg_money") == {1: "5"}


def test_a_batch_too_large_or_of_two_kinds_is_a_mistake(server: Scripted) -> None:
    crm = hubspot_at(server.url)
    with pytest.raises(UsageError):
        crm.write([account(n, seg_tier="x") for n in range(101)])
    with pytest.raises(UsageError):
        crm.write([account(1, seg_tier="x"), RecordWrite(Target.DEAL, "1", ())])
    assert crm.write([]) == []
    assert server.seen == []


def test_values_read_back_are_canonical(server: Scripted) -> None:
    server.tiny.rows["companies"][1].properties.update(
        seg_money="12.50", seg_many="b;a", seg_day="1769904000000", seg_flag="true"
    )
    names = ["seg_money", "seg_many", "seg_day", "seg_flag", "seg_tier"]
    found = hubspot_at(server.url).read(Target.ACCOUNT, ["1"], names)
    assert found["1"] == {
        "seg_money": "12.5",
        "seg_many": "a;b",
        "seg_day": "2026-02-01",
        "seg_flag": "true",
        "seg_tier": None,
    }


@pytest.mark.parametrize(
    "body",
    [
        {"results": []},
        {"results": [{"id": "2", "properties": {}}]},
        {"results": [], "errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["2"]}}]},
        {"results": [], "errors": [{"category": "VALIDATION_ERROR", "context": {"ids": ["1"]}}]},
    ],
)
def test_a_read_that_leaves_a_record_out_without_a_word_cannot_be_trusted(
    server: Scripted, body: dict[str, Any]
) -> None:
    server.only("batch/read", Reply(207, body))
    with pytest.raises(BadAnswer, match=r"left out 1 of the records asked for without a word \(1\)"):
        hubspot_at(server.url).read(Target.ACCOUNT, ["1"], ["seg_tier"])


def test_many_records_are_read_side_by_side_and_each_once() -> None:
    tiny = portal(range(1, 1_001))
    ids = [str(number) for number in range(1, 1_011)]
    found = hubspot_of(tiny).read(Target.ACCOUNT, [*ids, *ids], ["seg_tier"])
    assert list(found) == ids
    assert [record for record, values in found.items() if values is None] == ids[1_000:]
    reads = [call for call in tiny.calls if call.path.endswith("batch/read")]
    assert len(reads) == 11
