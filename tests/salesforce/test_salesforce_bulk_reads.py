"""Reading in bulk: a job that ended and a page that arrived prove nothing; what they hold is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.crm.salesforce.pulling import bulk_query, reading
from connector.crm.salesforce.pulling.bulk_query import NotInBulk
from connector.errors import BadAnswer, StopRun
from connector.model.fields import Table
from connector.ports import PullRequest
from tests.acceptance.commands import wait_until
from tests.hubspot.parts import FakeClock
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.salesforce.parts import COLUMNS, pulled, salesforce_at
from tests.salesforce.tiny import V, account, organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.ports import Page

JOB = "7506g00000DhRA2AAN"
ACCOUNTS = {Table.ACCOUNTS: COLUMNS[Table.ACCOUNTS]}
EVERY = range(1, 8)
CUT = Reply(200, b'"Id","Name","AnnualRevenue"\n"1"\n', {"Sforce-Locator": "null"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr(reading, "BULK_FROM", 0)
    with scripted(organisation()) as script:
        yield script


def page(*numbers: int, locator: str | None = "null", count: int | None = None, head: str = "") -> Reply:
    """One page of results; without a locator its header is left out."""
    lines = [head or '"Id","Name","AnnualRevenue"', *(f'"{account(n)}","Zoë, ""{n}""\nBV","1.0E3"' for n in numbers)]
    told = {"Sforce-NumberOfRecords": str(len(numbers) if count is None else count), "Content-Type": "text/csv"}
    headers = told if locator is None else told | {"Sforce-Locator": locator}
    return Reply(200, ("\n".join(lines) + "\n").encode(), headers)


def job(server: Scripted, *pages: Reply, **told: Any) -> None:
    """A job that is done at the first look, with these pages."""
    left = list(pages)
    info = {"id": JOB, "state": "JobComplete", "numberRecordsProcessed": 7} | told

    def rule(seen: Seen) -> Reply | None:
        if not seen.path.startswith(f"{V}/jobs/query"):
            return None
        return left.pop(0) if seen.path.endswith("/results") else Reply(200, info)

    server.rule = rule


def test_pages_are_put_together_and_the_job_is_removed(server: Scripted) -> None:
    job(server, page(1, 2, 3, locator="MTAw"), page(4, 5, 6, 7))
    rows, summary = pulled(salesforce_at(server.url), columns=ACCOUNTS)
    assert rows[Table.ACCOUNTS]["account_id"] == [account(n) for n in EVERY]
    assert rows[Table.ACCOUNTS]["name"][6] == 'Zoë, "7"\nBV'
    assert rows[Table.ACCOUNTS]["own_turnover"] == ["1000"] * 7
    assert (summary.rows[Table.ACCOUNTS], summary.warnings) == (7, ())
    assert [seen.query.get("locator") for seen in server.seen if seen.path.endswith("/results")] == [None, "MTAw"]
    assert [seen.path for seen in server.seen if seen.method == "DELETE"] == [f"{V}/jobs/query/{JOB}"]


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([page(*EVERY, count=8)] * 3, "7 rows arrived and the page counts 8"),
        ([page(1, 2, 3, 4, 5, 6)], "6 rows arrived and the job made 7"),
        ([page(1, 2, 3, locator="MTAw"), page(4, 5, 6)], "6 rows arrived and the job made 7"),
        ([page(locator="MTAw", count=0)], "holds no rows and claims that more follow"),
        ([page(1, locator="MTAw"), page(2, locator="MTAw"), page(3)], "go in a circle"),
        ([page(*EVERY, locator=None)], "does not say whether more follow"),
        ([page(head='"Id","Name"')] * 3, "lacks columns"),
        ([CUT] * 3, "no CSV that can be read"),
    ],
)
def test_a_page_of_a_job_that_cannot_be_trusted_fails_the_pull(
    server: Scripted, pages: list[Reply], words: str
) -> None:
    job(server, *pages)
    with pytest.raises(BadAnswer, match=words):
        pulled(salesforce_at(server.url), columns=ACCOUNTS)


@pytest.mark.parametrize("spoilt", [CUT, page(*EVERY, count=8), Reply(200, b""), Reply(200, b"<html>busy</html>")])
def test_a_page_of_a_job_that_cannot_be_read_is_fetched_again(server: Scripted, spoilt: Reply) -> None:
    job(server, page(1, 2, 3, locator="MTAw"), spoilt, page(4, 5, 6, 7))
    rows, _ = pulled(salesforce_at(server.url), columns=ACCOUNTS)
    assert rows[Table.ACCOUNTS]["account_id"] == [account(n) for n in EVERY]
    asked = [seen.query.get("locator") for seen in server.seen if seen.path.endswith("/results")]
    assert asked == [None, "MTAw", "MTAw"]


def test_a_job_that_made_fewer_rows_than_there_are_fails_the_pull(server: Scripted) -> None:
    job(server, page(1, 2, 3, 4, 5, 6), numberRecordsProcessed=6)
    with pytest.raises(BadAnswer, match="6 records arrived and Salesforce counts 7"):
        pulled(salesforce_at(server.url), columns=ACCOUNTS)


def test_a_record_that_comes_while_a_job_runs_makes_no_shortage_of_a_deleted_one(server: Scripted) -> None:
    server.date = "Mon, 01 Jun 2026 06:00:00 GMT"
    job(server, page(1, 2, 3, 4, 6, 7), numberRecordsProcessed=6)
    answered = server.rule

    def rule(seen: Seen) -> Reply | None:
        if seen.method == "POST" and seen.path.endswith("/jobs/query"):
            server.date = "Mon, 01 Jun 2026 06:00:09 GMT"
            server.tiny.rows["Account"].pop(account(5))
            server.tiny.add("Account", account(8), Name="new", SystemModstamp="2026-06-01T06:00:05.000+0000")
        return answered(seen)

    server.rule = rule
    rows, _ = pulled(salesforce_at(server.url), columns=ACCOUNTS)
    assert rows[Table.ACCOUNTS]["account_id"] == [account(n) for n in EVERY if n != 5]


def test_an_invalid_locator_of_a_job_on_the_third_page_fails_the_pull(server: Scripted) -> None:
    refusal = Reply(400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}])
    job(server, page(1, 2, locator="MQ"), page(3, 4, locator="Mg"), refusal)
    with pytest.raises(StopRun, match="INVALID_QUERY_LOCATOR"):
        pulled(salesforce_at(server.url), columns=ACCOUNTS)


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_job_that_did_not_end_well_is_read_over_rest_and_said(server: Scripted, state: str) -> None:
    job(server, state=state, errorMessage="Timeout : retries exhausted")
    rows, summary = pulled(salesforce_at(server.url), columns=ACCOUNTS)
    assert rows[Table.ACCOUNTS]["account_id"] == [account(n) for n in EVERY]
    (told,) = summary.warnings
    assert (told.code, "retries exhausted" in told.message) == ("NOT_IN_BULK", True)


@pytest.mark.parametrize("state", ["Failed", "Aborted", "refused"])
def test_who_is_told_that_a_query_is_not_done_in_bulk_need_not_do_anything(server: Scripted, state: str) -> None:
    if state == "refused":
        server.rule = lambda _: Reply(400, [{"errorCode": "FEATURENOTENABLED", "message": "no bulk"}])
    else:
        job(server, state=state, errorMessage="Timeout")
    client = salesforce_at(server.url)._client
    with pytest.raises(NotInBulk) as caught:
        list(bulk_query.pages(client, "SELECT Id FROM Account", "reading", expressions=["Id"]))
    assert caught.value.hint == "nothing has to be done: the same pull reads it over REST"


def test_the_next_page_is_fetched_while_the_last_is_worked_on(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_SLICE", 1)  # the first page alone is more than waits between the threads
    job(server, page(1, 2, 3, 4, 5, 6, locator="MTAw"), page(7))
    asked: list[int] = []

    def deliver(_page: Page) -> None:
        if not asked:
            wait_until(lambda: sum(seen.path.endswith("/results") for seen in server.seen) > 1, seconds=5)
        asked.append(1)

    salesforce_at(server.url).pull(PullRequest(columns=ACCOUNTS), deliver, lambda *_: None)
    assert len(asked) == len(EVERY)


def test_a_job_is_looked_at_soon_then_at_twice_the_time(server: Scripted) -> None:
    states, looked = iter(["UploadComplete", *["InProgress"] * 9, "JobComplete"]), []
    clock = FakeClock()
    job(server, page(*EVERY))
    answered = server.rule

    def rule(seen: Seen) -> Reply | None:
        if seen.method == "GET" and seen.path == f"{V}/jobs/query/{JOB}":
            looked.append(clock.ticks())
            return Reply(200, {"id": JOB, "state": next(states), "numberRecordsProcessed": 7})
        return answered(seen)

    server.rule = rule
    pulled(salesforce_at(server.url, clock), columns=ACCOUNTS)
    assert [round(at, 2) for at in looked] == [
        *(0.05, 0.15, 0.35, 0.75, 1.55, 3.15, 6.35, 12.75, 25.55, 40.55, 55.55),
    ]
