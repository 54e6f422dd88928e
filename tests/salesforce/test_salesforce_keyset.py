"""Pages by keyset: nothing is skipped, nothing goes in a circle, no locator has to live, whatever moves meanwhile."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connector.crm.salesforce.pulling import keyset, reading
from connector.crm.salesforce.session import queries
from connector.errors import BadAnswer, StopRun
from connector.model.fields import Table
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.salesforce.parts import pulled, salesforce_at
from tests.salesforce.test_salesforce_changes import LOGIN, Org, name, org
from tests.salesforce.test_salesforce_logins import LOGINS, Granting
from tests.salesforce.tiny import V, account, described, organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["org"]
ACCOUNTS = {Table.ACCOUNTS: ("account_id", "name")}
MARK = '{"v":1,"stamps":{"Account":"2026-06-01T05:10:00+00:00","Opportunity":"2026-06-01T05:10:00+00:00"}}'
EVERY = [account(n) for n in range(1, 8)]
LATER = "2026-06-01T06:00:{:02}.000+0000"
"""After the pull began, by the server's clock."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """Seven accounts of one stamp, read three at a time."""
    monkeypatch.setattr(keyset, "PAGE", 3)
    with scripted(organisation()) as script:
        script.date = "Mon, 01 Jun 2026 06:00:00 GMT"
        yield script


def jobs_made(server: Scripted) -> int:
    return len([seen for seen in server.seen if seen.path == f"{V}/jobs/query"])


def changes(server: Scripted, **options: Any) -> list[str | None]:
    """The ids that a pull of changes brings, as they come."""
    rows, _ = pulled(salesforce_at(server.url, **options), since=MARK, columns=ACCOUNTS)
    return rows.get(Table.ACCOUNTS, {}).get("account_id", [])


def asked(server: Scripted) -> list[str]:
    """The queries for the pages of accounts."""
    return [text for text in server.tiny.queries if "Name" in text]


def before_pages(server: Scripted, act: Callable[[int], Reply | None]) -> None:
    """Call `act` before each page of accounts, next pages included, with its number from 1."""
    number = [0]

    def rule(seen: Seen) -> Reply | None:
        if "Name" not in seen.query.get("q", "") and not seen.path.startswith(f"{V}/query/"):
            return None
        number[0] += 1
        return act(number[0])

    server.rule = rule


def touch(server: Scripted, *numbers: int, second: int = 1) -> None:
    """These accounts change, and time goes on."""
    for number in numbers:
        server.tiny.rows["Account"][account(number)] |= {"Name": "touched", "SystemModstamp": LATER.format(second)}
    server.date = f"Mon, 01 Jun 2026 06:00:{second + 1:02} GMT"


def test_each_page_begins_after_the_last_record_of_the_one_before(server: Scripted) -> None:
    assert changes(server) == EVERY
    at, order = "2026-06-01T05:00:00Z", "ORDER BY SystemModstamp, Id LIMIT 3"
    select = "SELECT Id, Name, SystemModstamp FROM Account WHERE SystemModstamp >="
    assert asked(server) == [
        f"{select} {at} {order}",
        f"{select} {at} AND (SystemModstamp > {at} OR Id > '{account(3)}') {order}",
        f"{select} {at} AND (SystemModstamp > {at} OR Id > '{account(6)}') {order}",
    ]


