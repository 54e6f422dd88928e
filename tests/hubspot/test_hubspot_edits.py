"""Who changed a record: told by the history of its values, and a person's where nothing tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connector.errors import BadAnswer
from connector.model.changes import Target
from tests.hubspot.parts import hubspot_at
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.hubspot.tiny import Tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

SINCE = datetime(2026, 4, 2, 12, 0, tzinfo=UTC)
BEFORE, AFTER, LAST = (f"2026-04-02T{hour}:00:00.000Z" for hour in ("11", "12", "13"))


def version(at: str, source: str) -> dict[str, str]:
    return {"value": "x", "timestamp": at, "sourceType": source}


class History:
    """What the server tells of record 1; record 2 was changed before anybody asks."""

    def __init__(self, history: object) -> None:
        self.history = history
        self.asked: list[dict[str, Any]] = []

    def __call__(self, seen: Seen) -> Reply | None:
        if not seen.path.endswith("/batch/read"):
            return None
        body = orjson.loads(seen.body)
        self.asked.append(body)
        stamps = {"1": LAST, "2": BEFORE}
        ids = [item["id"] for item in body["inputs"]]
        rows = [{"id": name, "properties": {"hs_lastmodifieddate": stamps[name]}} for name in ids]
        if body["propertiesWithHistory"]:
            rows = [row | {"propertiesWithHistory": self.history} for row in rows]
        return Reply(body={"results": rows})


@pytest.fixture
def server() -> Iterator[Scripted]:
    tiny = Tiny()
    fixed = {"name": "num_notes", "type": "number", "modificationMetadata": {"readOnlyValue": True}}
    tiny.definitions = {"companies": [{"name": "name", "type": "string"}, fixed]}
    with scripted(tiny) as script:
        yield script


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ({"name": [version(AFTER, "CRM_UI")]}, AFTER),
        ({"name": [version(LAST, "MOBILE_IOS"), version(AFTER, "CRM_UI")]}, LAST),
        ({"name": [version(LAST, "INTEGRATION"), version(AFTER, "CRM_UI")]}, AFTER),  # under our own write
        ({"name": [version(LAST, "INTEGRATION"), version(BEFORE, "CRM_UI")]}, None),
        ({"name": [version(LAST, "AUTOMATION_PLATFORM")]}, None),
        ({"name": [version(LAST, "SOMETHING_NEW")]}, LAST),
        ({"name": [{"value": "x", "timestamp": LAST}]}, LAST),
        ({}, None),
        (None, LAST),
    ],
)
def test_a_person_is_told_from_a_program_by_the_history_of_the_values(
    server: Scripted, history: object, told: str | None
) -> None:
    server.rule = script = History(history)
    found = hubspot_at(server.url).edited(Target.ACCOUNT, ["1", "2"], since=SINCE)
    assert found == ({} if told is None else {"1": datetime.fromisoformat(told)})
    assert script.asked[1]["inputs"] == [{"id": "1"}]
    assert script.asked[1]["propertiesWithHistory"] == ["name"]


def test_a_history_that_cannot_be_read_stops_the_run(server: Scripted) -> None:
    server.rule = History({"name": [version("yesterday", "CRM_UI")]})
    with pytest.raises(BadAnswer, match="a date that cannot be read"):
        hubspot_at(server.url).edited(Target.ACCOUNT, ["1"], since=SINCE)


def test_histories_are_asked_fifty_at_a_time_and_only_of_what_changed(server: Scripted) -> None:
    asked: list[tuple[int, bool]] = []

    def rule(seen: Seen) -> Reply | None:
        if not seen.path.endswith("/batch/read"):
            return None
        body = orjson.loads(seen.body)
        asked.append((len(body["inputs"]), bool(body["propertiesWithHistory"])))
        rows = [{"id": item["id"], "properties": {"hs_lastmodifieddate": LAST}} for item in body["inputs"]]
        return Reply(body={"results": rows})

    server.rule = rule
    records = [str(number) for number in range(1, 121)]
    assert hubspot_at(server.url).edited(Target.ACCOUNT, records, since=SINCE - timedelta(days=1)).keys() == {*records}
    assert asked == [(100, False), (20, False), (50, True), (50, True), (20, True)]
