"""Search: filters over the lagging index, 10,000 results at most, 3,000 characters of body (hubspot.md 5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connector.sandbox.answers import answer
from connector.sandbox.hubspot.account.kinds import kind_of
from connector.sandbox.hubspot.answers import invalid
from connector.sandbox.hubspot.requests import bounded
from connector.sandbox.hubspot.rest.filters import matcher, sort_key
from connector.sandbox.hubspot.shapes import SEARCH

if TYPE_CHECKING:
    from connector.sandbox.answers import Answer
    from connector.sandbox.hubspot.account.kinds import Kind
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.account.records import Record
    from connector.sandbox.hubspot.requests import Request
    from connector.sandbox.hubspot.rest.filters import Matcher

PAGE = 200
MOST_RESULTS = 10_000
MOST_CHARACTERS = 3_000
MOST_GROUPS, MOST_FILTERS, MOST_IN_ALL = 5, 6, 18
SEARCHED = {
    "companies": ("name", "domain", "phone", "website"),
    "deals": ("dealname", "pipeline", "dealstage", "description", "dealtype"),
    "tickets": ("subject", "content", "hs_pipeline_stage", "hs_ticket_category"),
    "contacts": ("firstname", "lastname", "email", "phone", "company"),
}


def search_records(portal: Portal, request: Request, name: str) -> Answer:
    """Answer a page of matching records and the total, which may exceed what can be paged to."""
    kind = kind_of(name)
    if len(request.body.decode("utf-8", "replace")) > MOST_CHARACTERS:
        raise invalid(f"The request body must not exceed {MOST_CHARACTERS} characters")
    asked = request.json(SEARCH)
    start, limit = _window(asked)
    found = _sorted(portal, kind, asked, _matching(portal, kind, asked))
    names = portal.catalogues[kind.name].select(tuple(asked.get("properties") or ()))
    url = portal.url(kind)
    results = [orjson.Fragment(record.rendered(names, url)) for record in found[start : start + limit]]
    content: dict[str, Any] = {"total": len(found), "results": results}
    if start + limit < len(found):
        content["paging"] = {"next": {"after": str(start + limit)}}
    return answer(content)


def _window(asked: dict[str, Any]) -> tuple[int, int]:
    texts = str(asked.get("after") or "0"), str(asked.get("limit") or "10")
    if not all(text.isdigit() for text in texts):
        raise invalid(f"after and limit must be integers, got {texts[0]} and {texts[1]}")
    start, limit = int(texts[0]), bounded(int(texts[1]), most=PAGE)
    if start + limit > MOST_RESULTS:
        raise invalid(f"Paging through more than {MOST_RESULTS} results of one query is not supported")
    return start, limit


def _matching(portal: Portal, kind: Kind, asked: dict[str, Any]) -> list[Record]:
    records = portal.shelves[kind.name].index.records(portal.now())
    groups = _groups(portal, kind, asked.get("filterGroups") or [])
    if groups:
        records = [record for record in records if any(all(test(record) for test in tests) for tests in groups)]
    words = str(asked.get("query") or "").lower().split()
    if words:
        records = [record for record in records if _mentions(kind, record, words)]
    return records


def _mentions(kind: Kind, record: Record, words: list[str]) -> bool:
    shown = " ".join(record.properties.get(name, "") for name in SEARCHED.get(kind.name, kind.shown)).lower()
    return all(word in shown for word in words)


def _groups(portal: Portal, kind: Kind, groups: list[dict[str, Any]]) -> list[list[Matcher]]:
    filters = [group.get("filters") or [] for group in groups]
    if len(groups) > MOST_GROUPS or any(len(some) > MOST_FILTERS for some in filters):
        raise invalid(f"At most {MOST_GROUPS} filterGroups with at most {MOST_FILTERS} filters each are supported")
    if sum(map(len, filters)) > MOST_IN_ALL:
        raise invalid(f"At most {MOST_IN_ALL} filters in all are supported")
    return [[matcher(portal, kind, found) for found in some] for some in filters]


def _sorted(portal: Portal, kind: Kind, asked: dict[str, Any], records: list[Record]) -> list[Record]:
    sorts = asked.get("sorts") or []
    if len(sorts) > 1:
        raise invalid("Only one sort is supported")
    if not sorts:
        return records
    first = sorts[0]
    spec = first if isinstance(first, dict) else {"propertyName": str(first)}
    name = str(spec.get("propertyName", ""))
    if name == "hs_object_id":
        return records[::-1] if spec.get("direction") == "DESCENDING" else records
    definition = portal.catalogues[kind.name].definitions.get(name)
    if definition is None:
        raise invalid(f"There is no property {name} to sort by")
    key = sort_key(kind, definition)
    held = [record for record in records if name in record.properties]
    held.sort(key=key, reverse=spec.get("direction") == "DESCENDING")
    return held + [record for record in records if name not in record.properties]
