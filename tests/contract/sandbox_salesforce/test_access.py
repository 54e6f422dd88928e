"""Who may call: every OAuth flow, the SOAP login, and both meanings of INVALID_SESSION_ID."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.contract.sandbox_salesforce.desk import START, Desk, Reply

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CREDENTIALS = {"client_id": "sandbox-integration", "client_secret": "sandbox-secret"}


def works(desk: Desk, reply: Reply) -> bool:
    desk.token = reply.json["access_token"]
    return desk.get("/limits").status == 200


def test_client_credentials_open_a_session_without_a_refresh_token(desk: Desk) -> None:
    reply = desk.form(grant_type="client_credentials", **CREDENTIALS)
    assert reply.status == 200
    assert {"access_token", "instance_url", "id", "token_type", "issued_at", "signature", "scope"} == reply.json.keys()
    assert works(desk, reply)


def test_client_credentials_may_be_sent_as_basic_authorization(desk: Desk) -> None:
    basic = base64.b64encode(b"sandbox-integration:sandbox-secret").decode()
    path = "/services/oauth2/token"
    reply = desk.ask("POST", path, b"grant_type=client_credentials", authorization=f"Basic {basic}")
    assert works(desk, reply)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", **CREDENTIALS, "client_secret": "x"}, "invalid_client"),
        ({"grant_type": "client_credentials", **CREDENTIALS, "client_id": "x"}, "invalid_client_id"),
        ({"grant_type": "device", **CREDENTIALS}, "unsupported_grant_type"),
        ({"grant_type": "password", **CREDENTIALS, "username": "x", "password": "y"}, "invalid_grant"),
        ({"grant_type": "refresh_token", **CREDENTIALS, "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": JWT, "assertion": "a.b"}, "invalid_grant"),
    ],
)
def test_a_login_that_is_not_good_is_refused_with_an_oauth_error(desk: Desk, form: dict[str, str], error: str) -> None:
    reply = desk.form(**form)
    assert (reply.status, reply.json["error"]) == (400, error)


def test_the_general_login_host_takes_no_client_credentials(desk: Desk) -> None:
    body = b"grant_type=client_credentials&client_id=sandbox-integration&client_secret=sandbox-secret"
    reply = desk.ask("POST", "/services/oauth2/token", body, x_forwarded_host="login.salesforce.com")
    assert reply.json["error_description"] == "request not supported on this domain"


def test_a_password_login_takes_the_password_with_the_security_token(desk: Desk) -> None:
    login = {"username": "integration@sandbox.test", "password": "sandbox-passwordsandbox-token"}
    assert works(desk, desk.form(grant_type="password", **CREDENTIALS, **login))


def test_a_refresh_hands_out_a_new_refresh_token_only_when_it_rotates(desk: Desk) -> None:
    first = desk.org.access.apps["sandbox-integration"].refresh_token
    reply = desk.form(grant_type="refresh_token", refresh_token=first, **CREDENTIALS)
    assert works(desk, reply)
    assert "refresh_token" not in reply.json
    desk.org.access.rotate = True
    second = desk.form(grant_type="refresh_token", refresh_token=first, **CREDENTIALS).json["refresh_token"]
    spent = desk.form(grant_type="refresh_token", refresh_token=first, **CREDENTIALS)
    assert (spent.status, spent.json["error_description"]) == (400, "expired access/refresh token")
    assert works(desk, desk.form(grant_type="refresh_token", refresh_token=second, **CREDENTIALS))


def signed(key: RSAPrivateKey, **claims: Any) -> str:
    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    whole = {
        "iss": "sandbox-integration",
        "sub": "integration@sandbox.test",
        "aud": "https://login.salesforce.com",
        "exp": str(int(START.timestamp()) + 180),
        **claims,
    }
    text = f"{part(orjson.dumps({'alg': 'RS256'}))}.{part(orjson.dumps(whole))}"
    return f"{text}.{part(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
def certified(desk: Desk, key: RSAPrivateKey) -> Desk:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    desk.org.access.apps["sandbox-integration"].certificate = pem
    return desk


def test_a_jwt_signed_with_the_key_of_the_app_opens_a_session(certified: Desk, key: RSAPrivateKey) -> None:
    assert works(certified, certified.form(grant_type=JWT, assertion=signed(key)))


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        ({"iss": "another"}, "client identifier invalid"),
        ({"sub": "nobody@sandbox.test"}, "user hasn't approved this consumer"),
        ({"aud": "https://example.com"}, "audience is invalid"),
        ({"exp": int(START.timestamp()) - 1}, "expired authorization code"),
        ({"exp": int(START.timestamp()) + 3600}, "invalid expiration date"),
    ],
)
def test_a_jwt_with_a_wrong_claim_is_refused(
    certified: Desk, key: RSAPrivateKey, claims: dict[str, Any], description: str
) -> None:
    reply = certified.form(grant_type=JWT, assertion=signed(key, **claims))
    assert (reply.status, reply.json["error_description"]) == (400, description)


def test_a_jwt_signed_with_another_key_is_refused(certified: Desk, key: RSAPrivateKey) -> None:
    other = generate_private_key(65537, 2048)
    assert certified.form(grant_type=JWT, assertion=signed(other)).json["error_description"] == "invalid assertion"
    head, _, tail = signed(key).split(".")
    forged = f"{head}.{signed(key, sub='admin@sandbox.test').split('.')[1]}.{tail}"
    assert certified.form(grant_type=JWT, assertion=forged).json["error_description"] == "invalid assertion"


def test_a_jwt_for_an_app_without_a_certificate_is_refused(desk: Desk, key: RSAPrivateKey) -> None:
    assert desk.form(grant_type=JWT, assertion=signed(key)).json["error_description"] == "invalid assertion"


GOOD = "sandbox-passwordsandbox-token"


def soap(desk: Desk, version: str, secret: str = GOOD) -> Reply:
    body = (
        '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
        '<n1:login xmlns:n1="urn:partner.soap.sforce.com"><n1:username>integration@sandbox.test</n1:username>'
        f"<n1:password>{secret}</n1:password></n1:login></env:Body></env:Envelope>"
    )
    return desk.ask("POST", f"/services/Soap/u/{version}", body.encode())


def test_soap_login_opens_a_session_up_to_version_64(desk: Desk) -> None:
    reply = soap(desk, "64.0")
    assert reply.status == 200
    desk.token = reply.text.partition("<sessionId>")[2].partition("</sessionId>")[0]
    assert desk.get("/limits").status == 200


@pytest.mark.parametrize(("version", "code"), [("65.0", "INVALID_OPERATION"), ("30.0", "UNSUPPORTED_API_VERSION")])
def test_soap_login_of_a_version_without_it_is_a_fault(desk: Desk, version: str, code: str) -> None:
    reply = soap(desk, version)
    assert (reply.status, f"<sf:exceptionCode>{code}<" in reply.text) == (500, True)


def test_soap_login_is_a_fault_when_the_password_is_wrong_or_the_org_has_none(desk: Desk) -> None:
    assert "INVALID_LOGIN: Invalid username" in soap(desk, "59.0", "wrong").text
    desk.org.switches.soap_login = False
    assert "disabled by default in this org" in soap(desk, "59.0").text


@pytest.mark.parametrize("token", ["", "00Dxx!unknown"])
def test_a_session_that_is_not_known_is_expired(desk: Desk, token: str) -> None:
    desk.token = token
    reply = desk.get("/limits")
    assert (reply.status, reply.json) == (
        401,
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
    )


def test_a_session_ends_after_two_hours_without_a_call(desk: Desk) -> None:
    assert works(desk, desk.form(grant_type="client_credentials", **CREDENTIALS))
    for _ in range(3):
        desk.time.seconds += 7100
        assert desk.get("/limits").status == 200
    desk.time.seconds += 7200
    assert desk.get("/limits").code == "INVALID_SESSION_ID"


def test_a_session_ends_when_it_is_revoked(desk: Desk) -> None:
    assert works(desk, desk.form(grant_type="client_credentials", **CREDENTIALS))
    assert desk.ask("POST", "/services/oauth2/revoke", f"token={desk.token}".encode()).status == 200
    assert desk.get("/limits").status == 401


def test_a_session_without_the_api_scope_is_not_valid_for_rest_whatever_login_is_tried(desk: Desk) -> None:
    desk.org.access.apps["sandbox-integration"].scopes = frozenset({"web"})
    for _ in range(2):
        desk.token = desk.form(grant_type="client_credentials", **CREDENTIALS).json["access_token"]
        reply = desk.get("/limits")
        assert reply.status == 401
        assert reply.message == "This session is not valid for use with the REST API"


def test_versions_are_told_to_anybody_and_do_not_count(desk: Desk) -> None:
    desk.token = ""
    listed = desk.get("/services/data/").json
    assert (listed[-1]["version"], listed[-1]["url"]) == ("68.0", "/services/data/v68.0")
    assert listed[-1]["label"] == "Winter '27"
    assert desk.org.meter.used == 0


@pytest.mark.parametrize(("version", "status"), [("30.0", 410), ("31.0", 200), ("68.0", 200), ("69.0", 404)])
def test_a_version_is_served_refused_as_gone_or_not_there(desk: Desk, version: str, status: int) -> None:
    assert desk.get(f"/services/data/v{version}/limits").status == status


def test_userinfo_tells_whose_session_it_is(desk: Desk) -> None:
    told = desk.get("/services/oauth2/userinfo").json
    assert (told["preferred_username"], told["user_id"][:3], told["organization_id"][:3]) == (
        "integration@sandbox.test",
        "005",
        "00D",
    )
    assert desk.as_admin().get("/services/oauth2/userinfo").json["preferred_username"] == "admin@sandbox.test"
