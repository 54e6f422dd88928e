"""Who may call: token kinds, scopes, and OAuth with expiry and rotation (hubspot.md 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from connector.sandbox.answers import Answer, answer
from connector.sandbox.chance import seeded
from connector.sandbox.hubspot.account.times import iso
from connector.sandbox.hubspot.answers import Refusal

if TYPE_CHECKING:
    from random import Random

    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.requests import Request

STATIC = re.compile(r"pat-[a-z]{2}\d-\S+")
REFRESH = re.compile(r"(na|eu)\d-\S+")
SCOPES_URL = "https://developers.hubspot.com/scopes"
APP_ID = 1
NO_CREDENTIALS = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details "
    "at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a bearer token allows; `scopes` None means all of them, `expires_at` is epoch milliseconds."""

    token: str
    oauth: bool = False
    scopes: frozenset[str] | None = None
    expires_at: int | None = None


@dataclass
class Access:
    """The tokens of the account and how it hands out new ones."""

    token: str | None = None
    """The only static token that is accepted; None accepts any of the right shape."""
    client_id: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None
    """The OAuth app; None accepts anything that is not empty and, for the refresh token, of the right shape."""
    expires_in: int = 1800
    rotate: bool = False
    """A refresh hands out a new refresh token and revokes the old one."""
    oauth_scopes: frozenset[str] | None = None
    scopes: dict[str, frozenset[str]] = field(default_factory=dict)
    """Scopes of a static token; one that is not named has all."""
    issued: dict[str, Grant] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    chance: Random = field(default_factory=lambda: seeded(2))

    def grant(self, authorization: str, now: int) -> Grant:
        """Read the Authorization header; refuse with the vendor's 401."""
        scheme, _, token = authorization.partition(" ")
        issued = self.issued.get(token)
        if scheme.lower() != "bearer" or token in self.revoked:
            raise unauthenticated()
        if issued is not None:
            return _fresh(issued, now)
        if token != self.token if self.token else not STATIC.fullmatch(token):
            raise unauthenticated()
        return Grant(token, scopes=self.scopes.get(token))

    def issue(self, now: int) -> Grant:
        """Hand out an access token."""
        token = f"C{self._random(60)}"
        expires_at = now + self.expires_in * 1000
        self.issued[token] = Grant(token, oauth=True, scopes=self.oauth_scopes, expires_at=expires_at)
        return self.issued[token]

    def expire(self, now: int) -> None:
        """Let every access token handed out so far be expired."""
        self.issued = {token: replace(grant, expires_at=now) for token, grant in self.issued.items()}

    def accepts(self, client_id: str, client_secret: str) -> bool:
        """Tell whether these are the app's credentials."""
        known = self.client_id in {None, client_id} and self.client_secret in {None, client_secret}
        return known and bool(client_id and client_secret)

    def renews(self, refresh_token: str) -> bool:
        """Tell whether a refresh token is good."""
        fits = refresh_token == self.refresh_token if self.refresh_token else bool(REFRESH.fullmatch(refresh_token))
        return fits and refresh_token not in self.revoked

    def rotated(self, refresh_token: str) -> str:
        """Give the refresh token to go on with."""
        if not self.rotate:
            return refresh_token
        self.revoked.add(refresh_token)
        self.refresh_token = f"eu1-{self._random(24)}"
        return self.refresh_token

    def _random(self, length: int) -> str:
        return self.chance.randbytes(length).hex()


def _fresh(grant: Grant, now: int) -> Grant:
    if grant.expires_at is not None and grant.expires_at <= now:
        late = (now - grant.expires_at) // 1000
        raise Refusal(
            401,
            f"The OAuth token used to make this call expired {late} second(s) ago.",
            category="EXPIRED_AUTHENTICATION",
            context={"expire time": [iso(grant.expires_at)]},
        )
    return grant


def unauthenticated() -> Refusal:
    """Refuse a missing or unknown token."""
    failure = ((b"x-hubspot-auth-failure", b"401 Unauthorized"),)
    return Refusal(401, NO_CREDENTIALS, headers=failure, category="INVALID_AUTHENTICATION")


