"""What would stop or hamper a run, found out by asking and never by writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.findings import calls_left, clock
from connector.crm.hubspot.provisioning.provision import absent
from connector.crm.hubspot.session import scopes
from connector.crm.said import say
from connector.errors import AccessRefused, ConnectorError, UsageError
from connector.model.outputs import OURS
from connector.ports import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from connector.crm.hubspot.provisioning.provision import Existing, Provisioner
    from connector.crm.hubspot.pulling import reference
    from connector.crm.hubspot.pulling.intake import Intake
    from connector.crm.hubspot.session.client import Client
    from connector.model.outputs import Output
    from connector.model.runs import Reason
    from connector.ports import ProvisionStep

NAMED = 5
"""Missing properties that are named."""


def examine(
    client: Client,
    intake: Intake,
    provisioner: Provisioner,
    outputs: Sequence[Output],
    existing: Callable[[], Existing | None],
    *,
    now: datetime,
) -> Iterator[Finding]:
    """One finding per subject; the first bad one about the connection ends the list."""
    if warning := client.credentials.warning():
        yield Finding("warning", "token", warning, say("paste_token"))
    try:
        intake.prepare()
    except UsageError as error:
        yield Finding("bad", "fields", str(error), error.hint)
    except AccessRefused as error:
        yield Finding("bad", "access", str(error), error.hint)
        return
    except ConnectorError as error:
        yield Finding("bad", "connection", str(error), error.hint)
        return
    yield _account(intake.details)
    on_deals = any(output.on_deals for output in outputs)
    yield from scopes.findings(client.credentials.scopes(), on_deals=on_deals)
    yield from _records(intake)
    yield from _properties(provisioner, outputs, existing())
    yield calls_left(client.vendor, client.limits.quota())
    yield clock(client.vendor, client.server_time(), now)


def _account(details: reference.Details) -> Finding:
    if details.portal is None:
        return Finding("unchecked", "account", say("account_hidden"))
    return Finding(
        "good", "account", say("account", portal=str(details.portal), currency=details.currency or say("unknown"))
    )


def _records(intake: Intake) -> Iterator[Finding]:
    for table, columns in intake.columns.items():  # properties that provisioning makes have a line of their own
        found = say("records", count=intake.standings[table].total, kind=table.value)
        if missing := sorted(name for name in columns.missing if not name.startswith(OURS)):
            names = ", ".join(missing)
            yield Finding("warning", table.value, say("partly_connected", found=found, names=names), say("see_fields"))
        else:
            yield Finding("good", table.value, found)
    for table, words in intake.closed.items():
        yield Finding("warning", table.value, say("not_connected", words=words), say("give_scope"))
    yield from map(doubt, intake.warnings)


def doubt(warning: Reason) -> Finding:
    """Tell a warning of the intake with what mends it, and with nothing where nobody has to do anything."""
    fix = say("home_currency") if warning.code == "HOME_CURRENCY_DIFFERS" else ""
    return Finding("warning", warning.code.lower(), warning.message, fix)


def _properties(provisioner: Provisioner, outputs: Sequence[Output], existing: Existing | None) -> Iterator[Finding]:
    if existing is None:
        yield Finding("unchecked", "properties", say("properties_hidden"))
        return
    steps, wrong = provisioner.steps(outputs, existing), provisioner.preflight(outputs, existing)
    missing = [step for step in steps if step.action == "create"]
    if missing:
        level = "bad" if any(map(absent, wrong)) else "warning"
        yield Finding(level, "properties", _in_short(missing, len(steps)), say("provision"))
    refused = provisioner.refused(outputs, existing)
    for line in (line for line in wrong if not absent(line)):
        yield Finding("bad", "properties", line, say("rename" if line in refused else "provision"))
    if not missing and not wrong:
        yield Finding("good", "properties", say("all_there", count=len(steps)))


def _in_short(missing: Sequence[ProvisionStep], wanted: int) -> str:
    """Name them all while that is short; the count is the one `provision` tells."""
    names = ", ".join(f"{step.target.value} {step.property}" for step in missing[:NAMED])
    return say("missing", missing=len(missing), wanted=wanted, names=names + (", …" if len(missing) > NAMED else ""))
