"""Five ways in; a session is renewed once, by one thread, and the repeated call keeps its headers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.crm.salesforce import Login
from connector.crm.transport import Again, Call, NoAnswer
from connector.errors import AccessRefused, BadAnswer, StopRun, UsageError
from connector.model.changes import Target
from connector.model.secrets import Secret
from connector.sandbox import running
from tests.hubspot.parts import FakeClock
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.salesforce.parts import pulled, salesforce_at, write_to
from tests.salesforce.tiny import account, organisation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.crm.transport import Answer

CLIENT: dict[str, Any] = {"client_id": "sandbox-integration", "client_secret": Secret("sandbox-secret")}
LOGINS = {
    "session": Login("session", token=Secret("00D5g00000000G8!sandbox-integration")),
    "password": Login(
        "password",
        username="integration@sandbox.test",
        password=Secret("sandbox-password"),
        security_token=Secret("sandbox-token"),
    ),
    "client_credentials": Login("client_credentials", **CLIENT),
    "refresh_token": Login("refresh_token", refresh_token=Secret("5Aep861-sandbox-integration"), **CLIENT),
}
WAYS_THAT_ASK = ("password", "client_credentials", "refresh_token")
LIMITS = Call("GET", "/services/data/v66.0/limits", "asking")


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def sandbox(key: rsa.RSAPrivateKey) -> Iterator[str]:
    with running(now=lambda: datetime.now(UTC), crm="salesforce", population=10) as found:
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        ask(found.url, apps={"sandbox-integration": {"certificate": public.decode()}})
        yield found.url


def ask(url: str, **access: Any) -> None:
    answer = requests.post(f"{url}/_sandbox/access", json=access, timeout=10)
    assert answer.ok, answer.text


def organization(url: str) -> str:
    """The one id that the organization's own table holds."""
    headers = {"Authorization": f"Bearer {LOGINS['session'].token.reveal()}"}
    rows = requests.get(
        f"{url}/services/data/v66.0/query", {"q": "SELECT Id FROM Organization"}, headers=headers, timeout=10
    )
    return str(rows.json()["records"][0]["Id"])


def jwt(key: rsa.RSAPrivateKey) -> Login:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return Login("jwt", username="integration@sandbox.test", client_id="sandbox-integration", private_key=Secret(text))


@pytest.mark.parametrize("way", [*LOGINS, "jwt"])
def test_every_way_in_leads_to_the_records_and_names_who_came_in_where(
    sandbox: str, way: str, key: rsa.RSAPrivateKey
) -> None:
    crm = salesforce_at(sandbox, login=LOGINS.get(way) or jwt(key))
    _, summary = pulled(crm)
    assert sum(summary.rows.values()) > 10
    if way == "session":
        assert crm.tenant() is None, "a session somebody else got does not tell"
    else:
        assert (crm.user() or "").startswith("005")
        assert crm.tenant() == f"Salesforce organization {organization(sandbox)}"
    crm.close()


@pytest.mark.parametrize("way", WAYS_THAT_ASK)
def test_a_refused_login_is_not_tried_again_and_says_what_to_do(sandbox: str, way: str) -> None:
    wrong = {"password": Secret("wrong-planted"), "client_secret": Secret("wrong-planted")}
    told = LOGINS[way]
    login = Login(
        way,
        username=told.username,
        client_id=told.client_id,
        refresh_token=Secret("wrong-planted"),
        password=wrong["password"],
        client_secret=wrong["client_secret"],
        security_token=told.security_token,
    )
    clock = FakeClock()
    crm = salesforce_at(sandbox, clock, login=login)
    with pytest.raises(AccessRefused) as caught:
        pulled(crm)
    assert caught.value.hint
    assert way != "password" or "INVALID_LOGIN: Invalid username, password" in str(caught.value)
    assert "{" not in str(caught.value)
    assert "wrong-planted" not in f"{caught.value}{caught.value.hint}"
    for ask in (crm.quota, crm.user, crm.tenant):
        with pytest.raises(AccessRefused):
            ask()
    assert (crm.requests(), clock.slept) == (1, [])
    with pytest.raises(AccessRefused):
        pulled(crm)
    assert crm.requests() == 2, "a new run may try again"


