"""The five ways in, as the settings name them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.crm.salesforce.session.auth import FixedSession, LoggedIn, grant, login
from connector.errors import UsageError
from connector.model.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.salesforce.session.auth import Credentials, Grant
    from connector.crm.texts import Mask
    from connector.crm.transport import Answer, Call

LAST_SOAP_LOGIN = 64.0
"""SOAP login() does not exist above this API version."""
PRODUCTION = "https://login.salesforce.com"
_AUDIENCE = re.compile(r"https://([A-Za-z0-9.-]+)\.salesforce\.com/?")

_APP = "Setup → External Client App Manager → your app → Policies"
_ADVICE = {
    "password": "check username, password and security_token; SOAP logins are off by default in new organisations: "
    'use login = "client_credentials"',
    "jwt": f"check client_id and username, and that the app holds the certificate of private_key; {_APP} → "
    "pre-authorise the user's profile or permission set; where the assertion is told to have expired, set this "
    "machine's clock",
    "client_credentials": f"check client_id and client_secret; {_APP} → enable the Client Credentials Flow and name "
    "the run-as user",
    "refresh_token": "log in through the app again and put the new refresh token where [crm] refresh_token points",
}


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """What the settings give; which of these are needed depends on `way`."""

    way: str
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    security_token: Secret = field(default_factory=lambda: Secret(""))
    client_id: str = ""
    client_secret: Secret = field(default_factory=lambda: Secret(""))
    refresh_token: Secret = field(default_factory=lambda: Secret(""))
    private_key: Secret = field(default_factory=lambda: Secret(""))
    audience: str = ""
    token: Secret = field(default_factory=lambda: Secret(""))

    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be shown."""
        return (
            *(self.password, self.security_token, self.client_secret),
            *(self.refresh_token, self.private_key, self.token),
        )


def credentials(
    told: Login, *, fetch: Callable[[Call], Answer], mask: Mask, version: str, keep: Callable[[str], None]
) -> Credentials:
    """The credentials for a way in; `keep` receives a rotated refresh token. Raises UsageError for an unknown way."""
    if told.way == "session":
        return FixedSession(told.token)
    if told.way == "refresh_token":
        return LoggedIn(_Refreshing(told, fetch, mask, keep), advice=_ADVICE["refresh_token"])
    if told.way not in _ADVICE:
        raise UsageError(f"login = {told.way!r} is no way in", hint=f"use one of {', '.join(['session', *_ADVICE])}")
    hint = _ADVICE[told.way]
    if told.way == "client_credentials":
        return LoggedIn(lambda: _client_credentials(told, fetch, mask, hint), advice=hint)
    words = _words(told, version)
    return LoggedIn(lambda: login(fetch, mask, hint, **words), advice=hint)


def _client_credentials(told: Login, fetch: Callable[[Call], Answer], mask: Mask, hint: str) -> Grant:
    basic = f"{told.client_id}:{told.client_secret.reveal()}"
    return grant(fetch, mask, hint, {"grant_type": "client_credentials"}, what="the login", basic=basic)[0]


def _words(told: Login, version: str) -> dict[str, str]:
    """A login in simple-salesforce's words; it sends to our login address, whatever domain is named."""
    if told.way == "password":
        return {
            "username": told.username,
            "password": told.password.reveal(),
            "security_token": told.security_token.reveal(),
            "sf_version": f"{min(float(version), LAST_SOAP_LOGIN):.1f}",
        }
    found = _AUDIENCE.fullmatch(told.audience or PRODUCTION)
    if found is None:
        raise UsageError(
            "[crm] audience is no Salesforce login host", hint=f"{PRODUCTION} or https://test.salesforce.com"
        )
    return {
        "username": told.username,
        "consumer_key": told.client_id,
        "privatekey": _checked_key(told.private_key),
        "domain": found[1],
    }


def _checked_key(key: Secret) -> str:
    """The key, when it is one: a library's error would show what it could not read."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        load_pem_private_key(key.reveal().encode(), password=None)
    except (ValueError, TypeError):
        raise UsageError(
            "[crm] private_key is not an RSA key in PEM form", hint="it begins with -----BEGIN PRIVATE KEY-----"
        ) from None
    return key.reveal()


class _Refreshing:
    """Sessions for a refresh token, which may be another one next time."""

    def __init__(self, told: Login, fetch: Callable[[Call], Answer], mask: Mask, keep: Callable[[str], None]) -> None:
        self._told = told
        self._fetch = fetch
        self._mask = mask
        self._keep = keep
        self._token = told.refresh_token

    def __call__(self) -> Grant:
        form = {"grant_type": "refresh_token", "client_id": self._told.client_id}
        form["refresh_token"] = self._token.reveal()
        if self._told.client_secret:
            form["client_secret"] = self._told.client_secret.reveal()
        hint = _ADVICE["refresh_token"]
        made, rotated = grant(self._fetch, self._mask, hint, form, what="the refresh token")
        before, self._token = self._token, rotated or self._token
        self._mask.renewed(made.session, self._token, before)
        if self._token.reveal() != before.reveal():
            self._keep(self._token.reveal())
        return made
