"""Single records and the list: the calls of hubspot.md 5.1, archive and merge (5.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connector.sandbox.answers import NO_CONTENT, Answer, answer
from connector.sandbox.hubspot.account import writing
from connector.sandbox.hubspot.account.kinds import kind_of
from connector.sandbox.hubspot.account.linking import make_links, refresh_primary, wanted_links
from connector.sandbox.hubspot.account.times import iso
from connector.sandbox.hubspot.account.values import refusal
from connector.sandbox.hubspot.answers import Refusal, invalid, not_found
from connector.sandbox.hubspot.shapes import FLAT, RECORD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.hubspot.account.kinds import Kind
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.account.records import Record
    from connector.sandbox.hubspot.requests import Request

PAGE = 100
PAGE_WITH_HISTORY = 50


def list_records(portal: Portal, request: Request, name: str) -> Answer:
    """Answer a page in ascending id; `after` is the id of the next record, absent on the last page."""
    kind = kind_of(name)
    most = PAGE_WITH_HISTORY if request.names("propertiesWithHistory") else PAGE
    limit = min(request.limit(default=10, most=most), portal.switches.list_page)
    after = request.after()
    found, following = portal.shelves[kind.name].page(after, limit, archived=request.flag("archived"))
    body = b'{"results":[' + b",".join(_rendered(portal, request, kind, found)) + b"]"
    if following is not None:
        body += b',"paging":' + orjson.dumps({"next": _next(request, limit, following)})
    return Answer(200, body + b"}")


def _next(request: Request, limit: int, following: int) -> dict[str, str]:
    link = f"https://api.hubapi.com{request.path}?limit={limit}&after={following}"
    return {"after": str(following), "link": link}


def _rendered(portal: Portal, request: Request, kind: Kind, records: list[Record]) -> list[bytes]:
    names, url = portal.catalogues[kind.name].select(request.names("properties")), portal.url(kind)
    bodies = [record.rendered(names, url) for record in records]
    if request.query.keys() & {"propertiesWithHistory", "associations"}:
        return [_widened(portal, request, kind, *pair) for pair in zip(records, bodies, strict=True)]
    return bodies


def _widened(portal: Portal, request: Request, kind: Kind, record: Record, body: bytes) -> bytes:
    if "propertiesWithHistory" in request.query:
        body = with_history(kind, record, request.names("propertiesWithHistory"), body)
    if inline := _inline(portal, kind, record, request.names("associations")):
        body = body[:-1] + b',"associations":' + orjson.dumps(inline) + b"}"
    return body


def with_history(kind: Kind, record: Record, names: Iterable[str], body: bytes) -> bytes:
    """Widen a rendered record by the history of some properties, the newest value first."""
    history = {name: _history(kind, record, name) for name in names if name in record.properties or record.versions}
    return body[:-1] + b',"propertiesWithHistory":' + orjson.dumps(history) + b"}"


def _history(kind: Kind, record: Record, name: str) -> list[dict[str, Any]]:
    told = [
        {"value": value, "timestamp": iso(at)} | ({"sourceType": "INTEGRATION"} if user is None else _by_a_person(user))
        for value, at, user in record.versions.get(name, ())
    ]
    if told or name not in record.properties:
        return told
    stamp = record.properties[kind.created]  # what was loaded stood there from the beginning
    return [{"value": record.properties[name], "timestamp": stamp, "sourceType": "INTEGRATION"}]


def _by_a_person(user: str) -> dict[str, Any]:
    return {"sourceType": "CRM_UI", "sourceId": f"userId:{user}", "updatedByUserId": int(user)}


def _inline(portal: Portal, kind: Kind, record: Record, targets: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for target in map(kind_of, targets):
        entries = [
            {"id": str(other), "type": link.name}
            for other, links in portal.links.of(kind.name, record.id, target.name).items()
            for link in links
        ]
        if not entries:
            continue
        most = portal.switches.inline_associations
        found[target.name] = {"results": entries[:most]}
        if len(entries) > most:
            path = f"crm/v4/objects/{kind.name}/{record.id}/associations/{target.name}"
            after = entries[most]["id"]
            link = f"https://api.hubapi.com/{path}?after={after}&limit={most}"
            found[target.name]["paging"] = {"next": {"after": after, "link": link}}
    return found


def _find(portal: Portal, request: Request, kind: Kind, identity: str) -> Record:
    by = request.first("idProperty")
    shelf = portal.shelves[kind.name]
    if request.flag("archived"):
        found = shelf.archived.get(int(identity)) if identity.isdigit() else None
    elif by and by != "hs_object_id":
        found = writing.find_by(portal, kind, by, identity)
    else:
        found = shelf.resolve(identity)
    if found is None:
        raise not_found()
    return found


def get_record(portal: Portal, request: Request, name: str, identity: str) -> Answer:
    """Answer one record; an id that was merged away answers the survivor."""
    kind = kind_of(name)
    [body] = _rendered(portal, request, kind, [_find(portal, request, kind, identity)])
    return Answer(200, body)


def create_record(portal: Portal, request: Request, name: str) -> Answer:
    """Create a record: 201, with all its values."""
    kind = kind_of(name)
    asked = request.json(RECORD)
    values, problems = writing.examine(portal, kind, asked.get("properties") or {}, None)
    if problems:
        raise refusal(problems, portal_id=portal.account.portal_id)
    if kind.name == "contacts" and values.get("email"):
        _refuse_known_contact(portal, kind, values["email"])
    links = wanted_links(portal, kind, asked.get("associations") or [])
    record = writing.create(portal, kind, values)
    make_links(portal, kind, record.id, links)
    return answer(written(portal, kind, record.id, list(values)), 201)


def _refuse_known_contact(portal: Portal, kind: Kind, email: str) -> None:
    known = writing.find_by(portal, kind, "email", email)
    if known is not None:
        raise Refusal(409, f"Contact already exists. Existing ID: {known.id}", category="CONFLICT")


def written(portal: Portal, kind: Kind, identity: int, names: list[str]) -> dict[str, Any]:
    """Give a record after a write: the written properties and the system ones, not the whole of it."""
    shown = sorted({*names, *kind.system, "hs_object_source"})
    return portal.shelves[kind.name].live[identity].content(shown, portal.url(kind))


def patch_record(portal: Portal, request: Request, name: str, identity: str) -> Answer:
    """Change one record; an id that was merged away changes the survivor."""
    kind = kind_of(name)
    record = _find(portal, request, kind, identity)
    values, problems = writing.examine(portal, kind, request.json(RECORD).get("properties") or {}, record)
    if problems:
        raise refusal(problems, portal_id=portal.account.portal_id)
    writing.update(portal, kind, record, values)
    return answer(written(portal, kind, record.id, list(values)))


def archive_record(portal: Portal, _request: Request, name: str, identity: str) -> Answer:
    """Archive one record: 204, also when it is not there."""
    archive(portal, kind_of(name), identity)
    return NO_CONTENT


def archive(portal: Portal, kind: Kind, identity: str) -> None:
    """Move a record to the recycling bin; its associations disappear with it."""
    shelf = portal.shelves[kind.name]
    record = shelf.get(identity)
    if record is None:
        return
    shelf.archive(record.id, portal.now())
    portal.changes += 1
    for target, other in portal.links.forget(kind.name, record.id):
        refresh_primary(portal, target, other)


def merge_records(portal: Portal, request: Request, name: str) -> Answer:
    """Merge two records into a new id; both old ids become aliases of it (hubspot.md 5.15)."""
    kind = kind_of(name)
    asked = request.json(FLAT)
    shelf = portal.shelves[kind.name]
    first = shelf.resolve(str(asked.get("primaryObjectId", "")))
    second = shelf.resolve(str(asked.get("objectIdToMerge", "")))
    if first is None or second is None:
        raise not_found()
    if first is second:
        raise invalid("Cannot merge an object with itself")
    return answer(_merge(portal, kind, first, second).content(_all_names(portal, kind), portal.url(kind)))


def _all_names(portal: Portal, kind: Kind) -> tuple[str, ...]:
    return portal.catalogues[kind.name].select(())


def _merge(portal: Portal, kind: Kind, first: Record, second: Record) -> Record:
    shelf, now = portal.shelves[kind.name], portal.now()
    old = [record.properties.get("hs_merged_object_ids", "") for record in (first, second)]
    keeps = portal.switches.merge_keeps_primary
    gone = [second.id] if keeps else [first.id, second.id]
    merged = {key: value for key, value in {**second.properties, **first.properties}.items() if value}
    merged["hs_merged_object_ids"] = ";".join(filter(None, [*old, *map(str, gone)]))
    merged[kind.created] = min(first, second, key=lambda record: record.created).properties[kind.created]
    for identity in gone:
        shelf.take(identity, now)
    record = writing.create(portal, kind, merged, identity=first.id if keeps else None, changed=now)
    for identity in gone:
        for target, other in portal.links.move(kind.name, identity, record.id):
            refresh_primary(portal, target, other)
    refresh_primary(portal, kind.name, record.id)
    _redirect(shelf.aliases, gone, record.id)
    return shelf.live[record.id]


def _redirect(aliases: dict[int, int], gone: list[int], survivor: int) -> None:
    for alias, target in aliases.items():
        if target in gone:
            aliases[alias] = survivor
    aliases |= dict.fromkeys(gone, survivor)
