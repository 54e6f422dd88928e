"""Bearer tokens for HubSpot: one that stays, or one that is renewed from a refresh token.

Source: HubSpot's OAuth pages: access tokens live `expires_in` seconds (1800), the refresh token is long-lived and
comes back with each answer; a `BAD_REFRESH_TOKEN` is terminal, the app must be installed again.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Protocol

import orjson

from connector.crm.hubspot.session.answers import meaning
from connector.crm.meaning import Meaning
from connector.crm.transport import Answer, Call
from connector.errors import AccessRefused, BadAnswer
from connector.model.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.texts import Mask

_RENEW_AT = 0.8
"""Share of a token's life after which it is renewed before it is asked for."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Credentials(Protocol):
    """Where the bearer token of the next call comes from."""

    def bearer(self) -> Secret:
        """The token to send now."""

    def renew(self, refused: Secret) -> bool:
        """Try to replace a token that was refused as expired; false when there is nothing to replace it with."""

    def warning(self) -> str:
        """What looks wrong about the credentials, or nothing."""

    def scopes(self) -> frozenset[str] | None:
        """What the token in use may do; None where HubSpot does not tell (keys and private apps)."""


class FixedToken:
    """A service key or private-app token: it does not expire."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def bearer(self) -> Secret:
        """The token itself."""
        return self._token

    def renew(self, refused: Secret) -> bool:
        """Never: only a person can make a new one."""
        return refused is not self._token

    def warning(self) -> str:
        """A bare UUID is the app's client secret, a common mistake; a token begins with pat-."""
        if _UUID.fullmatch(self._token.reveal()):
            return "the token has the shape of an app's client secret; a HubSpot token begins with pat-"
        return ""

    def scopes(self) -> None:
        """HubSpot tells the scopes of an app's tokens only."""


class RefreshedToken:
    """Access tokens from a refresh token: renewed by one thread at a time, early, or when refused as expired.

    `fetch` sends the token request; `keep` receives a rotated refresh token, to be stored by the owner of the
    settings.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: Secret,
        refresh_token: Secret,
        fetch: Callable[[Call], Answer],
        path: str,
        keep: Callable[[str], None],
        ticks: Callable[[], float],
        mask: Mask,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._refresh_token = refresh_token
        self._fetch = fetch
        self._path = path
        self._keep = keep
        self._ticks = ticks
        self._mask = mask
        self._lock = threading.Lock()
        self._access: Secret | None = None
        self._scopes: frozenset[str] | None = None
        self._renew_at = 0.0

    def bearer(self) -> Secret:
        """The access token, renewed first when four fifths of its life are over."""
        with self._lock:
            if self._access is None or self._ticks() >= self._renew_at:
                return self._refresh()
            return self._access

    def renew(self, refused: Secret) -> bool:
        """One refresh, unless another thread has already replaced the refused token."""
        with self._lock:
            if self._access is refused:
                self._refresh()
            return True

    def warning(self) -> str:
        """Nothing is known to be wrong with a refresh token before it is used."""
        return ""

    def scopes(self) -> frozenset[str] | None:
        """As they came with the last token; the first version of HubSpot's endpoint leaves them out."""
        return self._scopes

    def _refresh(self) -> Secret:
        answer = self._fetch(self._request())
        if meaning(answer) is not Meaning.GOOD:
            raise AccessRefused(
                "HubSpot refuses the refresh token: " + self._mask(_why(answer)),
                hint="install the app again and put the new refresh token where [crm] refresh_token points",
            )
        token, refresh, life, self._scopes = _granted(answer)
        self._mask.renewed(token, refresh, self._refresh_token)
        if refresh and refresh.reveal() != self._refresh_token.reveal():
            self._refresh_token = refresh
            self._keep(refresh.reveal())
        self._access, self._renew_at = token, self._ticks() + life * _RENEW_AT
        return token

    def _request(self) -> Call:
        form = {
            "grant_type": "refresh_token",
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
            "refresh_token": self._refresh_token.reveal(),
        }
        return Call("POST", self._path, "renewing the access token", form=form, lane="oauth")


def _granted(answer: Answer) -> tuple[Secret, Secret, float, frozenset[str] | None]:
    try:
        body = orjson.loads(answer.body)
        told = body.get("scopes")
        return (
            Secret(body["access_token"]),
            Secret(str(body.get("refresh_token") or "")),
            float(body.get("expires_in") or 1800),
            frozenset(map(str, told)) if isinstance(told, list) else None,
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        pass
    raise BadAnswer(
        "renewing the access token: HubSpot's answer holds no access token",
        hint="check [crm] base_url, where tokens are renewed too, and look for a proxy between here and HubSpot",
    )


def _why(answer: Answer) -> str:
    try:
        body = orjson.loads(answer.body)
        return str(body.get("message") or body.get("error") or f"HTTP {answer.status}")
    except (orjson.JSONDecodeError, AttributeError):
        return f"HTTP {answer.status}"
