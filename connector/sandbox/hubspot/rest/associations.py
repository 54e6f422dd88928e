"""The associations API, v4 and dated (hubspot.md 5.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import NO_CONTENT, answer
from connector.sandbox.hubspot.account.kinds import Kind, kind_of
from connector.sandbox.hubspot.account.linking import linked, refresh_primary
from connector.sandbox.hubspot.answers import batch, invalid, not_found
from connector.sandbox.hubspot.shapes import FLAT, LINKED, PAIR, PARTED, TYPES

if TYPE_CHECKING:
    from connector.sandbox.answers import Answer
    from connector.sandbox.hubspot.account.links import LinkType
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.requests import Request

Found = dict[str, Any]
MOST_READ = 1_000
MOST_WRITTEN = 2_000
WORDS = {"line_item": "line item"}


def read_batch(portal: Portal, request: Request, origin: str, target: str) -> Answer:
    """Answer the associations of up to 1,000 records; one without any is an error entry, which is normal."""
    one, other = kind_of(origin), kind_of(target)
    started = portal.stamp()
    results, errors = [], []
    for item in request.inputs(LINKED, most=MOST_READ):
        identity = str(item.get("id", ""))
        if not identity.isdigit():
            text = f"Invalid identifier: {identity}"
            raise invalid(text, subCategory="crm.associations.INVALID_IDENTIFIER", context={"id": [identity]})
        entries, following = _page(portal, one, int(identity), other, after=str(item.get("after") or "0"))
        if entries:
            results.append({"from": {"id": identity}, "to": entries} | _paging(one, identity, other, following))
        else:
            errors.append(_no_associations(one, identity, other))
    return batch(results, errors, started=started, completed=portal.stamp())


def _page(
    portal: Portal, one: Kind, identity: int, other: Kind, *, after: str, limit: int | None = None
) -> tuple[list[Found], int | None]:
    size = limit or portal.switches.association_page
    links, start = portal.links, int(after) if after.isdigit() else 0
    ids = [target for target in links.ids(one.name, identity, other.name) if target >= start]
    following = ids[size] if len(ids) > size else None
    # toObjectId is the one id that is a number on the wire.
    entries = [
        {"toObjectId": found, "associationTypes": links.told(one.name, identity, other.name, found)}
        for found in ids[:size]
    ]
    return entries, following


def _paging(one: Kind, identity: str, other: Kind, following: int | None) -> Found:
    if following is None:
        return {}
    path = f"/crm/v4/objects/{one.name}/{identity}/associations/{other.name}?after={following}"
    return {"paging": {"next": {"after": str(following), "link": f"https://api.hubapi.com{path}"}}}


def _no_associations(one: Kind, identity: str, other: Kind) -> Found:
    here, there = (WORDS.get(kind.singular, kind.singular) for kind in (one, other))
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {there} is associated with {here} {identity}.",
        "context": {"fromObjectId": [identity], "fromObjectType": [here], "toObjectType": [there]},
    }


def read_one(portal: Portal, request: Request, origin: str, identity: str, target: str) -> Answer:
    """Answer a page of the associations of one record."""
    one, other = kind_of(origin), kind_of(target)
    if portal.shelves[one.name].resolve(identity) is None:
        raise not_found()
    limit = request.limit(default=500, most=500)
    entries, following = _page(portal, one, int(identity), other, after=request.first("after", "0"), limit=limit)
    return answer({"results": entries} | _paging(one, identity, other, following))


def list_labels(portal: Portal, _request: Request, origin: str, target: str) -> Answer:
    """Answer the association types between two object types."""
    return answer({"results": [link.content() for link in _between(portal, origin, target)]})


def create_label(portal: Portal, request: Request, origin: str, target: str) -> Answer:
    """Create a label of the customer's own, both sides of it."""
    asked = request.json(FLAT)
    name, label = str(asked.get("name") or ""), str(asked.get("label") or "")
    if not name or not label:
        raise invalid("Invalid input JSON: some required fields were not set: [name, label]")
    inverse = str(asked.get("inverseLabel") or "")
    made = portal.links.define(
        kind_of(origin).name, kind_of(target).name, label=label, name=name, inverse_label=inverse
    )
    portal.changes += 1
    return answer({"results": [link.content() for link in made]})


def _between(portal: Portal, origin: str, target: str) -> list[LinkType]:
    return portal.links.between(kind_of(origin).name, kind_of(target).name)


def create_batch(portal: Portal, request: Request, origin: str, target: str) -> Answer:
    """Associate up to 2,000 pairs with the types each names."""
    one, other = kind_of(origin), kind_of(target)
    started = portal.stamp()
    results, errors = [], []
    for item in request.inputs(PAIR, most=MOST_WRITTEN):
        pair = _pair(portal, one, other, item)
        if pair is None:
            errors.append(_missing_pair(item))
        else:
            results.append(_associate(portal, one, other, pair, item.get("types") or []))
    return batch(results, errors, started=started, completed=portal.stamp(), status=201)