def require(grant: Grant, wanted: tuple[str, ...]) -> None:
    """Refuse with 403 unless the token has any one of the scopes wanted."""
    if wanted and grant.scopes is not None and grant.scopes.isdisjoint(wanted):
        raise missing_scopes(wanted)


def missing_scopes(wanted: tuple[str, ...]) -> Refusal:
    """Refuse with the body of hubspot.md 2.3; the list means any one of."""
    inner = "One or more of the following scopes are required."
    return Refusal(
        403,
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {SCOPES_URL}.",
        errors=[{"message": inner, "context": {"requiredGranularScopes": list(wanted)}}],
        links={"scopes": SCOPES_URL},
        category="MISSING_SCOPES",
    )


def exchange_token(portal: Portal, request: Request) -> Answer:
    """Answer a new access token for a refresh token; the errors are terminal ones."""
    form, access = _form(request), portal.access
    if form.get("grant_type") != "refresh_token":
        return _refused("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type")
    if not access.accepts(form.get("client_id", ""), form.get("client_secret", "")):
        return _refused("BAD_CLIENT_ID", "missing or unknown client id", "invalid_client")
    refresh = form.get("refresh_token", "")
    if not access.renews(refresh):
        return _refused("BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked", "invalid_grant")
    grant = access.issue(portal.now())
    content = {
        "token_type": "bearer",
        "refresh_token": access.rotated(refresh),
        "access_token": grant.token,
        "expires_in": access.expires_in,
    }
    if request.version != "v1":
        content |= {"hub_id": portal.account.portal_id, "scopes": _scopes(grant)}
    portal.changes += 1
    return answer(content)


def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}


def _refused(status: str, message: str, error: str) -> Answer:
    return answer({"status": status, "message": message, "error": error, "error_description": message}, 400)


def _scopes(grant: Grant) -> list[str]:
    return sorted(grant.scopes if grant.scopes is not None else {"oauth"})


def introspect(portal: Portal, request: Request) -> Answer:
    """Answer what a token is worth."""
    token, now = _form(request).get("token", ""), portal.now()
    grant = portal.access.issued.get(token)
    if grant is None or grant.expires_at is None or grant.expires_at <= now:
        return answer({"active": False})
    seconds = (grant.expires_at - now) // 1000
    content = {"active": True, "token_use": "access_token", "hub_id": portal.account.portal_id}
    return answer(content | {"scopes": _scopes(grant), "expires_in": seconds})


def revoke(portal: Portal, request: Request) -> Answer:
    """Take a token out of use."""
    portal.access.revoked.add(_form(request).get("token", ""))
    portal.changes += 1
    return Answer(200)


def access_token_details(portal: Portal, _request: Request, token: str) -> Answer:
    """Answer the metadata of an access token (v1)."""
    grant = portal.access.issued.get(token)
    if grant is None or grant.expires_at is None:
        raise Refusal(404, "No access token found", category="OBJECT_NOT_FOUND")
    seconds = max(0, (grant.expires_at - portal.now()) // 1000)
    life = {"token": token, "expires_in": seconds, "token_type": "access", "app_id": APP_ID}
    return answer(_metadata(portal, grant) | life)


def refresh_token_details(portal: Portal, _request: Request, token: str) -> Answer:
    """Answer the metadata of a refresh token (v1)."""
    if not portal.access.renews(token):
        raise Refusal(404, "No refresh token found", category="OBJECT_NOT_FOUND")
    client = portal.access.client_id or "sandbox"
    return answer(_metadata(portal, Grant("")) | {"token": token, "client_id": client, "token_type": "refresh"})


def delete_refresh_token(portal: Portal, _request: Request, token: str) -> Answer:
    """Revoke a refresh token (v1)."""
    portal.access.revoked.add(token)
    portal.changes += 1
    return Answer(204, b"", ())


def _metadata(portal: Portal, grant: Grant) -> dict[str, object]:
    return {
        "hub_id": portal.account.portal_id,
        "hub_domain": "sandbox.example.com",
        "user_id": 1,
        "user": "sandbox@example.com",
        "scopes": _scopes(grant),
    }
