"""The walk of one run, from the settings and the parts."""

from __future__ import annotations

import getpass
import os
import socket
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.model.meant import near
from connector.planning.compare import EditedValues
from connector.planning.guards import Limits
from connector.sync import Policy, Walk
from connector.wiring.beside import check_addresses
from connector.wiring.engines import check
from connector.wiring.secrets import open_secrets

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from connector.ports import Progress
    from connector.sync.parts import Listing
    from connector.wiring import Wiring


def policy(wiring: Wiring, *, as_of: date | None) -> Policy:
    """Return what the settings say about runs; without `as_of` a run is as of its own day."""
    run = wiring.settings.run
    return Policy(
        limits=Limits(**wiring.settings.limits.model_dump()),
        edited_values=EditedValues(run.edited_values),
        on_edit={_written(wiring, name): EditedValues(said) for name, said in run.on_edit.items()},
        quiet=timedelta(minutes=run.quiet_minutes),
        as_of=as_of,
        time_zone=run.time_zone,
        home_currency=run.home_currency,
        language=wiring.language,
        lease_wait_seconds=wiring.settings.state.lease_wait_seconds,
        keep_runs=timedelta(days=wiring.settings.state.keep_days),
    )


def _written(wiring: Wiring, name: str) -> str:
    """Return the name of a property that the rules write; raises UsageError for any other, where there are rules."""
    if wiring.rules_broken:
        return name
    names = sorted({n for output in wiring.outputs if output.written for n in (output.name, output.on_deals) if n})
    if name not in names:
        hint = near(name, names) or "`tiersync rules docs` lists the properties that are written"
        raise UsageError(f"[run.on_edit]: the rules write no property {name}", hint=hint)
    return name


def walk(
    wiring: Wiring,
    progress: Progress,
    *,
    as_of: date | None,
    begun: Callable[[str], None] | None,
    listing: Listing | None,
) -> Walk:
    """Return the walk of one run."""
    _warn_of_open_secrets(wiring)
    _ = wiring.told  # an address that is missing is said before anything is written, not after
    return Walk(
        crm=wiring.crm,
        mirror=wiring.store.mirror,
        journal=wiring.journal,
        lease=wiring.store.lease,
        rules=wiring.rules,
        request=wiring.pull_request,
        policy=policy(wiring, as_of=as_of),
        clock=wiring.clock,
        progress=progress,
        report=wiring.reporting(),
        begun=begun,
        listing=listing,
        who=_who(),
        beside=wiring.beside,
        engine=wiring.arriving_engine,  # the last one: it loads while the pull waits, not while we load the others
    )


def refuse_unusable(wiring: Wiring) -> None:
    """Raise UsageError for what fails every run until somebody mends it: missing secrets, wrong settings or rules.

    The CRM is not asked: what only it can tell may be mended there while a worker lives on.
    """
    check(wiring.settings.engine.kind)
    _ = wiring.told, wiring.crm, wiring.pull_request
    policy(wiring, as_of=None)
    check_addresses(wiring)


def _who() -> str:
    """Return who started this, as the journal keeps it: the user and the machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without a user list
        user = str(os.getuid()) if hasattr(os, "getuid") else ""
    return f"{user}@{socket.gethostname()}"


def _warn_of_open_secrets(wiring: Wiring) -> None:
    for finding in open_secrets(wiring):
        wiring.log("warning", finding.message, key=finding.subject, fix=finding.fix)
