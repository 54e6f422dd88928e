"""An account as one JSON document, and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from connector.sandbox.hubspot.access import Grant
from connector.sandbox.hubspot.account.links import LinkType
from connector.sandbox.hubspot.account.records import Record

if TYPE_CHECKING:
    from connector.sandbox.hubspot.account.catalogue import Catalogue
    from connector.sandbox.hubspot.account.kinds import Kind
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.account.records import Shelf

VERSION = 1


def dump(portal: Portal) -> dict[str, Any]:
    """Give everything the account holds, as JSON."""
    access = portal.access
    return {
        "version": VERSION,
        "account": asdict(portal.account),
        "switches": asdict(portal.switches),
        "last_id": portal.last_id,
        "offset_ms": portal.offset_ms,
        "shelves": {name: _shelf(shelf) for name, shelf in portal.shelves.items()},
        "catalogues": {name: _catalogue(found) for name, found in portal.catalogues.items()},
        "labels": [asdict(found) for found in portal.links.types.values() if found.category == "USER_DEFINED"],
        "links": list(portal.links.rows()),
        "pipelines": portal.pipelines,
        "owners": portal.owners,
        "owner_names": portal.owner_names,
        "rates": portal.rates,
        "refresh_token": access.refresh_token,
        "revoked": sorted(access.revoked),
        "issued": [[grant.token, grant.expires_at] for grant in access.issued.values()],
    }


def _shelf(shelf: Shelf) -> dict[str, Any]:
    return {
        "live": [_record(record) for record in shelf.live.values()],
        "archived": [_record(record) for record in shelf.archived.values()],
        "aliases": list(shelf.aliases.items()),
    }


def _record(record: Record) -> list[Any]:
    return [record.id, record.created, record.changed, record.archived_at, record.properties]


def _catalogue(found: Catalogue) -> dict[str, Any]:
    return {
        "definitions": found.definitions,
        "archived": found.archived,
        "groups": found.groups,
        "archived_groups": found.archived_groups,
    }


def fill(portal: Portal, content: dict[str, Any]) -> None:
    """Put back what `dump` gave; ValueError when that was another version."""
    if content["version"] != VERSION:
        raise ValueError(f"version {content['version']}, not {VERSION}")
    for held, kept in ((portal.account, content["account"]), (portal.switches, content["switches"])):
        for field in fields(held):
            setattr(held, field.name, kept[field.name])
    portal.reserve(content["last_id"])
    portal.offset_ms = content["offset_ms"]
    for name, kept in content["shelves"].items():
        _fill_shelf(portal.shelves[name], kept, portal.now())
    for name, kept in content["catalogues"].items():
        portal.catalogues[name].restore(**kept)
    portal.links.types |= {kept["number"]: LinkType(**kept) for kept in content["labels"]}
    for number, origin, target in content["links"]:
        portal.links.restore(number, origin, target)
    portal.pipelines, portal.owners, portal.rates = content["pipelines"], content["owners"], content["rates"]
    portal.owner_names = content["owner_names"]
    _fill_access(portal, content)


def _fill_access(portal: Portal, content: dict[str, Any]) -> None:
    access = portal.access
    access.revoked = set(content["revoked"])
    access.refresh_token = content["refresh_token"]
    for token, expires_at in content["issued"]:
        access.issued[token] = Grant(token, oauth=True, scopes=access.oauth_scopes, expires_at=expires_at)


def _fill_shelf(shelf: Shelf, kept: dict[str, Any], now: int) -> None:
    for row in kept["live"]:
        shelf.put(_read(shelf.kind, row), now)
    shelf.archived = {row[0]: _read(shelf.kind, row) for row in kept["archived"]}
    shelf.aliases = dict(kept["aliases"])
    shelf.index.settle()


def _read(kind: Kind, row: list[Any]) -> Record:
    identity, created, changed, archived_at, properties = row
    return Record(kind, identity, properties, created=created, changed=changed, archived_at=archived_at)