def test_a_soap_fault_without_details_is_told_in_its_own_words_and_shows_no_secret(server: Scripted) -> None:
    envelope = b"<E:Envelope xmlns:E='e'><E:Body><E:Fault><faultcode>%b</faultcode><faultstring>%b</faultstring>"
    fault = envelope % (b"sf:INVALID_OPERATION", b"login() is off for sandbox-password &amp; all")
    server.rule = lambda _: Reply(500, fault + b"</E:Fault></E:Body></E:Envelope>")
    with pytest.raises(AccessRefused) as caught:
        pulled(salesforce_at(server.url, login=LOGINS["password"]))
    assert "login() is off for" in str(caught.value)
    assert "& all" in str(caught.value)
    assert "<" not in str(caught.value)
    assert "sandbox-password" not in str(caught.value)


def test_an_assertion_that_is_told_to_have_expired_leads_to_the_clock(server: Scripted, key: rsa.RSAPrivateKey) -> None:
    expired = {"error": "invalid_grant", "error_description": "expired assertion"}
    server.only("oauth2/token", then=Reply(400, expired))
    with pytest.raises(AccessRefused, match="expired assertion") as caught:
        pulled(salesforce_at(server.url, login=jwt(key)))
    assert "this machine's clock" in caught.value.hint


def test_a_rotated_refresh_token_is_kept_and_used_next(sandbox: str) -> None:
    ask(sandbox, rotate=True)
    kept: list[str] = []
    crm = salesforce_at(sandbox, login=LOGINS["refresh_token"], keep_refresh_token=kept.append)
    pulled(crm)
    ask(sandbox, expire_now=True)
    pulled(crm)
    assert len(kept) == 2
    assert len({*kept, "5Aep861-sandbox-integration"}) == 3


def test_a_session_that_expires_in_mid_pull_is_replaced_and_nothing_is_lost(sandbox: str) -> None:
    crm = salesforce_at(sandbox, login=LOGINS["client_credentials"])
    before = pulled(crm)[1].rows
    ask(sandbox, expire_now=True)
    assert pulled(crm)[1].rows == before


def test_soap_logins_stay_at_the_last_version_that_has_them(sandbox: str) -> None:
    crm = salesforce_at(sandbox, login=LOGINS["password"], api_version="67.0")
    pulled(crm)
    calls = requests.get(f"{sandbox}/_sandbox/journal", timeout=30).json()["results"]
    assert [call["path"] for call in calls if "/Soap/" in call["path"]] == ["/services/Soap/u/64.0"]
    assert any("/services/data/v67.0/" in call["path"] for call in calls)


@pytest.mark.parametrize("reply", [{"status": 403, "body": "Bad_OAuth_Token"}, {"status": 200, "body": "hello"}])
def test_whose_a_given_session_is_shows_by_its_resources_where_userinfo_is_closed(
    sandbox: str, reply: dict[str, object]
) -> None:
    given = LOGINS["session"]
    wanted = salesforce_at(sandbox, login=given).user()
    assert wanted
    assert wanted.startswith("005")
    fault = {"action": "answer", "path": "userinfo"} | reply
    assert requests.post(f"{sandbox}/_sandbox/faults", json=fault, timeout=30).ok
    assert salesforce_at(sandbox, login=given).user() == wanted


def test_a_key_that_is_none_is_refused_without_showing_it(sandbox: str) -> None:
    login = Login("jwt", username="u", client_id="c", private_key=Secret("planted-not-a-key"))
    with pytest.raises(UsageError) as caught:
        salesforce_at(sandbox, login=login)
    assert "planted" not in f"{caught.value}{caught.value.hint}"


