"""The sandbox's own paths for an org: switches, users and sessions, rules of the customer, and a look inside."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.model.fields import Table
from connector.sandbox.answers import NO_CONTENT, Answer, answer
from connector.sandbox.control import COMMON, Acts, dispatch, set_fields, wanted
from connector.sandbox.salesforce.answers import Refusal
from connector.sandbox.salesforce.files.unloading import unload
from connector.sandbox.salesforce.oauth import public_key
from connector.sandbox.salesforce.org.access import ADMIN, App, Session
from connector.sandbox.salesforce.org.fields import put
from connector.sandbox.salesforce.org.founding import add_currency, become, grant_all, place, several_currencies
from connector.sandbox.salesforce.org.merging import merge
from connector.sandbox.salesforce.org.schema import Field, value
from connector.sandbox.salesforce.org.security import secure
from connector.sandbox.salesforce.org.times import read_moment
from connector.sandbox.salesforce.org.view import View
from connector.sandbox.salesforce.org.writing import Writer

if TYPE_CHECKING:
    from connector.sandbox.calls import Call
    from connector.sandbox.salesforce.app import Salesforce


def respond(app: Salesforce, call: Call) -> Answer:
    """Answer a call on a path of the sandbox's own."""
    try:
        return dispatch(app, call, ACTS)
    except Refusal as refusal:
        return refusal.answer()


def _state(app: Salesforce, _call: Call) -> Answer:
    org = app.org
    return answer(
        {
            "records": {name: sum(1 for _ in table.live()) for name, table in org.tables.items()},
            "deleted": {
                name: sum(row.get("IsDeleted", False) for row in table.rows.values())
                for name, table in org.tables.items()
            },
            "usedToday": org.meter.used,
            "requests": app.journal.count,
            "sessions": len(org.access.sessions),
            "now": org.instant(),
            "identity": _identity(app),
            "switches": asdict(org.switches),
        }
    )


def _identity(app: Salesforce) -> dict[str, Any]:
    return asdict(app.org.identity) | {"org_id": app.org.id()}


def _records(app: Salesforce, _call: Call, name: str) -> Answer:
    return answer({"results": list(app.org.table(app.org.objects[name.lower()].name).rows.values())})


def _put_record(app: Salesforce, call: Call, name: str, identity: str) -> Answer:
    """Put raw values on a record, past every check and without moving a stamp; null takes one off."""
    table = app.org.table(app.org.objects[name.lower()].name)
    merged = table.rows[identity] | wanted(call)
    table.put({key: value for key, value in merged.items() if value is not None})
    app.org.changes += 1
    return NO_CONTENT


def _add_record(app: Salesforce, call: Call, name: str) -> Answer:
    """Put a raw record in, past every check."""
    sobject = app.org.objects[name.lower()].name
    return answer({"id": place(app.org, sobject, wanted(call), stamped=app.org.stamp())["Id"]}, 201)


def _drop_record(app: Salesforce, _call: Call, name: str, identity: str) -> Answer:
    """Delete a record for good, as when the recycle bin is emptied."""
    app.org.table(app.org.objects[name.lower()].name).drop(identity)
    app.org.changes += 1
    return NO_CONTENT


def _put_definition(app: Salesforce, call: Call, name: str) -> Answer:
    """Put a raw field definition, past every check, in the words of `Field`; `"gone": true` takes it away."""
    asked, sobject = wanted(call), app.org.objects[name.lower()]
    known = sobject.get(str(asked["name"]))
    if asked.pop("gone", False):
        del sobject.fields[str(asked["name"]).lower()]
    else:
        asked |= {"refers": tuple(asked["refers"])} if "refers" in asked else {}
        asked |= {"values": [value(text) for text in asked["values"]]} if "values" in asked else {}
        made = replace(known, **asked) if known else Field(**{"custom": True, "permissionable": True, **asked})
        put(app.org, sobject, made)
        if known is None and asked.get("permissionable", True):
            grant_all(app.org)
    app.org.schema_version += 1
    app.org.changes += 1
    return NO_CONTENT


