"""The OAuth token endpoint: client credentials, JWT bearer, refresh with rotation, password (salesforce.md 1.1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote_plus

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce.org.times import read_moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.calls import Call
    from connector.sandbox.salesforce.org.access import App
    from connector.sandbox.salesforce.org.org import Org

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_LIFE = 300
"""Seconds an assertion may still be good for."""
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


class Denied(Exception):
    """A token request that is refused."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.answer = answer({"error": error, "error_description": description}, status)


def token(org: Org, call: Call) -> Answer:
    """Answer an access token, or say why not."""
    form = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
    grant = GRANTS.get(form.get("grant_type", ""))
    try:
        return (grant or _unsupported)(org, call, form)
    except Denied as denied:
        return denied.answer


def _unsupported(_org: Org, _call: Call, _form: dict[str, str]) -> Answer:
    raise Denied("unsupported_grant_type", "grant type not supported")


def _client_credentials(org: Org, call: Call, form: dict[str, str]) -> Answer:
    host = call.header("x-forwarded-host") or call.header("host")
    if host in {"login.salesforce.com", "test.salesforce.com"}:
        raise Denied("invalid_grant", "request not supported on this domain")
    app = _authenticated(org, call, form)
    if app.run_as is None:
        raise Denied("invalid_grant", "no client credentials user enabled")
    return _granted(org, call, app, app.run_as)


def _password(org: Org, call: Call, form: dict[str, str]) -> Answer:
    app, access = _authenticated(org, call, form), org.access
    username = form.get("username", "").lower()
    known = access.passwords.get(username)
    if known is None or form.get("password") not in {known, known + access.security_token}:
        raise Denied("invalid_grant", "authentication failure")
    return _granted(org, call, app, username)


def _refresh(org: Org, call: Call, form: dict[str, str]) -> Answer:
    app, access = _authenticated(org, call, form), org.access
    sent = form.get("refresh_token", "")
    if not sent or sent in access.revoked or sent != app.refresh_token:
        raise Denied("invalid_grant", "expired access/refresh token")
    more = {}
    if access.rotate:
        access.revoked.add(sent)
        app.refresh_token = f"5Aep861{access.random(30)}"
        more["refresh_token"] = app.refresh_token
    org.changes += 1
    return _granted(org, call, app, app.run_as or "", more)


def _jwt(org: Org, call: Call, form: dict[str, str]) -> Answer:
    header, claims, signed, signature = _parts(form.get("assertion", ""))
    app = org.access.apps.get(str(claims.get("iss")))
    if app is None:
        raise Denied("invalid_client_id", "client identifier invalid")
    if header.get("alg") != "RS256" or app.certificate is None or not _signed(app.certificate, signed, signature):
        raise Denied("invalid_grant", "invalid assertion")
    _check_claims(org, call, claims)
    username = str(claims.get("sub", "")).lower()
    if username not in org.access.passwords or not app.approved:
        raise Denied("invalid_grant", "user hasn't approved this consumer")
    return _granted(org, call, app, username)


def _parts(assertion: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    try:
        head, body, tail = assertion.split(".")
        header, claims = (orjson.loads(_decoded(part)) for part in (head, body))
        return header, claims, f"{head}.{body}".encode(), _decoded(tail)
    except (ValueError, binascii.Error) as error:
        raise Denied("invalid_grant", "invalid assertion") from error


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _signed(certificate: bytes, signed: bytes, signature: bytes) -> bool:
    key = public_key(certificate)
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def public_key(pem: bytes) -> RSAPublicKey:
    """Read the RSA key of a PEM certificate or public key; TypeError when it is of another kind."""
    certified = b"BEGIN CERTIFICATE" in pem
    key = x509.load_pem_x509_certificate(pem).public_key() if certified else load_pem_public_key(pem)
    if not isinstance(key, RSAPublicKey):
        raise TypeError("an RSA certificate or public key was expected")
    return key


def _check_claims(org: Org, call: Call, claims: dict[str, Any]) -> None:
    own = {f"https://{org.identity.domain}", _base(org, call)}
    if str(claims.get("aud", "")).rstrip("/") not in own.union(AUDIENCES):
        raise Denied("invalid_grant", "audience is invalid")
    try:
        left = float(claims["exp"]) - org.now().timestamp()
    except (KeyError, TypeError, ValueError):
        left = -1.0
    if not 0 < left <= LONGEST_LIFE:
        raise Denied("invalid_grant", "expired authorization code" if left <= 0 else "invalid expiration date")


def _authenticated(org: Org, call: Call, form: dict[str, str]) -> App:
    client, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = call.header("authorization").partition(" ")
    if scheme.lower() == "basic":
        plain = base64.b64decode(encoded + "==").decode("utf-8", "replace")
        client, _, secret = (unquote_plus(part) for part in plain.partition(":"))
    app = org.access.apps.get(client)
    if app is None:
        raise Denied("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(secret, app.client_secret):
        raise Denied("invalid_client", "invalid client credentials")
    return app


def _base(org: Org, call: Call) -> str:
    forwarded = call.header("x-forwarded-host")
    return f"https://{org.identity.domain}" if forwarded else f"http://{call.header('host')}"


def _granted(org: Org, call: Call, app: App, username: str, more: dict[str, str] | None = None) -> Answer:
    session = org.access.open(username, org.now(), api="api" in app.scopes)
    user = next(row for row in org.table("User").rows.values() if row["Username"] == username)
    organization = org.id()
    identity = f"https://login.salesforce.com/id/{organization}/{user['Id']}"
    issued = str(int(read_moment(org.instant()).timestamp() * 1000))
    digest = hmac.new(app.client_secret.encode(), (identity + issued).encode(), hashlib.sha256).digest()
    org.changes += 1
    return answer(
        {
            "access_token": session.token,
            "signature": base64.b64encode(digest).decode(),
            "scope": " ".join(sorted(app.scopes)),
            "instance_url": _base(org, call),
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
            **(more or {}),
        }
    )


def revoke(org: Org, call: Call) -> Answer:
    """Take a session or a refresh token out of use."""
    form = parse_qs(call.body.decode("utf-8", "replace")) | call.query
    sent = form.get("token", [""])[0]
    org.access.sessions.pop(sent, None)
    org.access.revoked.add(sent)
    org.changes += 1
    return Answer(200, b"", ())


def user_info(org: Org, call: Call) -> Answer:
    """Answer who a session belongs to."""
    row = org.table("User").rows[org.user_id(org.access.check(call.header("authorization"), org.now()))]
    organization = org.id()
    return answer(
        {
            "sub": f"https://login.salesforce.com/id/{organization}/{row['Id']}",
            "user_id": row["Id"],
            "organization_id": organization,
            "preferred_username": row["Username"],
            "name": row["Name"],
            "email": row["Email"],
            "zoneinfo": row["TimeZoneSidKey"],
            "active": row["IsActive"],
        }
    )


GRANTS: dict[str, Callable[[Org, Call, dict[str, str]], Answer]] = {
    "client_credentials": _client_credentials,
    "password": _password,
    "refresh_token": _refresh,
    JWT_BEARER: _jwt,
}