def test_an_audience_elsewhere_is_refused(sandbox: str, key: rsa.RSAPrivateKey) -> None:
    login = Login("jwt", username="u", client_id="c", private_key=jwt(key).private_key, audience="https://evil.example")
    with pytest.raises(UsageError, match="audience"):
        salesforce_at(sandbox, login=login)


class Granting:
    """A token endpoint that counts, on top of a tiny organisation."""

    def __init__(self, server: Scripted) -> None:
        self.granted = 0
        self.expired: set[str] = set()
        self.answer: Reply | None = None
        self.lock = threading.Lock()
        server.rule = self.rule

    def rule(self, seen: Seen) -> Reply | None:
        if seen.path == "/services/oauth2/token":
            self.granted += 1
            told = {"access_token": f"00D!planted-{self.granted}", "instance_url": "https://acme.my.salesforce.com"}
            return self.answer or Reply(200, told)
        token = seen.headers["Authorization"].removeprefix("Bearer ")
        if token in self.expired:
            return Reply(401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])
        return None


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(organisation()) as script:
        yield script


def test_eight_threads_that_meet_an_expired_session_log_in_once(server: Scripted) -> None:
    granting = Granting(server)
    crm = salesforce_at(server.url, login=LOGINS["client_credentials"])
    crm.user()
    granting.expired = {"00D!planted-1"}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: crm._client.get(crm._client.path("limits"), "asking"), range(16)))
    assert granting.granted == 2


def test_a_call_repeated_after_a_new_login_keeps_its_headers(server: Scripted) -> None:
    granting = Granting(server)
    crm = salesforce_at(server.url, login=LOGINS["client_credentials"])
    crm.read(Target.ACCOUNT, [account(1)], ["seg_tier"])
    granting.expired = {"00D!planted-1"}
    crm.write([write_to(account(1), seg_tier="large")])
    writes = [seen for seen in server.seen if seen.method == "PATCH"]
    assert [seen.headers["Sforce-Auto-Assign"] for seen in writes] == ["FALSE", "FALSE"]
    assert granting.granted == 2


def test_a_session_that_is_refused_again_right_after_a_login_ends_the_run(server: Scripted) -> None:
    granting = Granting(server)
    granting.expired = {f"00D!planted-{number}" for number in range(20)}
    crm = salesforce_at(server.url, login=LOGINS["client_credentials"])
    with pytest.raises(AccessRefused):
        pulled(crm)
    assert granting.granted == 2


@pytest.mark.parametrize("body", [b"", b"<html>", {"access_token": "", "instance_url": "x"}, {"access_token": 7}, []])
def test_a_login_answered_with_no_session_is_told(server: Scripted, body: object) -> None:
    Granting(server).answer = Reply(200, body)
    crm = salesforce_at(server.url, login=LOGINS["client_credentials"])
    with pytest.raises((BadAnswer, AccessRefused)) as caught:
        pulled(crm)
    assert caught.value.hint


@pytest.mark.parametrize("body", [b"", b"<html>", b"<a><sessionId>x</sessionId></a>"])
def test_a_soap_login_answered_with_no_session_is_told(server: Scripted, body: bytes) -> None:
    server.only("/services/Soap/", then=Reply(200, body))
    with pytest.raises(BadAnswer, match="the answer holds no session") as caught:
        pulled(salesforce_at(server.url, login=LOGINS["password"]))
    assert caught.value.hint


def test_a_refresh_token_that_rotated_stays_masked_however_many_sessions_follow(server: Scripted) -> None:
    granting = Granting(server)
    told = {"access_token": "00D!planted-0", "instance_url": "x", "refresh_token": "5Aep861-planted-rotated"}
    granting.answer = Reply(200, told)
    crm = salesforce_at(server.url, login=LOGINS["refresh_token"])
    crm.user()
    granting.answer = None
    for _ in range(3):
        crm._client.credentials.renew(crm._client.credentials.bearer())
    assert "planted" not in crm._client.scrub("no 5Aep861-planted-rotated here")


