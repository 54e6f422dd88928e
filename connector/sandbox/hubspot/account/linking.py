"""Keeps records in step with their associations, and makes those a create call carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.hubspot.account import writing
from connector.sandbox.hubspot.account.kinds import Kind, kind_of
from connector.sandbox.hubspot.account.links import CHILD_TO_PARENT
from connector.sandbox.hubspot.answers import invalid, not_found

if TYPE_CHECKING:
    from connector.sandbox.hubspot.account.portal import Portal

Found = dict[str, Any]


def linked(portal: Portal, one: Kind, other: Kind, pair: tuple[int, int]) -> None:
    """Tell both records that an association between them is new or changed."""
    portal.changes += 1
    for kind, identity in zip((one, other), pair, strict=True):
        refresh_primary(portal, kind.name, identity)
        record = portal.shelves[kind.name].live[identity]
        if portal.switches.association_bumps_modified:
            writing.touch(portal, kind, record, record.properties, given=())


def refresh_primary(portal: Portal, name: str, identity: int) -> None:
    """Bring the properties that mirror an association in step: the primary company, the parent company."""
    record = portal.shelves[name].live.get(identity)
    if record is None or name not in {"deals", "companies"}:
        return
    if name == "deals":
        mirror, found = "hs_primary_associated_company", portal.links.primary("deals", identity, "companies")
    else:
        mirror, found = "hs_parent_company_id", _parent(portal, identity)
    value = "" if found is None else str(found)
    if record.properties.get(mirror, "") != value:
        properties = {key: text for key, text in (record.properties | {mirror: value}).items() if text}
        writing.replace(portal, kind_of(name), record.replaced(properties))


def _parent(portal: Portal, identity: int) -> int | None:
    for other, links in portal.links.of("companies", identity, "companies").items():
        if any(link.number == CHILD_TO_PARENT for link in links):
            return other
    return None


def wanted_links(portal: Portal, kind: Kind, asked: list[Found]) -> list[tuple[int, int]]:
    """Read the associations of a create call as (type, other record); refuse what cannot be made.

    They come as `[{to: {id}, types: [{associationTypeId}]}]`.
    """
    return [
        _wanted_link(portal, kind, str((item.get("to") or {}).get("id", "")), found.get("associationTypeId"))
        for item in asked
        for found in item.get("types") or []
    ]


def _wanted_link(portal: Portal, kind: Kind, identity: str, number: Any) -> tuple[int, int]:
    link = portal.links.types.get(number)
    if link is None or link.origin != kind.name:
        raise invalid(f"Association type {number} is not valid for {kind.name}")
    other = portal.shelves[link.target].resolve(identity)
    if other is None:
        raise not_found(f"Object {identity} to associate with does not exist")
    return link.number, other.id


def make_links(portal: Portal, kind: Kind, identity: int, links: list[tuple[int, int]]) -> None:
    """Make the associations of a record just created."""
    for number, other in links:
        portal.links.add(number, identity, other)
        linked(portal, kind, kind_of(portal.links.types[number].target), (identity, other))
