"""What would stop or hamper a run, found out by asking and never by writing; each with the click that mends it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.crm.salesforce import permissions, powers, queries, record_types, reference
from connector.crm.salesforce.mapping import ENTITY
from connector.crm.salesforce.provision import absent
from connector.errors import AccessRefused, ConnectorError, UsageError
from connector.ports import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from connector.crm.salesforce.client import Client
    from connector.crm.salesforce.intake import Intake
    from connector.crm.salesforce.provision import Existing, Provisioner
    from connector.model.outputs import Output
    from connector.ports import Quota

_CLOCKS_AGREE = timedelta(minutes=5)
_SETS = "Setup → Permission Sets"
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
        yield powers.finding(client, user.id)
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
    yield from _fields(provisioner, outputs)
    yield _quota(quota())
    yield _clock(client, now)


def _user(client: Client, user: reference.User) -> Finding:
    if user.id is None:
        return Finding("unchecked", "user", f"API version {client.version}; this session may not say as whom")
    return Finding("good", "user", f"{user.name or user.id}, API version {client.version}")


def _records(intake: Intake) -> Iterator[Finding]:
    for entity, columns in intake.columns.items():
        found = f"{queries.count(intake.client, entity):,} {entity} records are visible"
        names = sorted(columns.missing)
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


def _fields(provisioner: Provisioner, outputs: Sequence[Output]) -> Iterator[Finding]:
    existing = provisioner.read(outputs)
    wrong = provisioner.preflight(outputs, existing)
    for line in wrong:
        fix = f"run tiersync provision, or {_SETS} → {permissions.INTEGRATION.label} → Manage Assignments"
        yield Finding("bad", "fields", line, fix if absent(line) else "run tiersync provision --dry-run")
    if not wrong:
        yield Finding("good", "fields", f"all {len(outputs)} outputs have their field, and this user may edit them")
    yield from _edits(existing)
    for target, entity in existing.items():
        wanted = provisioner.options(target, outputs)
        for line in record_types.lacking(provisioner.client, entity, wanted):
            fix = f"Setup → Object Manager → {entity.name} → Record Types → the record type → the field → Edit"
            yield Finding("warning", "record types", line, fix)


def _edits(existing: Existing) -> Iterator[Finding]:
    for target, entity in existing.items():
        name = ENTITY[target]
        if not entity.updateable:
            fix = f"{_SETS} → {permissions.INTEGRATION.label} → Object Settings → {name} → Edit"
            yield Finding("bad", "write access", f"this user may not edit {name} records", fix)
    fix = f"{_SETS} → Object Settings → Account → Modify All, or a sharing rule with read/write"
    yield Finding("unchecked", "sharing", "whether every account may be edited shows only when it is written", fix)


def _quota(quota: Quota) -> Finding:
    if quota.limit is None or quota.left is None:
        return Finding("unchecked", "quota", "Salesforce does not tell how many calls are left")
    level = "good" if quota.left > quota.limit // 10 else "warning"
    return Finding(level, "quota", f"{quota.left:,} of the day's {quota.limit:,} API calls are left")


def _clock(client: Client, now: datetime) -> Finding:
    """Dates are judged by our clock, changes by Salesforce's: they should agree."""
    theirs = client.server_time()
    if theirs is None:
        return Finding("unchecked", "clock", "Salesforce's answers carry no date")
    apart = abs(now - theirs)
    if apart <= _CLOCKS_AGREE:
        return Finding("good", "clock", "within five minutes of Salesforce's")
    text = f"{round(apart.total_seconds() / 60):,} minutes away from Salesforce's"
    return Finding("warning", "clock", text, "set this machine's clock; TIERSYNC_NOW fixes it on purpose")
