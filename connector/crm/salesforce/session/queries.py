"""Reading by query: pages over REST, whose rows are counted against totalSize, and small questions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.crm.salesforce import soql
from connector.crm.salesforce.session import checks
from connector.crm.transport import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from connector.crm.salesforce.session.checks import Record
    from connector.crm.salesforce.session.client import Client


class Rows(Struct, frozen=True):
    """One page: its records, and the bytes they came in, to read numbers again that a double cannot hold."""

    records: list[Record]
    body: bytes

    def exact(self) -> list[Record]:
        """The same records, every number with a point as the text it was."""
        return list(json.loads(self.body, parse_float=str)["records"])


def pages(client: Client, query: str, what: str, *, deleted: bool = False) -> Iterator[Rows]:
    """Every page of a query, with what lies in the recycle bin when `deleted`; BadAnswer when rows are missing."""
    call = Call("GET", client.path("queryAll" if deleted else "query"), what, query=(("q", query),))
    seen: set[str] = set()
    arrived = 0
    following: str | None = ""
    while following is not None:
        call = Call("GET", following, what) if following else call
        document, answer = client.document(call)
        if not isinstance(document, dict):
            raise client.unreadable(call, answer)
        total = checks.total(document, what)
        records = checks.records(document, what)
        arrived += len(records)
        following = checks.following(document, seen, what)
        if following is not None and not records:
            raise checks.bad(what, f"a page of {total:,} records holds none and claims that more follow")
        if following is None and arrived != total:
            raise checks.bad(what, f"{arrived:,} records arrived and Salesforce counts {total:,}: it is incomplete")
        yield Rows(records, answer.body)


def records(client: Client, fields: Sequence[str], entity: str, *conditions: str, what: str) -> Iterator[Record]:
    """Every record of a small question; BadAnswer for one that leaves a field out that was asked for."""
    keys = {name.partition(".")[0] for name in fields}
    for page in pages(client, soql.select(fields, entity, *conditions), what):
        if left_out := sorted({key for record in page.records for key in keys - record.keys()}):
            raise checks.bad(what, f"Salesforce's answer leaves {', '.join(left_out)} out")
        yield from page.records


def count(client: Client, entity: str, *conditions: str) -> int:
    """How many records there are."""
    what = f"counting {entity}"
    document = client.get(client.path("query"), what, q=soql.select(["COUNT()"], entity, *conditions))
    return checks.total(document, what)


def newest(client: Client, entity: str) -> str | None:
    """The last change Salesforce knows of, by its own clock; None when there is nothing."""
    query = soql.select(["SystemModstamp"], entity, order="SystemModstamp DESC") + " LIMIT 1"
    found = [row for page in pages(client, query, f"asking for the last change of {entity}") for row in page.records]
    return str(found[0]["SystemModstamp"]) if found and found[0].get("SystemModstamp") else None


def changed_since(since: datetime) -> str:
    """The condition for records changed at or after a moment."""
    return f"SystemModstamp >= {soql.moment(since)}"


def in_parts(ids: list[str], size: int = soql.IDS_AT_ONCE) -> Iterator[list[str]]:
    """The ids in lists of at most `size`."""
    yield from (ids[start : start + size] for start in range(0, len(ids), size))