@pytest.mark.parametrize("full", [False, True], ids=["changes", "everything"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_stamps_that_are_alike_over_the_edge_of_a_page_lose_and_double_nothing(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, size: int, *, full: bool
) -> None:
    monkeypatch.setattr(keyset, "PAGE", size)
    monkeypatch.setattr(reading, "BULK_FROM", 25)
    for number, minute in enumerate((1, 0, 2, 1, 1, 2, 1), 1):
        server.tiny.rows["Account"][account(number)]["SystemModstamp"] = f"2026-06-01T05:0{minute}:00.000+0000"
    rows, _ = pulled(salesforce_at(server.url), since=None if full else MARK, columns=ACCOUNTS)
    by_stamp = [2, 1, 4, 5, 7, 3, 6]
    assert rows[Table.ACCOUNTS]["account_id"] == [account(n) for n in (range(1, 8) if full else by_stamp)]
    assert len(asked(server)) == 7 // size + 1


def test_five_thousand_records_of_one_second_are_read_once_each(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "PAGE", 2000)
    for number in range(1, 5001):
        server.tiny.add("Account", account(number), Name="touched by one process")
    assert changes(server) == [account(n) for n in range(1, 5001)]
    assert len(asked(server)) == 3


@pytest.mark.parametrize(("size", "pages", "jobs"), [(3, 2, 1), (3, 3, 0), (7, 1, 0)])
@pytest.mark.parametrize("full", [False, True], ids=["changes", "everything"])
def test_more_pages_than_bulk_is_worth_are_asked_for_in_bulk(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, size: int, pages: int, jobs: int, *, full: bool
) -> None:
    monkeypatch.setattr(keyset, "PAGE", size)
    monkeypatch.setattr(reading, "BULK_FROM", pages)
    rows, _ = pulled(salesforce_at(server.url), since=None if full else MARK, columns=ACCOUNTS)
    assert rows[Table.ACCOUNTS]["account_id"] == EVERY
    assert jobs_made(server) == jobs


@pytest.mark.parametrize(("records", "jobs"), [(25, 0), (26, 1)])
def test_more_than_twenty_five_pages_are_worth_a_job(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, records: int, jobs: int
) -> None:
    monkeypatch.setattr(keyset, "PAGE", 1)
    for number in range(8, records + 1):
        server.tiny.add("Account", account(number), Name="more")
    changes(server)
    assert jobs_made(server) == jobs


@pytest.mark.parametrize(("texts", "size"), [(1, 2000), (2, 200)])
def test_pages_are_small_where_two_long_texts_make_them_so(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, texts: int, size: int
) -> None:
    monkeypatch.setattr(keyset, "PAGE", 2000)
    long = {"type": "textarea", "length": 32_768}
    named = [described(name, **long) for name in ("Industry", "Type")[:texts]]
    server.tiny.fields["Account"] += named
    pulled(salesforce_at(server.url), columns={Table.ACCOUNTS: ("account_id", "name", "industry", "type")})
    assert asked(server)[-1].endswith(f" LIMIT {size}")


def test_the_next_pull_begins_before_this_one_by_the_servers_clock_and_no_other(server: Scripted) -> None:
    _, summary = pulled(salesforce_at(server.url), columns=ACCOUNTS)
    assert orjson.loads(summary.watermark)["stamps"]["Account"] == "2026-06-01T06:00:00+00:00"
    pulled(salesforce_at(server.url), since=summary.watermark, columns=ACCOUNTS)
    assert "SystemModstamp >= 2026-06-01T05:50:00Z ORDER BY" in asked(server)[-1]


def test_an_ordinary_delta_is_a_count_and_one_page(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "PAGE", 2000)
    changes(server)
    assert [text.partition(" FROM ")[0] for text in server.tiny.queries if "IsDeleted" not in text] == [
        "SELECT COUNT()",
        "SELECT Id, Name, SystemModstamp",
    ]


def test_a_record_touched_after_it_was_read_comes_again_as_it_is_now(server: Scripted) -> None:
    before_pages(server, lambda number: touch(server, 1) if number == 2 else None)
    rows, summary = pulled(salesforce_at(server.url), since=MARK, columns=ACCOUNTS)
    found = list(zip(*rows[Table.ACCOUNTS].values(), strict=True))
    assert [record for record, _ in found] == [*EVERY, account(1)]
    assert found[-1] == (account(1), "touched")
    assert summary.rows[Table.ACCOUNTS] == 8


def test_a_record_touched_before_it_was_read_moves_and_is_not_skipped(server: Scripted) -> None:
    before_pages(server, lambda number: touch(server, 4, 5) if number == 2 else None)
    assert changes(server) == [account(n) for n in (1, 2, 3, 6, 7, 4, 5)]


def test_everything_is_read_by_id_so_that_a_record_touched_meanwhile_comes_once(server: Scripted) -> None:
    before_pages(server, lambda number: touch(server, 1, 4) if number == 2 else None)
    rows, _ = pulled(salesforce_at(server.url), columns=ACCOUNTS)
    assert rows[Table.ACCOUNTS]["account_id"] == EVERY
    assert asked(server)[1].endswith(f" WHERE Id > '{account(3)}' ORDER BY Id LIMIT 3")


def test_a_record_deleted_meanwhile_is_no_shortage(server: Scripted) -> None:
    def act(_number: int) -> None:
        server.tiny.rows["Account"].pop(account(5), None)

    before_pages(server, act)
    assert changes(server) == [record for record in EVERY if record != account(5)]


@pytest.mark.parametrize("full", [False, True], ids=["changes", "everything"])
def test_a_record_that_comes_after_the_last_page_makes_no_shortage_of_a_deleted_one(
    server: Scripted, *, full: bool
) -> None:
    counts = [0]

    def rule(seen: Seen) -> Reply | None:
        text = seen.query.get("q", "")
        if "COUNT()" in text and "FROM Account" in text:
            counts[0] += 1
            if counts[0] == 2:
                server.tiny.add("Account", account(8), Name="new", SystemModstamp=LATER.format(9))
        elif f"'{account(3)}'" in text:
            server.tiny.rows["Account"].pop(account(5), None)
        return None

    server.rule = rule
    rows, _ = pulled(salesforce_at(server.url), since=None if full else MARK, columns=ACCOUNTS)
    assert rows[Table.ACCOUNTS]["account_id"] == [record for record in EVERY if record != account(5)]
    assert counts == [2]


@pytest.mark.parametrize("full", [False, True], ids=["changes", "everything"])
def test_an_end_that_comes_too_early_fails_the_pull(server: Scripted, *, full: bool) -> None:
    for number in range(1, 8):
        server.tiny.rows["Account"][account(number)]["SystemModstamp"] = f"2026-06-01T05:00:0{number}.000+0000"
    before_pages(server, lambda number: Reply(200, of()) if number == 2 else None)
    with pytest.raises(BadAnswer, match="3 records arrived and Salesforce counts 7"):
        pulled(salesforce_at(server.url), since=None if full else MARK, columns=ACCOUNTS)


@pytest.mark.parametrize("full", [False, True], ids=["changes", "everything"])
def test_a_record_that_no_page_holds_is_missed_though_another_came_twice(server: Scripted, *, full: bool) -> None:
    def act(number: int) -> Reply | None:
        if number != 2:
            return None
        touch(server, 1)
        rows = [{"Id": account(n), "Name": "x", "SystemModstamp": "2026-06-01T05:00:00.000+0000"} for n in (4, 6, 7)]
        return Reply(200, {"totalSize": 3, "done": True, "records": rows})

    before_pages(server, act)
    with pytest.raises(BadAnswer, match="6 records arrived and Salesforce counts") as caught:
        pulled(salesforce_at(server.url), since=None if full else MARK, columns=ACCOUNTS)
    assert caught.value.hint


def of(*numbers: int, **more: Any) -> dict[str, Any]:
    rows = [{"Id": account(n), "Name": "x", "SystemModstamp": "2026-06-01T05:00:00.000+0000"} for n in numbers]
    return {"totalSize": len(rows), "done": True, "records": rows} | more


def unstamped(told: object) -> dict[str, Any]:
    return of(records=[{"Id": account(1), "Name": "x", "SystemModstamp": told}], totalSize=1)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (of(totalSize=500), "0 records arrived and Salesforce counts 500"),
        (of(4, 5, totalSize=3), "2 records arrived and Salesforce counts 3"),
        (of(totalSize=3, done=False, nextRecordsUrl=f"{V}/query/0r8-2"), "holds none and claims that more follow"),
        (of(), "3 records arrived and Salesforce counts 7"),
        (of(1, 2, 3), "the pages go in a circle"),
        (unstamped("2026-05-01T05:00:00.000+0000"), "do not come in the order of their stamps"),
        (unstamped(None), "without a usable SystemModstamp"),
        (unstamped("soon"), "without a usable SystemModstamp"),
    ],
)
def test_a_second_page_that_cannot_be_trusted_fails_the_pull(
    server: Scripted, reply: dict[str, Any], words: str
) -> None:
    before_pages(server, lambda number: Reply(200, reply) if number > 1 else None)
    with pytest.raises(BadAnswer) as caught:
        changes(server)
    assert words in str(caught.value)
    assert caught.value.hint


