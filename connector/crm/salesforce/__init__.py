"""Salesforce: `connect` puts a provider together; everything else of this folder stays behind it."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.crm.salesforce.crm import Salesforce
from connector.crm.salesforce.mapping import FieldMap
from connector.crm.salesforce.pulling.columns import Situation
from connector.crm.salesforce.session.client import Client
from connector.crm.salesforce.session.limits import Limits
from connector.crm.salesforce.session.logins import Login, credentials
from connector.crm.salesforce.session.wire import Wire
from connector.crm.salesforce.writing.collections import Pace
from connector.crm.texts import Mask
from connector.crm.transport import Brake, Transport
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

API_VERSION = "66.0"

__all__ = ["API_VERSION", "Login", "Salesforce", "connect"]


def connect(
    *,
    now: Callable[[], datetime],
    instance_url: str,
    login: Login,
    login_url: str = "",
    api_version: str = API_VERSION,
    fields: Mapping[str, str] | None = None,
    home_currency: str = "EUR",
    timeout_seconds: float = 60.0,
    retry_seconds: float = 180.0,
    max_share_of_daily_quota: float = 0.5,
    exclude_person_accounts: bool = True,
    keep_refresh_token: Callable[[str], None] = lambda _: None,
    assignee: Callable[[], str | None] | None = None,
    observe: Callable[[Mapping[str, object]], None] | None = None,
    ticks: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    chance: Callable[[], float] = random.random,
) -> Salesforce:
    """A Salesforce organisation, not yet spoken to.

    `keep_refresh_token` receives a rotated refresh token; `assignee` tells which user gets the permissions when it is
    not the one who logs in here; `observe` sees each call, without secrets; `now` is the wall clock, `ticks` a clock
    that never jumps. Raises UsageError.
    """
    mask, brake = Mask(*login.secrets()), Brake(sleep)
    wire = _wire(instance_url, login_url or instance_url, timeout_seconds, ticks)
    limits = Limits(max_share=max_share_of_daily_quota, now=now, ticks=ticks, pause=brake.pause)
    client = Client(wire=wire, limits=limits, scrub=mask, version=api_version, now=now, chance=chance)
    client.transport = Transport(
        brake=brake,
        send=client.send,
        judge=client.judge,
        lanes=limits.lanes,
        retry_seconds=retry_seconds,
        now=now,
        ticks=ticks,
        observe=observe,
    )
    client.credentials = credentials(
        login, fetch=client.transport.call, mask=mask, version=api_version, keep=keep_refresh_token
    )
    return Salesforce(
        client,
        FieldMap(fields or {}),
        situation=Situation(exclude_persons=exclude_person_accounts),
        home_currency=home_currency,
        pace=Pace(ticks),
        assignee=assignee,
        now=now,
    )


def _wire(instance_url: str, login_url: str, timeout_seconds: float, ticks: Callable[[], float]) -> Wire:
    for url in (instance_url, login_url):
        _check_url(url)
    return Wire(base_url=instance_url, login_url=login_url, timeout_seconds=timeout_seconds, ticks=ticks)


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "[crm] instance_url or login_url is not an http or https address",
            hint="your own domain, like https://acme.my.salesforce.com: Setup → My Domain",
        )
