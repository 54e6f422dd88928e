"""Pulling changes: whatever people do meanwhile, the mirror ends up as the CRM is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.crm.hubspot.pulling import changes, objects, watermark
from connector.errors import BadAnswer, UsageError
from connector.model.changes import Target
from connector.model.fields import Table
from tests.hubspot.parts import COLUMNS, FakeClock, Tables, hubspot_of, pulled
from tests.hubspot.tiny import START, Tiny

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.transport import Call

ACCOUNTS_ONLY = {Table.ACCOUNTS: ("account_id", "name")}


class Mirror:
    """What a mirror does with pages: upsert by id, replace the links of a record, remove what is gone."""

    def __init__(self) -> None:
        self.names: dict[str, str | None] = {}
        self.links: dict[str, list[tuple[str, str]]] = {}

    def take(self, rows: Tables, *, full: bool) -> None:
        if full:
            self.names, self.links = {}, {}
        accounts = rows.get(Table.ACCOUNTS, {})
        self.names.update(zip(map(str, accounts.get("account_id", [])), accounts.get("name", []), strict=True))
        linked = rows.get(Table.DEAL_ACCOUNTS, {})
        for source in linked.get("from_id", []):
            self.links[str(source)] = []
        for source, target, primary in zip(*linked.values(), strict=True) if linked else ():
            if target is not None:
                self.links[str(source)].append((target, str(primary)))
        for gone in rows.get(Table.GONE, {}).get("id", []):
            self.names.pop(str(gone), None)


def act(tiny: Tiny, kind: str, which: int, name: str) -> None:
    """One thing a person does, on whatever record the number leads to."""
    alive = [n for n, row in sorted(tiny.rows["companies"].items()) if row.archived_at is None]
    highest = max([*tiny.rows["companies"], *tiny.merged["companies"], 0])
    if kind == "add" or not alive:
        tiny.add("companies", highest + 1, name=name)
    elif kind == "touch":
        tiny.touch("companies", alive[which % len(alive)], name=name)
    elif kind == "archive":
        tiny.archive("companies", alive[which % len(alive)])
    elif kind == "merge" and len(alive) > 1:
        first = alive[which % len(alive)]
        tiny.merge("companies", first, next(n for n in alive if n != first), highest + 1)


def actions(*kinds: str) -> st.SearchStrategy[list[tuple[str, int, str]]]:
    return st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 50), st.sampled_from("abc")), max_size=6)


def in_the_middle(tiny: Tiny, doings: dict[int, list[tuple[str, int, str]]]) -> Callable[[Call], None]:
    """Do these things before the n-th call from now."""
    counter = iter(range(100_000))

    def before(_: Call) -> None:
        for doing in doings.get(next(counter), ()):
            act(tiny, *doing)

    return before


BETWEEN = actions("add", "touch", "archive", "merge")
MEANWHILE = st.dictionaries(st.integers(0, 12), actions("add", "touch", "archive"), max_size=3)


@given(
    modified=st.lists(st.integers(0, 3), max_size=25),
    rounds=st.lists(st.tuples(BETWEEN, MEANWHILE, st.integers(0, 400_000)), max_size=3),
    first=MEANWHILE,
    lag=st.sampled_from([0, 500, 60_000, 290_000]),
)
@settings(deadline=None, max_examples=150)
def test_full_pull_and_changes_end_in_what_the_crm_holds(
    modified: list[int],
    rounds: list[tuple[list[tuple[str, int, str]], dict[int, list[tuple[str, int, str]]], int]],
    first: dict[int, list[tuple[str, int, str]]],
    lag: int,
) -> None:
    tiny = Tiny(page=3, lag=lag)
    for number, at in enumerate(modified, 1):
        tiny.add("companies", number, modified=START - 1_000_000 + at, name="first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "SEARCH_LIMIT", 4)
        patch.setattr(objects, "BATCH", 3)
        crm, mirror = hubspot_of(tiny), Mirror()
        tiny.before = in_the_middle(tiny, first)
        rows, summary = pulled(crm, columns=ACCOUNTS_ONLY)
        mirror.take(rows, full=True)
        for between, meanwhile, gap in [*rounds, ([], {}, lag)]:
            tiny.clock += gap
            for doing in between:
                act(tiny, *doing)
            tiny.before = in_the_middle(tiny, meanwhile)
            tiny.clock += lag if not meanwhile else 0
            rows, summary = pulled(crm, columns=ACCOUNTS_ONLY, since=summary.watermark)
            mirror.take(rows, full=False)
    alive = {str(n): row.properties["name"] for n, row in tiny.rows["companies"].items() if row.archived_at is None}
    assert mirror.names == alive


def test_what_we_wrote_is_read_by_id_while_the_index_does_not_show_it() -> None:
    tiny = Tiny(lag=10_000)
    tiny.add("companies", 3, modified=START - 1_000_000, name="newest")
    for number in (1, 2):
        tiny.add("companies", number, modified=START - 2_000_000, name="before")
    crm = hubspot_of(tiny)
    _, summary = pulled(crm, columns=ACCOUNTS_ONLY)
    for number in (1, 2):
        tiny.rows["companies"][number].properties["name"] = "written"
    tiny.archive("companies", 2)
    wrote = {Target.ACCOUNT: frozenset({"1", "2"})}
    rows, _ = pulled(crm, columns=ACCOUNTS_ONLY, since=summary.watermark, wrote=wrote)
    assert rows[Table.ACCOUNTS] == {"account_id": ["3", "1"], "name": ["newest", "written"]}
    assert rows[Table.GONE]["id"] == ["2"]


def test_what_we_wrote_is_read_once_when_the_index_shows_it() -> None:
    tiny = Tiny()
    tiny.add("companies", 1, name="before")
    crm = hubspot_of(tiny)
    _, summary = pulled(crm, columns=ACCOUNTS_ONLY)
    tiny.touch("companies", 1, name="written")
    wrote = {Target.ACCOUNT: frozenset({"1"})}
    rows, _ = pulled(crm, columns=ACCOUNTS_ONLY, since=summary.watermark, wrote=wrote)
    assert rows[Table.ACCOUNTS] == {"account_id": ["1"], "name": ["written"]}


def searches(tiny: Tiny) -> list[Call]:
    return [call for call in tiny.calls if call.path.endswith("companies/search")]


def test_25_000_changes_of_one_moment_are_found_once_each() -> None:
    tiny = Tiny(tick=1)
    for number in range(1, 25_001):
        tiny.add("companies", number)
    crm = hubspot_of(tiny)
    found = objects.Objects(crm._client, crm._paths, "companies")
    ids = [record for page in found.changed(objects.BEGINNING) for record in page]
    assert ids == [str(n) for n in range(1, 25_001)]
    assert len(searches(tiny)) == 125


def test_the_search_never_asks_for_an_offset() -> None:
    tiny = Tiny(tick=1)
    for number in range(1, 1_001):
        tiny.add("companies", number, modified=START + number % 7)
    pulled(hubspot_of(tiny), columns=ACCOUNTS_ONLY)
    crm = hubspot_of(tiny)
    found = objects.Objects(crm._client, crm._paths, "companies")
    assert sum(len(page) for page in found.changed(objects.BEGINNING)) == 1_000
    assert all("after" not in (call.body or {}) for call in searches(tiny))


def test_a_search_that_repeats_itself_stops_the_pull() -> None:
    tiny = Tiny()
    for number in range(1, 5):
        tiny.add("companies", number)

    def forgetful(method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        filters = [f for f in body["filterGroups"][0]["filters"] if f["propertyName"] != "hs_object_id"]
        return tiny.answer(method, path, {}, body | {"filterGroups": [{"filters": filters}], "limit": 2})

    tiny.instead = forgetful
    crm = hubspot_of(tiny)
    with pytest.raises(BadAnswer, match="record 1 comes twice"):
        list(objects.Objects(crm._client, crm._paths, "companies").changed(objects.BEGINNING))


def test_changes_that_are_counted_and_not_shown_stop_the_pull() -> None:
    tiny = Tiny()
    for number in range(1, 5):
        tiny.add("companies", number)
    crm = hubspot_of(tiny)
    _, summary = pulled(crm, columns=ACCOUNTS_ONLY)

    def blind(_method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        searching = path.endswith("search") and body["sorts"][0]["direction"] == "ASCENDING"
        return (200, {"total": 0, "results": []}) if searching else None

    tiny.instead = blind
    with pytest.raises(BadAnswer, match="0 records arrived and HubSpot counts 4"):
        pulled(crm, columns=ACCOUNTS_ONLY, since=summary.watermark)


def test_a_search_that_counts_more_and_shows_none_stops_the_pull() -> None:
    tiny = Tiny()
    tiny.instead = lambda *_: (200, {"total": 5, "results": []})
    crm = hubspot_of(tiny)
    with pytest.raises(BadAnswer, match="counts 5 more records and shows none"):
        list(objects.Objects(crm._client, crm._paths, "companies").changed(objects.BEGINNING))


def test_a_search_index_that_contradicts_itself_for_a_moment_is_asked_again() -> None:
    tiny, clock = Tiny(), FakeClock()
    tiny.add("companies", 1)
    answers: list[dict[str, Any] | None] = [None, {"total": 2, "results": []}]
    tiny.instead = lambda *_: (200, body) if answers and (body := answers.pop()) else None
    crm = hubspot_of(tiny, clock)
    assert list(objects.Objects(crm._client, crm._paths, "companies").changed(objects.BEGINNING)) == [["1"]]
    assert clock.at >= objects.ASK_AGAIN_AFTER[0]


def test_a_search_whose_total_is_too_low_is_read_as_long_as_another_page_follows() -> None:
    tiny = Tiny()
    for number in range(1, 6):
        tiny.add("companies", number)

    def short(method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        status, document = tiny.answer(method, path, {}, body)
        shown, rest = document["results"][:2], document["results"][2:]
        return status, {"total": len(shown), "results": shown} | ({"paging": {"next": {"after": "2"}}} if rest else {})

    tiny.instead = short
    crm = hubspot_of(tiny)
    pages = objects.Objects(crm._client, crm._paths, "companies").changed(objects.BEGINNING)
    assert [number for page in pages for number in page] == ["1", "2", "3", "4", "5"]


def portal_with_deals() -> Tiny:
    tiny = Tiny(tick=1)
    for number in (1, 2, 3):
        tiny.add("companies", number)
    for number in (11, 12, 13):
        tiny.add("deals", number, dealname=f"deal {number}")
    tiny.links["deals", "companies"] = {11: [(1, True)], 12: [(2, True)], 13: [(3, True), (1, False)]}
    tiny.links["companies", "deals"] = {1: [(11, True), (13, False)], 2: [(12, True)], 3: [(13, True)]}
    return tiny


def relink(tiny: Tiny) -> None:
    tiny.links["deals", "companies"] = {11: [(2, True)], 12: [], 13: [(3, True)]}
    tiny.links["companies", "deals"] = {2: [(11, True)], 3: [(13, True)]}


def pull_twice(tiny: Tiny, change: Callable[[], None], *, hours: float = 1) -> tuple[Mirror, Tables]:
    clock = FakeClock()
    crm, mirror = hubspot_of(tiny, clock), Mirror()
    rows, summary = pulled(crm, columns=COLUMNS)
    mirror.take(rows, full=True)
    tiny.clock += 3_600_000
    tiny.touch("companies", 3)  # the newest change the index knows moves on
    tiny.touch("deals", 13)
    rows, summary = pulled(crm, columns=COLUMNS, since=summary.watermark)
    mirror.take(rows, full=False)
    tiny.clock += 3_600_000
    clock.at += hours * 3600
    change()
    rows, _ = pulled(crm, columns=COLUMNS, since=summary.watermark)
    mirror.take(rows, full=False)
    return mirror, rows


def test_pages_shorter_than_asked_for_lose_no_link_and_make_no_call_too_long() -> None:
    tiny = Tiny(page=73)
    tiny.add("companies", 1)
    for number in range(2, 1_302):
        tiny.add("deals", number)
    tiny.links["deals", "companies"] = {number: [(1, True)] for number in range(2, 1_302)}
    rows, summary = pulled(hubspot_of(tiny), columns=COLUMNS)
    assert summary.rows[Table.DEAL_ACCOUNTS] == len(set(rows[Table.DEAL_ACCOUNTS]["from_id"])) == 1_300
    bodies: list[Any] = [call.body for call in tiny.calls if "/associations/" in call.path]
    assert [len(body["inputs"]) for body in bodies] == [1_000, 300]


def test_a_moment_reads_the_same_with_and_without_its_milliseconds() -> None:
    told = []
    asked = {Table.ACCOUNTS: ("account_id",), Table.DEALS: ("deal_id", "created_at", "close_date")}
    for text in ("2026-05-01T08:00:00Z", "2026-05-01T08:00:00.000Z", "1777622400000"):
        tiny = Tiny(definitions={"deals": [{"name": n, "type": "datetime"} for n in ("createdate", "closedate")]})
        tiny.add("deals", 1, createdate=text, closedate=text)
        rows, _ = pulled(hubspot_of(tiny), columns=asked)
        told.append(rows[Table.DEALS])
    assert told[0]["created_at"] == ["2026-05-01T08:00:00.000Z"]
    assert told[0] == told[1] == told[2]


def test_links_of_changed_deals_are_replaced_the_removed_ones_too() -> None:
    tiny = portal_with_deals()

    def change() -> None:
        relink(tiny)
        tiny.touch("deals", 11)
        tiny.touch("deals", 12)

    mirror, rows = pull_twice(tiny, change)
    assert mirror.links == {"11": [("2", "true")], "12": [], "13": [("3", "true")]}
    assert (None, "12") in list(
        zip(rows[Table.DEAL_ACCOUNTS]["account_id"], rows[Table.DEAL_ACCOUNTS]["from_id"], strict=True)
    )


def test_links_of_changed_companies_are_read_again_from_their_deals() -> None:
    tiny = portal_with_deals()

    def change() -> None:
        relink(tiny)
        tiny.touch("companies", 2)

    mirror, rows = pull_twice(tiny, change)
    assert mirror.links["11"] == [("2", "true")]
    assert sorted(map(str, rows[Table.ACCOUNTS]["account_id"])) == ["2", "3"]


def test_all_links_are_read_again_once_a_day_though_no_record_changed() -> None:
    tiny = portal_with_deals()
    mirror, _ = pull_twice(tiny, lambda: relink(tiny), hours=1)
    assert mirror.links["12"] == [("2", "true")]
    tiny = portal_with_deals()
    mirror, _ = pull_twice(tiny, lambda: relink(tiny), hours=25)
    assert mirror.links == {"11": [("2", "true")], "12": [], "13": [("3", "true")]}
    assert timedelta(hours=24) == changes.LINKS_REFRESH


def test_a_deleted_and_a_merged_record_are_told_as_gone() -> None:
    tiny = portal_with_deals()

    def change() -> None:
        tiny.archive("deals", 12)
        tiny.merge("companies", 1, 2, 4)

    _, rows = pull_twice(tiny, change)
    assert rows[Table.GONE] == {"table": ["accounts", "accounts", "deals"], "id": ["1", "2", "12"]}
    assert "4" in rows[Table.ACCOUNTS]["account_id"]


def test_a_merge_that_keeps_one_of_its_ids_leaves_that_one_alive() -> None:
    tiny = portal_with_deals()

    def change() -> None:
        del tiny.rows["companies"][2]
        tiny.merged["companies"] = {2: 1}
        tiny.touch("companies", 1, hs_merged_object_ids="1;2")

    _, rows = pull_twice(tiny, change)
    assert rows[Table.GONE] == {"table": ["accounts"], "id": ["2"]}
    assert "1" in rows[Table.ACCOUNTS]["account_id"]


def test_the_watermark_does_not_depend_on_our_clock() -> None:
    tiny = portal_with_deals()
    early, late = FakeClock(), FakeClock(at=10**9)
    first = watermark.parse(pulled(hubspot_of(tiny, early))[1].watermark)
    second = watermark.parse(pulled(hubspot_of(tiny, late))[1].watermark)
    assert first.newest == second.newest


@pytest.mark.parametrize("text", ["", "2026-01-01", "{}", '{"v":1,"newest":[]}', '{"newest":{"a":5},"links_at":null}'])
def test_a_foreign_watermark_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(UsageError) as error:
        pulled(hubspot_of(portal_with_deals()), since=text)
    assert "--full" in error.value.hint