def test_a_page_that_salesforce_splits_is_read_to_its_end(server: Scripted) -> None:
    server.tiny.page = 2
    assert changes(server) == EVERY
    assert len(asked(server)) == 3
    assert len([seen for seen in server.seen if seen.path.startswith(f"{V}/query/")]) == 2


@pytest.mark.parametrize("full", [False, True], ids=["changes", "everything"])
def test_an_invalid_locator_on_the_third_page_costs_nothing(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, *, full: bool
) -> None:
    monkeypatch.setattr(keyset, "PAGE", 100)
    server.tiny.page = 2
    refusal = Reply(400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}])
    before_pages(server, lambda number: refusal if number == 3 else None)
    rows, _ = pulled(salesforce_at(server.url), since=None if full else MARK, columns=ACCOUNTS)
    assert rows[Table.ACCOUNTS]["account_id"] == EVERY
    assert f"Id > '{account(4)}'" in asked(server)[1]


def test_locators_that_are_never_good_cost_a_call_a_page_and_no_record(server: Scripted) -> None:
    server.tiny.page = 2
    refusal = Reply(404, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}])
    server.rule = lambda seen: refusal if seen.path.startswith(f"{V}/query/") else None
    assert changes(server) == EVERY


def test_another_refusal_of_a_next_page_ends_the_pull(server: Scripted) -> None:
    server.tiny.page = 2
    refusal = Reply(400, [{"errorCode": "QUERY_TIMEOUT", "message": "Your query request was running for too long."}])
    before_pages(server, lambda number: refusal if number == 2 else None)
    with pytest.raises(StopRun, match="QUERY_TIMEOUT"):
        changes(server)


