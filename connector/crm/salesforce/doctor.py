"""What would stop or hamper a run, found out by asking and never by writing; each with the click that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.clock import clock
from connector.crm.salesforce import permissions, powers, queries, record_types, reference
from connector.crm.salesforce.mapping import ENTITY
from connector.crm.salesforce.provision import absent
from connector.errors import AccessRefused, ConnectorError, UsageError
from connector.model.fields import CATALOGUE, Table
from connector.model.outputs import OURS
from connector.ports import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from connector.crm.salesforce.client import Client
    from connector.crm.salesforce.intake import Intake
    from connector.crm.salesforce.provision import Existing, Provisioner
    from connector.model.outputs import Output
    from connector.ports import Quota

_BY_HAND = frozenset(known.name for known in CATALOGUE[Table.ACCOUNTS])
_SETS = powers.SETS
_PAGE = "Setup → Object Manager → Account → Lightning Record Pages → Edit → drag the fields on the page"
_SHOW = f"optional; {_SETS} → {permissions.INTEGRATION.label} → Object Settings → Field Permissions → Read, or [fields]"


def examine(
    intake: Intake,
    provisioner: Provisioner,
    outputs: Sequence[Output],
    quota: Callable[[], Quota],
    *,
    now: datetime,
) -> Iterator[Finding]:
    """One finding per subject; the first bad one about the connection ends the list."""
    client = intake.client
    try:
        user = reference.user(client, several_currencies=False)
        yield _user(client, user)
        held = powers.sets(client, user.id)
        yield powers.finding(held)
        intake.prepare()
    except UsageError as error:
        yield Finding("bad", "fields", str(error), error.hint)
    except AccessRefused as error:
        yield Finding("bad", "access", str(error), error.hint)
        return
    except ConnectorError as error:
        yield Finding("bad", "connection", str(error), error.hint)
        return
    yield from _records(intake)
    yield from powers.sight(client, held, intake.columns)
    yield from _fields(provisioner, outputs)
    yield _readers(client)
    yield Finding("unchecked", "page", "whether people find the fields on the account page", _PAGE)
    yield _quota(quota())
    yield clock(client.vendor, client.server_time(), now)


def _user(client: Client, user: reference.User) -> Finding:
    if user.id is None:
        return Finding("unchecked", "user", f"API version {client.version}; this session may not say as whom")
    return Finding("good", "user", f"{user.name or user.id}, API version {client.version}")


def _records(intake: Intake) -> Iterator[Finding]:
    for entity, columns in intake.columns.items():
        found = f"{queries.count(intake.client, entity):,} {entity} records are visible"
        names = sorted(filter(_is_input, columns.missing))
        told = [f"{name} ({columns.wrong[name]})" if name in columns.wrong else name for name in names]
        if told:
            yield Finding("warning", entity, f"{found}; not connected: {', '.join(told)}", _SHOW)
        else:
            yield Finding("good", entity, found)
    for table, words in intake.closed.items():
        fix = f"optional; {_SETS} → Object Settings → Read and View All"
        yield Finding("warning", table.value, f"not connected: {words}", fix)
    for warning in intake.warnings:
        fix = "Setup → Users → the user → Edit → Currency" if warning.code == "HOME_CURRENCY_DIFFERS" else ""
        yield Finding("warning", warning.code.lower(), warning.message, fix)


def _is_input(name: str) -> bool:
    """Whether people or other tools fill a column: what we write ourselves is looked at by its fields."""
    return not name.startswith(OURS) or name in _BY_HAND


def _fields(provisioner: Provisioner, outputs: Sequence[Output]) -> Iterator[Finding]:
    existing = provisioner.read(outputs)
    wrong = provisioner.preflight(outputs, existing)
    missing = [line for line in wrong if absent(line)]
    for line in wrong:
        if not absent(line):
            yield Finding("bad", "fields", line, "run tiersync provision --dry-run")
    if missing:
        fix = f"run tiersync provision, or {_SETS} → {permissions.INTEGRATION.label} → Manage Assignments"
        yield Finding("bad", "fields", _in_short(missing), fix)
    if not wrong:
        yield Finding("good", "fields", f"all {len(outputs)} outputs have their field, and this user may edit them")
    yield from _edits(existing)
    if not missing:
        yield _writers(provisioner.client, provisioner.places(outputs))
    for target, entity in existing.items():
        wanted = provisioner.options(target, outputs)
        for line in record_types.lacking(provisioner.client, entity, wanted):
            fix = f"Setup → Object Manager → {entity.name} → Record Types → the record type → the field → Edit"
            yield Finding("warning", "record types", line, fix)


def _in_short(missing: Sequence[str]) -> str:
    first, *more = missing
    return f"{first}, and so are {len(more)} more" if more else first


def _writers(client: Client, fields: Sequence[str]) -> Finding:
    """Who else may edit our fields: what others write counts as a person's edit and is kept."""
    others = permissions.editors(client, fields)
    if others is None:
        text = "who else may edit our fields is not shown to this user (View Setup and Configuration)"
        return Finding("unchecked", "other writers", text)
    if not others:
        return Finding("good", "other writers", "nobody else may edit our fields")
    named = ", ".join(f"{name} ({count})" for name, count in sorted(others.items()))
    fix = f"optional; {_SETS} or Profiles → Object Settings → Account → Field Permissions → take Edit away"
    text = f"may edit some of our fields: {named}; what they write there is kept as a person's edit"
    return Finding("warning", "other writers", text, fix)


def _readers(client: Client) -> Finding:
    """Whether anybody was given the set that shows the result."""
    holders = permissions.holders(client, permissions.READ)
    fix = f"{_SETS} → {permissions.READ.label} → Manage Assignments → Add Assignment"
    if holders is None:
        return Finding("unchecked", "readers", f"who holds {permissions.READ.label} is not shown to this user", fix)
    if not holders:
        text = f"nobody holds {permissions.READ.label}: people see the result only where their profile shows it"
        return Finding("warning", "readers", text, fix)
    return Finding("good", "readers", f"{holders:,} users hold {permissions.READ.label}")


def _edits(existing: Existing) -> Iterator[Finding]:
    for target, entity in existing.items():
        name = ENTITY[target]
        if not entity.updateable:
            fix = f"{_SETS} → {permissions.INTEGRATION.label} → Object Settings → {name} → Edit"
            yield Finding("bad", "write access", f"this user may not edit {name} records", fix)


def _quota(quota: Quota) -> Finding:
    if quota.limit is None or quota.left is None:
        return Finding("unchecked", "quota", "Salesforce does not tell how many calls are left")
    level = "good" if quota.left > quota.limit // 10 else "warning"
    return Finding(level, "quota", f"{quota.left:,} of the day's {quota.limit:,} API calls are left")
