"""sObject Collections: up to 200 records a call, each with its own result, at a pace the CRM's automation bears.

Source: Salesforce's Collections pages and header references. Automation of the organisation decides how long a call
takes; one of twenty seconds counts against another limit, so chunks shrink long before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.crm.salesforce import values
from connector.crm.salesforce.session import checks
from connector.crm.salesforce.soql import full_id
from connector.crm.texts import listed
from connector.crm.transport import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.crm.salesforce.schema import Entity
    from connector.crm.salesforce.session.client import Client

MOST = 200
"""Records a call takes."""
READ_AT_ONCE = 2_000
"""Records one call reads by id."""
_LEAST = 10
_SLOW, _QUICK = 10.0, 3.0
"""Seconds of a call from which the next chunk is halved, and below which it is doubled."""

QUIETLY = (
    ("Sforce-Auto-Assign", "FALSE"),
    ("Sforce-Duplicate-Rule-Header", "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true"),
    ("Sforce-Mru", "updateMru=false"),
    ("Sforce-Call-Options", "client=tiersync"),
)
"""No assignment rules, no stop for duplicates that were there before, no trace in "recently viewed"."""


class Pace:
    """How many records go into the next call."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self.size = MOST
        self._ticks = ticks

    def timed(self, act: Callable[[], Any]) -> Any:
        """Do it, and learn from how long it took."""
        began = self._ticks()
        try:
            return act()
        finally:
            seconds = self._ticks() - began
            if seconds > _SLOW:
                self.size = max(_LEAST, self.size // 2)
            elif seconds < _QUICK:
                self.size = min(MOST, self.size * 2)


def update(
    client: Client, entity: Entity, chunk: Mapping[str, Mapping[str, str | None]], *, pace: Pace
) -> Iterator[tuple[str, str] | None]:
    """Per record of the chunk, in its order: None when it was written, else code and words."""
    what = f"writing {len(chunk)} {entity.name} records"
    items = [_item(entity, record, sent) for record, sent in chunk.items()]
    body = {"allOrNone": False, "records": items}
    call = Call("PATCH", client.path("composite/sobjects"), what, body=body, headers=QUIETLY, once=True)
    answer = pace.timed(lambda: client.array(call))
    if len(answer) != len(items) or not all(isinstance(result, dict) for result in answer):
        raise checks.bad(what, f"{len(items)} records were sent and {len(answer)} are answered")
    for result, record in zip(answer, chunk, strict=True):
        if result.get("id") and result["id"][:15] != record[:15]:
            raise checks.bad(what, "the answer names another record than the one sent in its place")
    return iter([_result(result) for result in answer])


def _item(entity: Entity, record: str, sent: Mapping[str, str | None]) -> dict[str, Any]:
    item: dict[str, Any] = {"attributes": {"type": entity.name}, "Id": record}
    for name, value in sent.items():
        known = entity.get(name)
        item[name] = values.to_json(value, known.type if known else "string")
    return item


def _result(result: Mapping[str, Any]) -> tuple[str, str] | None:
    if result.get("success") is True:
        return None
    errors = [error for error in listed(result.get("errors")) if isinstance(error, dict)]
    first = errors[0] if errors else {}
    code = str(first.get("statusCode") or first.get("errorCode") or "REFUSED")
    words = "; ".join(dict.fromkeys(str(error.get("message")) for error in errors if error.get("message")))
    fields = sorted({str(name) for error in errors for name in listed(error.get("fields"))})
    return code, f"{words} ({', '.join(fields)})" if fields else words


def read(client: Client, entity: str, records: list[str], fields: list[str]) -> list[dict[str, Any]]:
    """At most 2,000 records by id; those that are not there, or in the recycle bin, are left out."""
    what = f"reading {entity} records by id"
    body = {"ids": records, "fields": fields}
    found = client.array(Call("POST", client.path(f"composite/sobjects/{entity}"), what, body=body))
    if len(found) != len(records):
        raise checks.bad(what, f"{len(records)} records were asked for and {len(found)} are answered")
    there = [record for record in found if record is not None]
    if not all(isinstance(record, dict) and isinstance(record.get("Id"), str) for record in there):
        raise checks.bad(what, "Salesforce's answer holds a record without id")
    if left_out := {name for record in there for name in fields if name not in record}:
        raise checks.bad(what, f"Salesforce's answer leaves {', '.join(sorted(left_out))} out")
    _name_as_asked(there, records, what)
    return [record for record in there if record.get("IsDeleted") is not True]


def _name_as_asked(there: list[dict[str, Any]], records: list[str], what: str) -> None:
    """Give each record the id it was asked for by: 15 characters and 18 name the same one."""
    asked = {full_id(record): record for record in records}
    for record in there:
        name = asked.pop(full_id(record["Id"]), None)
        if name is None:
            raise checks.bad(what, "Salesforce's answer holds another record than those asked for, or one twice")
        record["Id"] = name