def test_no_call_shows_what_it_logs_in_with(server: Scripted) -> None:
    Granting(server)
    seen: list[str] = []
    crm = salesforce_at(server.url, login=LOGINS["client_credentials"], observe=lambda call: seen.append(str(call)))
    send = crm._client.transport._send

    def sent(call: Call) -> Answer | NoAnswer:
        seen.append(repr(call))
        return send(call)

    crm._client.transport._send = sent
    pulled(crm)
    basic = [one.headers["Authorization"] for one in server.seen if one.path.endswith("/token")]
    assert basic[0].startswith("Basic ")
    shown = " ".join(seen)
    assert basic[0].removeprefix("Basic ") not in shown
    assert "sandbox-secret" not in shown
    assert "00D!planted" not in shown


@pytest.mark.parametrize("way", LOGINS)
def test_a_redirect_never_carries_a_secret_elsewhere(server: Scripted, way: str) -> None:
    with scripted(None) as thief:
        server.rule = lambda _: Reply(307, b"", headers={"Location": f"{thief.url}/steal"})
        with pytest.raises(StopRun):
            pulled(salesforce_at(server.url, login=LOGINS[way]))
        assert thief.seen == []


def test_a_login_whose_server_is_away_for_a_moment_waits(server: Scripted) -> None:
    granting = Granting(server)
    proper, left = granting.rule, [Reply(503, b""), Reply(429, b""), Reply(420, b""), Reply(408, b"")]
    server.rule = lambda seen: left.pop() if "token" in seen.path and left else proper(seen)
    pulled(salesforce_at(server.url, login=LOGINS["client_credentials"]))
    assert granting.granted == 1


@pytest.mark.parametrize("way", ["session", *WAYS_THAT_ASK])
@pytest.mark.parametrize("reply", [Reply(404, b"<!DOCTYPE html><html>URL No Longer Exists</html>"), Reply(404, b"")])
def test_an_address_without_salesforce_behind_it_is_what_is_to_be_checked(
    server: Scripted, way: str, reply: Reply
) -> None:
    server.rule = lambda _: reply
    crm = salesforce_at(f"{server.url}/lightning/setup", login=LOGINS[way])
    with pytest.raises(StopRun, match="404") as caught:
        pulled(crm)
    assert "check [crm] instance_url" in caught.value.hint
    assert "Setup → My Domain" in caught.value.hint
    assert "html" not in str(caught.value)
    assert crm.requests() == 1


@pytest.mark.parametrize("way", WAYS_THAT_ASK)
def test_an_address_below_salesforces_own_is_what_is_to_be_checked_and_no_secret(server: Scripted, way: str) -> None:
    missing = b'[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]'
    server.rule = lambda _: Reply(404, missing)
    with pytest.raises(StopRun, match=r"nobody takes logins at this address \(HTTP 404\)") as caught:
        pulled(salesforce_at(f"{server.url}/services", login=LOGINS[way]))
    assert "check [crm] instance_url" in caught.value.hint


@pytest.mark.parametrize("way", ["session", *WAYS_THAT_ASK])
def test_a_host_nobody_knows_is_an_address_to_be_checked(way: str) -> None:
    with pytest.raises(StopRun, match=r"nosuch-acme\.invalid cannot be resolved") as caught:
        pulled(salesforce_at("http://nosuch-acme.invalid", login=LOGINS[way]))
    assert "check [crm] instance_url" in caught.value.hint
    assert "Setup → My Domain" in caught.value.hint


def test_a_name_that_is_lost_after_answers_came_is_waited_for(server: Scripted) -> None:
    again = salesforce_at(server.url)._client.judge(LIMITS, NoAnswer("lost", sent=False, unknown=True), first=False)
    assert isinstance(again, Again)
    assert again.hint.startswith("run again later")


@pytest.mark.parametrize("way", ["session", "client_credentials"])
def test_what_a_netrc_says_of_the_host_replaces_no_token(
    sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login planted password planted\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert salesforce_at(sandbox, login=LOGINS[way]).quota().limit
