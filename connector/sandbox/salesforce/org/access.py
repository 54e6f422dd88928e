"""Who may call: users, client apps and sessions, with expiry, revocation and rotation (salesforce.md 1)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.sandbox.chance import seeded
from connector.sandbox.salesforce.answers import Refusal

if TYPE_CHECKING:
    from random import Random

INTEGRATION, ADMIN = "integration@sandbox.test", "admin@sandbox.test"
ORG_KEY = "00D5g00000000G8"
STATIC = {f"{ORG_KEY}!sandbox-integration": INTEGRATION, f"{ORG_KEY}!sandbox-admin": ADMIN}
"""Sessions that always hold, until they are revoked."""


@dataclass
class App:
    """A connected app or external client app, and whom it runs as under client credentials."""

    client_id: str
    client_secret: str
    run_as: str | None = INTEGRATION
    certificate: bytes | None = None
    """PEM of a certificate or public key; None refuses JWT bearer."""
    approved: bool = True
    scopes: frozenset[str] = frozenset({"api", "refresh_token"})
    refresh_token: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """What a session id allows; `until` moves on with every call."""

    token: str
    username: str
    until: datetime | None = None
    api: bool = True
    """Whether it may be used with REST."""


@dataclass
class Access:
    """The users' secrets, the apps, and the sessions handed out."""

    token: str | None = None
    """The only static session id, of the integration user; None accepts the two of `STATIC`."""
    passwords: dict[str, str] = field(default_factory=lambda: dict.fromkeys((INTEGRATION, ADMIN), "sandbox-password"))
    security_token: str = field(default="sandbox-token")
    apps: dict[str, App] = field(default_factory=dict)
    rotate: bool = False
    """A refresh hands out a new refresh token and revokes the old one."""
    timeout_seconds: float = 7200.0
    """A session ends after so long without a call."""
    sessions: dict[str, Session] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    not_for_rest: bool = False
    """Every session is refused as not valid for REST, which no new login cures."""
    org_key: str = ORG_KEY
    """What the ids of new sessions begin with: the org's, in 15 characters."""
    chance: Random = field(default_factory=lambda: seeded(2))

    def __post_init__(self) -> None:
        for name, run_as in (("sandbox-integration", INTEGRATION), ("sandbox-admin", ADMIN)):
            self.apps.setdefault(name, App(name, "sandbox-secret", run_as=run_as, refresh_token=f"5Aep861-{name}"))

    def certify(self, pem: bytes) -> None:
        """Let every app take assertions signed with the key of a certificate."""
        for app in self.apps.values():
            app.certificate = pem

    def random(self, length: int) -> str:
        """Give letters for a token."""
        return self.chance.randbytes(length).hex()

    def open(self, username: str, now: datetime, *, api: bool = True) -> Session:
        """Begin a session."""
        token = f"{self.org_key}!AQ{self.random(40)}"
        made = Session(token, username, now + timedelta(seconds=self.timeout_seconds), api)
        self.sessions[token] = made
        return made

    def check(self, authorization: str, now: datetime) -> str:
        """Give the user of an Authorization header; refuse with 401 INVALID_SESSION_ID in either meaning."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() not in {"bearer", "oauth"}:
            raise expired()
        return self.user_of(token.strip(), now)

    def user_of(self, token: str, now: datetime) -> str:
        """Give the user of a session id."""
        if self.not_for_rest:
            raise not_for_rest()
        if token in self.revoked:
            raise expired()
        static = {self.token: INTEGRATION} if self.token else STATIC
        if token in static:
            return static[token]
        found = self.sessions.get(token)
        if found is None or (found.until is not None and found.until <= now):
            raise expired()
        if not found.api:
            raise not_for_rest()
        self.sessions[token] = replace(found, until=now + timedelta(seconds=self.timeout_seconds))
        return found.username

    def expire(self) -> None:
        """End every session a login has opened; a static one ends by being revoked."""
        self.sessions.clear()


def expired() -> Refusal:
    """Refuse a session that is over: a new login cures it."""
    return Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")


def not_for_rest() -> Refusal:
    """Refuse a session of the wrong kind: a new login changes nothing."""
    return Refusal(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
