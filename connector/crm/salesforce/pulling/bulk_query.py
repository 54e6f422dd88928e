"""Reading by Bulk API 2.0: one job, its CSV in pages that can be read again, every page counted.

Source: Salesforce's Bulk API 2.0 pages: the last page's `Sforce-Locator` is the text `null`, every page repeats the
header, nulls and empty texts are both `""`, ORDER BY makes jobs slow.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import csv

from connector.crm.salesforce.pulling.columns import result_name
from connector.crm.salesforce.session import checks
from connector.crm.salesforce.session.client import Forbidden, Refused
from connector.crm.transport import Call
from connector.errors import ComeBackLater, StopRun
from connector.model.ahead import ahead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.crm.salesforce.session.client import Client
    from connector.crm.transport import Answer

ROWS = 20_000
"""Rows of one page; memory stays flat in the number of pages."""
_PATIENCE = 4 * 3600.0
"""Seconds a job may take; then it is given up, and aborted."""
_FIRST_LOOK, _LONGEST_WAIT = 0.05, 15.0
"""Seconds. Each wait is twice the last: a job is noticed within about twice its time, and at most 15 late."""
_OVER_REST = "nothing has to be done: the same pull reads it over REST"


class NotInBulk(StopRun):
    """Salesforce does not do this query in bulk; it can still be asked over REST."""

    code = "NOT_IN_BULK"


def pages(client: Client, query: str, what: str, *, expressions: Sequence[str]) -> Iterator[Any]:
    """Arrow tables of text columns by expression; NotInBulk before the first, BadAnswer when rows are missing."""
    job = _create(client, query, what)
    path = client.path(f"jobs/query/{job}")
    try:
        expected = _finished(client, job, what)
        yield from ahead(_results(client, job, what, expressions, expected))
    except ComeBackLater:
        with suppress(StopRun):
            client.call(Call("PATCH", path, "giving a job up", body={"state": "Aborted"}))
        raise
    finally:
        with suppress(StopRun):  # Salesforce forgets it after a week anyway
            client.call(Call("DELETE", path, "removing a query job"))


def _create(client: Client, query: str, what: str) -> str:
    body = {
        "operation": "query",
        "query": query,
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    try:
        job = client.post(client.path("jobs/query"), what, body)
    except (Refused, Forbidden) as error:
        raise NotInBulk(str(error), hint=_OVER_REST) from None
    return job_id(job, what)


def job_id(job: Mapping[str, Any], what: str) -> str:
    """The id of a job just made."""
    found = job.get("id")
    if not isinstance(found, str) or not found.isalnum():
        raise checks.bad(what, "Salesforce's answer holds no job id")
    return found


def looks() -> Iterator[float]:
    """How long to wait before each look at a job, until patience ends."""
    wait, waited = _FIRST_LOOK, 0.0
    while waited < _PATIENCE:
        yield wait
        waited += wait
        wait = min(2 * wait, _LONGEST_WAIT)


def _finished(client: Client, job: str, what: str) -> int | None:
    """Wait for the job; the number of rows it made, where it tells."""
    for wait in looks():
        client.transport.brake.pause(wait)
        told = client.get(client.path(f"jobs/query/{job}"), what)
        state = told.get("state")
        if state == "JobComplete":
            made = told.get("numberRecordsProcessed")
            return made if isinstance(made, int) else None
        if state in ("Failed", "Aborted"):
            words = client.scrub(str(told.get("errorMessage") or ""))
            raise NotInBulk(f"{what}: the job ended as {state}: {words}", hint=_OVER_REST)
    raise ComeBackLater(f"{what}: the bulk job did not end in {_PATIENCE / 3600:g} hours", hint="run again later")


def _results(client: Client, job: str, what: str, expressions: Sequence[str], expected: int | None) -> Iterator[Any]:
    arrived, seen = 0, set[str]()
    locator: str | None = ""
    while locator is not None:
        query = (("maxRecords", str(ROWS)), *((("locator", locator),) if locator else ()))
        call = Call("GET", client.path(f"jobs/query/{job}/results"), what, query=query)
        table, answer = client.readable(call, lambda answer: _table(answer, expressions, what))
        arrived += table.num_rows
        locator = _next(answer, seen, what)
        if locator is not None and not table.num_rows:
            raise checks.bad(what, "a page holds no rows and claims that more follow")
        if locator is None and expected is not None and arrived != expected:
            raise checks.bad(what, f"{arrived:,} rows arrived and the job made {expected:,}: it is incomplete")
        yield table


def _next(answer: Answer, seen: set[str], what: str) -> str | None:
    locator = answer.headers.get("Sforce-Locator")
    if locator is None:
        raise checks.bad(what, "the page does not say whether more follow")
    if locator == "null" or not locator:
        return None
    if locator in seen:
        raise checks.bad(what, "the pages go in a circle")
    seen.add(locator)
    return locator


def _table(answer: Answer, expressions: Sequence[str], what: str) -> Any:
    """One page as text columns; its rows must be as many as the header says."""
    try:
        table = csv.read_csv(
            pa.py_buffer(answer.body),
            read_options=csv.ReadOptions(use_threads=False, block_size=len(answer.body) + 1),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types={result_name(name): pa.string() for name in expressions},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise checks.bad(what, f"the page is no CSV that can be read ({type(error).__name__})") from None
    spelt = {name.lower(): name for name in table.column_names}
    wanted = [spelt.get(result_name(name).lower()) for name in expressions]
    if None in wanted:
        raise checks.bad(what, f"the page lacks columns: {', '.join(sorted(spelt))}")
    told = answer.headers.get("Sforce-NumberOfRecords") or ""
    if told.isdecimal() and int(told) != table.num_rows:
        raise checks.bad(what, f"{table.num_rows:,} rows arrived and the page counts {int(told):,}")
    return table.select(wanted).rename_columns(list(expressions))