def create_default_batch(portal: Portal, request: Request, origin: str, target: str) -> Answer:
    """Associate up to 2,000 pairs without label."""
    one, other = kind_of(origin), kind_of(target)
    started = portal.stamp()
    plain = [portal.links.plain(one.name, other.name).content()]
    pairs = [_pair(portal, one, other, item) for item in request.inputs(PAIR, most=MOST_WRITTEN)]
    results = [_default_result(_associate(portal, one, other, pair, plain), plain) for pair in pairs if pair]
    return batch(results, [], started=started, completed=portal.stamp())


def _default_result(made: Found, plain: list[Found]) -> Found:
    spec = {"associationCategory": plain[0]["category"], "associationTypeId": plain[0]["typeId"]}
    return {"from": {"id": made["fromObjectId"]}, "to": {"id": made["toObjectId"]}, "associationSpec": spec}


def _pair(portal: Portal, one: Kind, other: Kind, item: Found) -> tuple[int, int] | None:
    here = portal.shelves[one.name].resolve(str((item.get("from") or {}).get("id", "")))
    there = portal.shelves[other.name].resolve(str((item.get("to") or {}).get("id", "")))
    return (here.id, there.id) if here and there else None


def _missing_pair(item: Found) -> Found:
    ids = [str((item.get(side) or {}).get("id", "")) for side in ("from", "to")]
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not associate {ids[0]} with {ids[1]}: one of them does not exist.",
        "context": {"fromObjectId": ids[:1], "toObjectId": ids[1:]},
    }


def _associate(portal: Portal, one: Kind, other: Kind, pair: tuple[int, int], types: list[Found]) -> Found:
    numbers = [_number(portal, one, other, found) for found in types]
    for number in numbers:
        portal.links.add(number, *pair)
    linked(portal, one, other, pair)
    labels = [label for number in numbers if (label := portal.links.types[number].label)]
    sides = {"fromObjectTypeId": one.type_id, "fromObjectId": str(pair[0])}
    return sides | {"toObjectTypeId": other.type_id, "toObjectId": str(pair[1]), "labels": labels}


def _number(portal: Portal, one: Kind, other: Kind, asked: Found) -> int:
    number = asked.get("associationTypeId", asked.get("typeId"))
    link = portal.links.types.get(number) if isinstance(number, int) else None
    if link is None or (link.origin, link.target) != (one.name, other.name):
        text = f"Association type {number} is not valid between {one.name} and {other.name}"
        raise invalid(text, subCategory="crm.associations.INVALID_ASSOCIATION_TYPE")
    return link.number


def archive_batch(portal: Portal, request: Request, origin: str, target: str) -> Answer:
    """Take every association off the pairs named."""
    one, other = kind_of(origin), kind_of(target)
    for item in request.inputs(PARTED, most=MOST_WRITTEN):
        here = str((item.get("from") or {}).get("id", ""))
        for there in item.get("to") or []:
            _part(portal, one, here, other, str(there.get("id", "")))
    return NO_CONTENT


def archive_labels(portal: Portal, request: Request, origin: str, target: str) -> Answer:
    """Take only the types named off each pair."""
    one, other = kind_of(origin), kind_of(target)
    for item in request.inputs(PAIR, most=MOST_WRITTEN):
        pair = _pair(portal, one, other, item)
        for found in item.get("types") or [] if pair else []:
            portal.links.drop(_number(portal, one, other, found), *(pair or (0, 0)))
        if pair:
            linked(portal, one, other, pair)
    return NO_CONTENT


def put_one(portal: Portal, request: Request, *place: str) -> Answer:
    """Associate one pair with the labels in the body."""
    origin, identity, target, to = place
    one, other = kind_of(origin), kind_of(target)
    pair = _pair(portal, one, other, {"from": {"id": identity}, "to": {"id": to}})
    if pair is None:
        raise not_found()
    types = request.json_list(TYPES)
    return answer(_associate(portal, one, other, pair, types), 201)


def put_default(portal: Portal, _request: Request, *place: str) -> Answer:
    """Associate one pair without label."""
    origin, identity, target, to = place
    one, other = kind_of(origin), kind_of(target)
    pair = _pair(portal, one, other, {"from": {"id": identity}, "to": {"id": to}})
    if pair is None:
        raise not_found()
    started = portal.stamp()
    plain = [portal.links.plain(one.name, other.name).content()]
    made = _default_result(_associate(portal, one, other, pair, plain), plain)
    return batch([made], [], started=started, completed=portal.stamp())


def delete_one(portal: Portal, _request: Request, *place: str) -> Answer:
    """Take every association off one pair."""
    origin, identity, target, to = place
    _part(portal, kind_of(origin), identity, kind_of(target), to)
    return NO_CONTENT


def _part(portal: Portal, one: Kind, here: str, other: Kind, there: str) -> None:
    if here.isdigit() and there.isdigit():
        portal.links.part(one.name, int(here), other.name, int(there))
        portal.changes += 1
        refresh_primary(portal, one.name, int(here))
        refresh_primary(portal, other.name, int(there))