def _merge(app: Salesforce, call: Call) -> Answer:
    """Merge records as a person does: `object`, `winner`, `losers`."""
    asked, user = wanted(call), app.org.user_id(ADMIN)
    merge(app.org, str(asked.get("object", "Account")), str(asked["winner"]), list(asked["losers"]), user=user)
    return NO_CONTENT


def _undelete(app: Salesforce, call: Call) -> Answer:
    """Take records out of the recycle bin: `object`, `ids`."""
    asked = wanted(call)
    writer = Writer(View(app.org, app.org.user_id(ADMIN)))
    for identity in asked["ids"]:
        writer.undelete(app.org.objects[str(asked.get("object", "Account")).lower()], str(identity))
    return NO_CONTENT


def _secure(app: Salesforce, call: Call) -> Answer:
    secure(app.org, wanted(call))
    return NO_CONTENT


def _currencies(app: Salesforce, call: Call) -> Answer:
    """Turn several currencies on and add some: `{"USD": 1.25}`, units for one of the org's own."""
    several_currencies(app.org)
    for code, rate in wanted(call).items():
        add_currency(app.org, code, float(rate))
    return NO_CONTENT


def _tables(app: Salesforce, _call: Call, name: str) -> Answer:
    return answer({"results": unload(app.org)[Table(name)]})


def _set_switches(app: Salesforce, call: Call) -> Answer:
    return set_fields(app.org.switches, wanted(call))


def _set_account(app: Salesforce, call: Call) -> Answer:
    """Set what the org is; with `org_id` it is another one."""
    asked = wanted(call)
    if "org_id" in asked:
        become(app.org, asked.pop("org_id"))
    set_fields(app.org.identity, asked)
    return answer(_identity(app))


def _set_rules(app: Salesforce, call: Call) -> Answer:
    return set_fields(app.org.rules, wanted(call))


def _set_access(app: Salesforce, call: Call) -> Answer:
    """Set apps, passwords and session rules; end sessions; give a session of a user."""
    asked, access = wanted(call), app.org.access
    for name, facts in asked.pop("apps", {}).items():
        held = access.apps.setdefault(name, App(name, ""))
        for key, told in facts.items():
            setattr(held, key, _app_value(key, told))
    access.passwords |= asked.pop("passwords", {})
    if asked.pop("expire_now", False):
        access.expire()
    access.revoked |= set(asked.pop("revoke", []))
    made: Session | None = None
    if "open" in asked:
        made = access.open(asked.pop("open"), app.org.now())
    told = set_fields(access, asked)
    app.org.changes += 1
    return answer({"token": made.token}) if made else told


def _app_value(key: str, told: Any) -> Any:
    if key == "certificate" and told is not None:
        public_key(told.encode())
        return told.encode()
    return frozenset(told) if key == "scopes" else told


def _use(app: Salesforce, call: Call) -> Answer:
    """Let other apps of the org use up calls of the day."""
    app.org.meter.use(app.org.now(), int(wanted(call)["calls"]))
    return answer({"used": app.org.meter.used})


def _set_clock(app: Salesforce, call: Call) -> Answer:
    """Move the org's clock: `advance` by seconds, or `set` to an instant."""
    asked, org = wanted(call), app.org
    if "set" in asked:
        org.offset += read_moment(asked["set"]) - org.now()
    org.offset += timedelta(seconds=float(asked.get("advance", 0)))
    return answer({"now": org.instant()})


ACTS: Acts = {
    **COMMON,
    ("GET", "state", 0): _state,
    ("GET", "records", 1): _records,
    ("POST", "records", 1): _add_record,
    ("POST", "records", 2): _put_record,
    ("DELETE", "records", 2): _drop_record,
    ("POST", "definitions", 1): _put_definition,
    ("POST", "merge", 0): _merge,
    ("POST", "undelete", 0): _undelete,
    ("POST", "security", 0): _secure,
    ("POST", "currencies", 0): _currencies,
    ("GET", "tables", 1): _tables,
    ("POST", "switches", 0): _set_switches,
    ("POST", "account", 0): _set_account,
    ("POST", "rules", 0): _set_rules,
    ("POST", "access", 0): _set_access,
    ("POST", "usage", 0): _use,
    ("POST", "clock", 0): _set_clock,
}
