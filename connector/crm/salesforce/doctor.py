"""What would stop or hamper a run, found out by asking and never by writing; each with the click that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.findings import calls_left, clock
from connector.crm.said import say
from connector.crm.salesforce.provisioning import permissions
from connector.crm.salesforce.provisioning.provision import absent
from connector.crm.salesforce.pulling import reference
from connector.crm.salesforce.session import powers, queries
from connector.crm.salesforce.writing import record_types
from connector.errors import AccessRefused, ConnectorError, UsageError
from connector.model.fields import CATALOGUE, Table
from connector.model.outputs import OURS
from connector.ports import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from connector.crm.salesforce.provisioning.provision import Provisioner
    from connector.crm.salesforce.pulling.intake import Intake
    from connector.crm.salesforce.session.client import Client
    from connector.model.outputs import Output
    from connector.model.texts import Said
    from connector.ports import Quota

_BY_HAND = frozenset(known.name for known in CATALOGUE[Table.ACCOUNTS])
_SETS = powers.SETS
_OURS = f"{_SETS} → {permissions.INTEGRATION.label}"
_PAGE = "Setup → Object Manager → Account → Lightning Record Pages → Edit"


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
    yield Finding("unchecked", "page", say("page_unseen"), say("drag_fields", fix=_PAGE))
    yield calls_left(client.vendor, quota())
    yield clock(client.vendor, client.server_time(), now)


def _user(client: Client, user: reference.User) -> Finding:
    if user.id is None:
        return Finding("unchecked", "user", say("session_unnamed", version=client.version))
    return Finding("good", "user", say("session", user=user.name or user.id, version=client.version))


def _records(intake: Intake) -> Iterator[Finding]:
    show = say("read_or_fields", fix=f"{_OURS} → Object Settings → Field Permissions → Read")
    for entity, columns in intake.columns.items():
        found = say("visible", count=queries.count(intake.client, entity), entity=entity)
        names = sorted(filter(_is_input, columns.missing))
        told = [f"{name} ({columns.wrong[name]})" if name in columns.wrong else name for name in names]
        if told:
            yield Finding("warning", entity, say("partly_connected", found=found, names=", ".join(told)), show)
        else:
            yield Finding("good", entity, found)
    for table, words in intake.closed.items():
        fix = say("optional", fix=f"{_SETS} → Object Settings → Read and View All")
        yield Finding("warning", table.value, say("not_connected", words=words), fix)
    for warning in intake.warnings:
        mend = "Setup → Users → the user → Edit → Currency" if warning.code == "HOME_CURRENCY_DIFFERS" else ""
        yield Finding("warning", warning.code.lower(), warning.message, mend)


def _is_input(name: str) -> bool:
    """Whether people or other tools fill a column: what we write ourselves is looked at by its fields."""
    return not name.startswith(OURS) or name in _BY_HAND


def _fields(provisioner: Provisioner, outputs: Sequence[Output]) -> Iterator[Finding]:
    existing = provisioner.read(outputs)
    wrong, closed = provisioner.preflight(outputs, existing), provisioner.closed(outputs, existing)
    missing = [line for line in wrong if absent(line)]
    for line in wrong:
        if not absent(line):
            yield Finding("bad", "fields", line, say("provision"))
    if missing:
        fix = say("provision_or", fix=f"{_OURS} → Manage Assignments")
        yield Finding("bad", "fields", _in_short(missing), fix)
    if not wrong and not closed:
        yield Finding("good", "fields", say("all_fields", count=len(outputs)))
    for name in closed:
        yield Finding("bad", "write access", no_edit(name), grant_edit(name))
    if not missing:
        yield _writers(provisioner.client, provisioner.places(outputs))
    for target, entity in existing.items():
        wanted = provisioner.options(target, outputs)
        for line in record_types.lacking(provisioner.client, entity, wanted):
            mend = f"Setup → Object Manager → {entity.name} → Record Types → the record type → the field → Edit"
            yield Finding("warning", "record types", line, mend)


def _in_short(missing: Sequence[str]) -> str:
    first, *more = missing
    return say("and_more", first=first, more=len(more)) if more else first


def _writers(client: Client, fields: Sequence[str]) -> Finding:
    """Who else may edit our fields: what others write counts as a person's edit and is kept."""
    others = permissions.editors(client, fields)
    if others is None:
        return Finding("unchecked", "other writers", say("writers_hidden"))
    if not others:
        return Finding("good", "other writers", say("no_writers"))
    named = ", ".join(f"{name} ({count})" for name, count in sorted(others.items()))
    fix = f"{_SETS} or Profiles → Object Settings → Account → Field Permissions → Edit"
    return Finding("warning", "other writers", say("writers", names=named), say("take_away", fix=fix))


def _readers(client: Client) -> Finding:
    """Whether anybody was given the set that shows the result."""
    holders = permissions.holders(client, permissions.READ)
    fix = f"{_SETS} → {permissions.READ.label} → Manage Assignments → Add Assignment"
    if holders is None:
        return Finding("unchecked", "readers", say("readers_hidden", label=permissions.READ.label), fix)
    if not holders:
        return Finding("warning", "readers", say("no_readers", label=permissions.READ.label), fix)
    return Finding("good", "readers", say("readers", count=holders, label=permissions.READ.label))


def no_edit(name: str) -> Said:
    """That the records of an object may not be edited."""
    return say("no_write", name=name)


def grant_edit(name: str) -> str:
    """The clicks that let them be edited."""
    return f"{_OURS} → Object Settings → {name} → Edit"
