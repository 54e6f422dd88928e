"""An org as one JSON document, and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.org.access import App, Session
from connector.sandbox.salesforce.org.ids import SHORT
from connector.sandbox.salesforce.org.schema import Field, SObject
from connector.sandbox.salesforce.org.tables import Table

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org

VERSION = 1
PLAIN = ("token", "passwords", "security_token", "rotate", "timeout_seconds", "not_for_rest")


def dump(org: Org) -> dict[str, Any]:
    """Give everything the org holds, as JSON; open queries are not kept."""
    access = org.access
    return {
        "version": VERSION,
        "identity": asdict(org.identity),
        "switches": asdict(org.switches),
        "rules": asdict(org.rules),
        "offset": org.offset.total_seconds(),
        "minted": org.mint.given,
        "owner_names": org.owner_names,
        "objects": [asdict(found) for found in org.objects.values()],
        "rows": {name: list(table.rows.values()) for name, table in org.tables.items()},
        "access": {name: getattr(access, name) for name in PLAIN} | {"revoked": sorted(access.revoked)},
        "apps": [_app(app) for app in access.apps.values()],
        "sessions": [_session(found) for found in access.sessions.values()],
    }


def _app(app: App) -> dict[str, Any]:
    certificate = app.certificate.decode() if app.certificate else None
    return asdict(app) | {"scopes": sorted(app.scopes), "certificate": certificate}


def _session(found: Session) -> dict[str, Any]:
    return asdict(found) | {"until": found.until.isoformat() if found.until else None}


def fill(org: Org, content: dict[str, Any]) -> None:
    """Put back what `dump` gave; ValueError when that was another version."""
    if content["version"] != VERSION:
        raise ValueError(f"version {content['version']}, not {VERSION}")
    for held, kept in ((org.identity, "identity"), (org.switches, "switches"), (org.rules, "rules")):
        for field in fields(held):
            setattr(held, field.name, content[kept][field.name])
    org.offset = timedelta(seconds=content["offset"])
    org.mint.given, org.owner_names = content["minted"], content["owner_names"]
    org.objects = {kept["name"].lower(): _sobject(kept) for kept in content["objects"]}
    org.tables = {found.name: Table(found) for found in org.objects.values()}
    for name, rows in content["rows"].items():
        org.tables[name].rows = {row["Id"]: row for row in rows}
        org.tables[name].version += 1
    _fill_access(org, content)


def _fill_access(org: Org, content: dict[str, Any]) -> None:
    access = org.access
    for name in PLAIN:
        setattr(access, name, content["access"][name])
    access.revoked = set(content["access"]["revoked"])
    access.org_key = org.id()[:SHORT]
    for kept in content["apps"]:
        certificate = kept["certificate"].encode() if kept["certificate"] else None
        access.apps[kept["client_id"]] = App(**kept | {"scopes": frozenset(kept["scopes"]), "certificate": certificate})
    for kept in content["sessions"]:
        until = datetime.fromisoformat(kept["until"]) if kept["until"] else None
        access.sessions[kept["token"]] = Session(**kept | {"until": until})


def _sobject(kept: dict[str, Any]) -> SObject:
    held = {name: Field(**field | {"refers": tuple(field["refers"])}) for name, field in kept["fields"].items()}
    return SObject(**kept | {"fields": held})
