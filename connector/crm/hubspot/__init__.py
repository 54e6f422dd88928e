"""HubSpot: `connect` puts a provider together; everything else of this folder stays behind it."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connector.crm.hubspot.crm import HubSpot
from connector.crm.hubspot.mapping import FieldMap
from connector.crm.hubspot.paths import API_VERSION, Paths
from connector.crm.hubspot.session.auth import Credentials, FixedToken, RefreshedToken
from connector.crm.hubspot.session.client import Client, Wire
from connector.crm.hubspot.session.limits import Limits
from connector.crm.texts import Mask
from connector.crm.transport import Brake, Transport
from connector.errors import UsageError
from connector.model.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

BASE_URL = "https://api.hubapi.com"

__all__ = ["API_VERSION", "BASE_URL", "HubSpot", "connect"]


def connect(
    *,
    now: Callable[[], datetime],
    base_url: str = BASE_URL,
    token: str = "",
    client_id: str = "",
    client_secret: str = "",
    refresh_token: str = "",
    fields: Mapping[str, str] | None = None,
    time_zone: str = "Europe/Amsterdam",
    home_currency: str = "EUR",
    timeout_seconds: float = 60.0,
    retry_seconds: float = 180.0,
    max_share_of_daily_quota: float = 0.5,
    api_version: str = API_VERSION,
    keep_refresh_token: Callable[[str], None] = lambda _: None,
    observe: Callable[[Mapping[str, object]], None] | None = None,
    ticks: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    chance: Callable[[], float] = random.random,
) -> HubSpot:
    """A HubSpot account, not yet spoken to.

    Either `token` (service key or private-app token) or `client_id`, `client_secret` and `refresh_token`.
    `keep_refresh_token` receives a rotated refresh token; `observe` sees each call, without secrets (method, path,
    lane, status, bytes, seconds); `now` is the wall clock, `ticks` a clock that never jumps. Raises UsageError.
    """
    _check_url(base_url)
    mask = Mask(*map(Secret, (token, client_secret, refresh_token)))
    wire = Wire(base_url=base_url, timeout_seconds=timeout_seconds, ticks=ticks)
    brake = Brake(sleep)
    limits = Limits(
        max_share=max_share_of_daily_quota,
        zone=ZoneInfo(time_zone),
        now=now,
        ticks=ticks,
        pause=brake.pause,
    )
    client = Client(wire=wire, limits=limits, scrub=mask, now=now, chance=chance)
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
    paths = Paths(api_version)
    client.credentials = _credentials(
        client, paths, mask, keep_refresh_token, ticks, token, client_id, client_secret, refresh_token
    )
    return HubSpot(client, paths, FieldMap(fields or {}), home_currency=home_currency, now=now)


def _credentials(
    client: Client,
    paths: Paths,
    mask: Mask,
    keep: Callable[[str], None],
    ticks: Callable[[], float],
    *given: str,
) -> Credentials:
    token, client_id, client_secret, refresh_token = given
    if token.strip() and not refresh_token:
        return FixedToken(Secret(token))
    if not (client_id and client_secret and refresh_token):
        raise UsageError(
            "HubSpot needs a token",
            hint="set [crm] token, or client_id, client_secret and refresh_token",
        )
    return RefreshedToken(
        client_id=client_id,
        client_secret=Secret(client_secret),
        refresh_token=Secret(refresh_token),
        fetch=client.transport.call,
        path=paths.token(),
        keep=keep,
        ticks=ticks,
        mask=mask,
    )


def _check_url(base_url: str) -> None:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("[crm] base_url is not an http or https address", hint=f"HubSpot itself is at {BASE_URL}")
