"""What `doctor` finds without the CRM: settings, secrets, rules, state, schedule, alerts."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connector.errors import ConnectorError, UsageError
from connector.model.texts import Said
from connector.ports import Finding
from connector.settings.model import HubSpot, Salesforce
from connector.settings.rotation import Beside
from connector.sync.tenant import other_tenant
from connector.wiring.beside import findings as tables
from connector.wiring.engines import check
from connector.wiring.said import say
from connector.wiring.secrets import open_secrets
from connector.wiring.working import plan
from connector.worker.notify import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.wiring import Wiring


def findings(wiring: Wiring) -> Iterator[Finding]:
    """Yield one finding per thing that was looked at; raises UsageError for settings and rules that are wrong."""
    check(wiring.settings.engine.kind)
    yield Finding("good", "settings", str(wiring.loaded.file))
    yield from open_secrets(wiring)
    yield from _rotation(wiring)
    yield Finding("good", "rules", say("rules", folder=str(wiring.rules_directory), version=wiring.rules.version))
    yield from _state(wiring)
    yield from _worker(wiring)
    yield from tables(wiring)


def tenant(wiring: Wiring) -> Iterator[Finding]:
    """Yield what is wrong when the login is of another tenant of the CRM than the state; silent where nobody tells."""
    with suppress(ConnectorError):
        if names := other_tenant(wiring.store.journal, wiring.crm):
            told = partial(Said, "connector.sync")
            yield Finding("bad", "state", told("OTHER_TENANT", **names), told("own_state"))


def _rotation(wiring: Wiring) -> Iterator[Finding]:
    section = wiring.settings.crm
    if not isinstance(section, HubSpot | Salesforce):
        return
    for key, login in (("crm", section), ("crm.admin", section.admin)):
        if login is None or login.refresh_token is None:
            continue
        place = wiring.opening.kept(key, login)
        if isinstance(place, Beside):
            kept = say("kept_token", file=str(place.file))
            yield Finding("warning", f"{key}.refresh_token", kept, say("secret_key"))


def _state(wiring: Wiring) -> Iterator[Finding]:
    try:
        snapshot = wiring.store.mirror.current()
        holder = wiring.store.lease.holder()
    except UsageError:
        raise
    except ConnectorError as error:
        level = "warning" if error.code == "MIRROR" else "bad"  # the next run pulls a lost mirror anew
        yield Finding(level, "state", str(error), error.hint)
        return
    zone = ZoneInfo(wiring.settings.run.time_zone)
    pulled = (
        say("last_pull", at=f"{snapshot.made_at.astimezone(zone):%Y-%m-%d %H:%M %Z}") if snapshot else say("no_pull")
    )
    yield Finding("good", "state", pulled)
    if holder is not None:
        since = f"{holder.since.astimezone(zone):%H:%M %Z}"
        held = say("lease_held", owner=holder.owner, host=holder.host, since=since)
        yield Finding("warning", "another run", held)


def _worker(wiring: Wiring) -> Iterator[Finding]:
    """Yield when the worker runs next, and what keeps people from hearing of it; silent without a schedule."""
    urls, beat = wiring.told
    if wiring.settings.schedule.cron or wiring.settings.schedule.every:
        now = wiring.clock()
        due = plan(wiring).after(now)
        yield Finding("good", "schedule", say("next_due", at=f"{due:%Y-%m-%d %H:%M %Z}"))
        if not urls and beat is None:
            yield Finding("warning", "alerts", say("nobody_told"), say("tell_somebody"))
    for at in unknown(urls):
        told = say("unknown_address", name=f"alerts.urls[{at}]")
        yield Finding("warning", "alerts", told, say("known_addresses"))
    if beat is not None and urlsplit(beat).scheme not in {"http", "https"}:
        told = say("unknown_address", name="alerts.heartbeat_url")
        yield Finding("warning", "alerts", told, say("heartbeat_address"))
