"""The sandbox's own paths, outside the vendor's: faults, journal, switches, and a look at what it holds.

Everything here is for tests and demonstrations; no CRM has it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.model.fields import Table
from connector.sandbox.answers import NO_CONTENT, Answer, answer
from connector.sandbox.control import COMMON, Acts, dispatch, set_fields
from connector.sandbox.hubspot.account import writing
from connector.sandbox.hubspot.account.kinds import kind_of
from connector.sandbox.hubspot.account.times import read_instant
from connector.sandbox.hubspot.account.workflows import Workflow
from connector.sandbox.hubspot.answers import Refusal, not_found
from connector.sandbox.hubspot.files.unloading import unload
from connector.sandbox.hubspot.shapes import ANYTHING

if TYPE_CHECKING:
    from connector.sandbox.hubspot.app import HubSpot
    from connector.sandbox.hubspot.requests import Request


def respond(app: HubSpot, request: Request) -> Answer:
    """Answer a call on a path of the sandbox's own."""
    try:
        return dispatch(app, request, ACTS)
    except Refusal as refusal:
        return refusal.answer("sandbox")


def _state(app: HubSpot, _request: Request) -> Answer:
    portal = app.portal
    return answer(
        {
            "portalId": portal.account.portal_id,
            "records": {name: len(shelf.live) for name, shelf in portal.shelves.items()},
            "archived": {name: len(shelf.archived) for name, shelf in portal.shelves.items()},
            "owners": len(portal.owners),
            "usedToday": portal.meter.used_today,
            "requests": app.journal.count,
            "now": portal.stamp(),
            "switches": asdict(portal.switches),
        }
    )


def _records(app: HubSpot, _request: Request, name: str) -> Answer:
    shelf = app.portal.shelf(name)
    url = app.portal.url(shelf.kind)
    return answer({"results": [record.content(sorted(record.properties), url) for record in shelf.live.values()]})


def _put_record(app: HubSpot, request: Request, name: str, identity: str) -> Answer:
    """Put raw values on a record, past every check; null takes one off; with `user`, as that person does."""
    asked = request.json(ANYTHING)
    kind, wanted = kind_of(name), asked["properties"]
    record = app.portal.shelves[kind.name].get(identity)
    if record is None:
        raise not_found()
    kept = {key: value for key, value in (record.properties | wanted).items() if value is not None}
    writing.touch(app.portal, kind, record, kept, given=wanted, user=asked.get("user"))
    return NO_CONTENT


def _put_definition(app: HubSpot, request: Request, name: str) -> Answer:
    """Put a raw property definition, past every check."""
    catalogue = app.portal.catalogue(name)
    asked = request.json(ANYTHING)
    app.portal.changes += 1
    return answer(catalogue.set(catalogue.definitions.get(asked["name"], {}) | asked))


def _tables(app: HubSpot, _request: Request, name: str) -> Answer:
    return answer({"results": unload(app.portal)[Table(name)]})


def _set_switches(app: HubSpot, request: Request) -> Answer:
    return set_fields(app.portal.switches, request.json(ANYTHING))


def _set_account(app: HubSpot, request: Request) -> Answer:
    asked = request.json(ANYTHING)
    if type(portal := asked.get("portal_id", 1)) is not int or portal < 1:
        raise UsageError(f"portal_id {portal!r} is no id of an account", hint="a whole number above 0")
    return set_fields(app.portal.account, asked)


def _set_workflows(app: HubSpot, request: Request) -> Answer:
    """Switch workflows on in place of those before: `{"on": [{"object", "property", "pattern", "set", "seconds"}]}`."""
    app.portal.workflows.on = [Workflow(**one) for one in request.json(ANYTHING)["on"]]
    return NO_CONTENT


def _set_access(app: HubSpot, request: Request) -> Answer:
    """Set the OAuth app, its expiry and rotation, and the scopes of tokens."""
    wanted, access = request.json(ANYTHING), app.portal.access
    for token, scopes in wanted.pop("scopes", {}).items():
        access.scopes[token] = frozenset(scopes)
    if "oauth_scopes" in wanted:
        access.oauth_scopes = frozenset(wanted.pop("oauth_scopes"))
    if wanted.pop("expire_now", False):
        access.expire(app.portal.now())
    for name in ("token", "client_id", "client_secret", "refresh_token", "expires_in", "rotate"):
        if name in wanted:
            setattr(access, name, wanted[name])
    return NO_CONTENT


def _set_clock(app: HubSpot, request: Request) -> Answer:
    """Move the account's clock: `advance` by seconds, or `set` to an instant."""
    wanted, portal = request.json(ANYTHING), app.portal
    if "set" in wanted:
        portal.offset_ms += read_instant(wanted["set"]) - portal.now()
    portal.offset_ms += int(float(wanted.get("advance", 0)) * 1000)
    return answer({"now": portal.stamp()})


ACTS: Acts = {
    **COMMON,
    ("GET", "state", 0): _state,
    ("GET", "records", 1): _records,
    ("POST", "records", 2): _put_record,
    ("POST", "definitions", 1): _put_definition,
    ("GET", "tables", 1): _tables,
    ("POST", "switches", 0): _set_switches,
    ("POST", "account", 0): _set_account,
    ("POST", "access", 0): _set_access,
    ("POST", "clock", 0): _set_clock,
    ("POST", "workflows", 0): _set_workflows,
}