def test_a_small_question_whose_locator_is_refused_ends_with_one_clear_error(server: Scripted) -> None:
    server.tiny.page = 2
    refusal = Reply(400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}])
    server.rule = lambda seen: refusal if seen.path.endswith("-4") else None
    crm = salesforce_at(server.url)
    with pytest.raises(StopRun, match=r"asking: .*INVALID_QUERY_LOCATOR") as caught:
        list(queries.records(crm._client, ["Id"], "Account", what="asking"))
    assert caught.value.hint


def test_a_small_question_is_answered_with_every_field_or_fails(server: Scripted) -> None:
    told = {"totalSize": 1, "done": True, "records": [{"Id": account(1)}]}
    server.only("/query", Reply(200, told))
    crm = salesforce_at(server.url)
    with pytest.raises(BadAnswer, match="asking: Salesforce's answer leaves Owner, Phone out"):
        list(queries.records(crm._client, ["Id", "Phone", "Owner.Name"], "Account", what="asking"))


def test_a_session_that_expires_on_the_third_page_is_renewed_and_nothing_is_read_twice(server: Scripted) -> None:
    granting = Granting(server)
    proper, number = granting.rule, [0]

    def rule(seen: Seen) -> Reply | None:
        number[0] += "Name" in seen.query.get("q", "")
        if number[0] == 3:
            granting.expired.add("00D!planted-1")
        return proper(seen)

    server.rule = rule
    assert changes(server, login=LOGINS["client_credentials"]) == EVERY
    assert granting.granted == 2


def test_a_stamp_finer_than_a_second_is_told_as_it_is(server: Scripted) -> None:
    for row in server.tiny.rows["Account"].values():
        row["SystemModstamp"] = "2026-06-01T05:00:00.250+0000"
    assert changes(server) == EVERY
    assert "SystemModstamp >= 2026-06-01T05:00:00.250Z" in asked(server)[1]


def restless(server: Scripted, *, gone: str = "") -> None:
    """From the second page on, what was read before is touched again before each page."""

    def act(number: int) -> None:
        server.tiny.rows["Account"].pop(gone if number > 1 else "", None)
        if number > 1:
            touch(server, *range(1, min(3 * number - 2, 7)), second=number)

    before_pages(server, act)


def test_records_that_are_touched_faster_than_they_are_read_do_not_hold_the_pull(server: Scripted) -> None:
    restless(server)
    assert set(changes(server)) == set(EVERY)
    assert len(asked(server)) <= 4


def test_neither_do_they_when_one_that_was_counted_is_gone(server: Scripted) -> None:
    restless(server, gone=account(7))
    assert set(changes(server)) == set(EVERY[:6])
    assert len(asked(server)) <= 6


def test_where_everything_is_touched_before_each_page_the_pull_ends_and_says_that_records_are_missing(
    server: Scripted,
) -> None:
    before_pages(server, lambda number: touch(server, *range(1, 8), second=number) if number > 1 else None)
    with pytest.raises(BadAnswer, match="3 records arrived and Salesforce counts 7"):
        changes(server)


def test_fifty_records_of_one_second_come_once_each_from_pages_of_any_length(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "PAGE", 7)
    _, mark = org.pull()
    org.later()
    at = orjson.loads(mark)["stamps"]["Account"][:19] + ".000+0000"
    for number in range(100, 150):
        new = {"Id": name("001", number), "Name": f"Account {number}", "SystemModstamp": at}
        org.ask("POST", "/_sandbox/records/Account", new)
    for switches in ({"short_pages": False}, {"short_pages": True}):
        org.ask("POST", "/_sandbox/switches", switches)
        rows, _ = pulled(salesforce_at(org.url, login=LOGIN), since=mark, columns=ACCOUNTS)
        found = Counter(told for told in rows[Table.ACCOUNTS]["name"] if told not in {f"Account {n}" for n in range(7)})
        assert found == Counter({f"Account {number}": 1 for number in range(100, 150)})
