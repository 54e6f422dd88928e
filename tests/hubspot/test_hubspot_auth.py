"""Tokens: renewed early, once, by one thread; rotated ones are kept; a refused one ends the run."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from connector.crm.hubspot import HubSpot, connect
from connector.crm.texts import Mask
from connector.errors import AccessRefused, BadAnswer, UsageError
from connector.model.secrets import Secret
from tests.hubspot.parts import FakeClock, hubspot_at, pulled
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.hubspot.tiny import Tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRETS = {"client_id": "app-1", "client_secret": "planted-client-secret", "refresh_token": "na1-planted-refresh"}


class Granting:
    """A token endpoint: counts, rotates, and lets tokens expire on demand."""

    def __init__(self, server: Scripted) -> None:
        self.server = server
        self.granted: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.refuse: Reply | None = None
        self.expired: set[str] = set()
        self.rotate = True
        self.lock = threading.Lock()
        server.rule = self.rule

    def rule(self, seen: Seen) -> Reply | None:
        if seen.path.startswith("/oauth/"):
            return self._grant(seen)
        token = seen.headers["Authorization"].removeprefix("Bearer ")
        if token in self.expired:
            return Reply(401, {"category": "EXPIRED_AUTHENTICATION", "message": "expired 0 second(s) ago"})
        assert token in self.granted
        return None

    def _grant(self, seen: Seen) -> Reply:
        self.forms.append(parse_qs(seen.body.decode()))
        assert "Authorization" not in seen.headers
        if self.refuse:
            return self.refuse
        self.granted.append(f"access-planted-{len(self.granted)}")
        refresh = f"na1-rotated-{len(self.granted)}" if self.rotate else SECRETS["refresh_token"]
        return Reply(200, {"access_token": self.granted[-1], "refresh_token": refresh, "expires_in": 1800})


@pytest.fixture
def granting() -> Iterator[Granting]:
    tiny = Tiny(page=2)
    for number in range(1, 9):
        tiny.add("companies", number, name="x")
        tiny.add("deals", number)
    with scripted(tiny) as server:
        yield Granting(server)


def oauth(granting: Granting, clock: FakeClock | None = None, **options: object) -> HubSpot:
    return hubspot_at(granting.server.url, clock, token="", **SECRETS, **options)


def test_one_refresh_serves_every_thread(granting: Granting) -> None:
    kept: list[str] = []
    pulled(oauth(granting, keep_refresh_token=kept.append))
    assert len(granting.granted) == 1
    assert kept == ["na1-rotated-1"]
    form = {name: values[0] for name, values in granting.forms[0].items()}
    assert form == {"grant_type": "refresh_token", **SECRETS}


def test_an_unchanged_refresh_token_is_not_handed_out(granting: Granting) -> None:
    kept: list[str] = []
    granting.rotate = False
    pulled(oauth(granting, keep_refresh_token=kept.append))
    assert kept == []


def test_a_token_is_renewed_at_four_fifths_of_its_life_with_the_rotated_refresh_token(granting: Granting) -> None:
    clock = FakeClock()
    crm = oauth(granting, clock)
    pulled(crm)
    clock.at += 1430
    pulled(crm)
    assert len(granting.granted) == 1
    clock.at += 20
    pulled(crm)
    assert len(granting.granted) == 2
    assert granting.forms[1]["refresh_token"] == ["na1-rotated-1"]


def test_a_token_that_expires_on_the_way_is_replaced_once_for_all_threads(granting: Granting) -> None:
    crm = oauth(granting)
    pulled(crm)
    granting.expired = {"access-planted-0"}
    rows, _ = pulled(crm)
    assert rows
    assert len(granting.granted) == 2


def test_threads_that_were_refused_with_the_same_token_renew_it_once(granting: Granting) -> None:
    credentials = oauth(granting)._client.credentials
    old = credentials.bearer()
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: credentials.renew(old), range(8)))
    assert len(granting.granted) == 2
    assert credentials.bearer().reveal() == "access-planted-1"


def test_a_token_that_stays_expired_ends_the_run(granting: Granting) -> None:
    granting.expired = {f"access-planted-{n}" for n in range(50)}
    with pytest.raises(AccessRefused, match=r"expired 0 second"):
        pulled(oauth(granting))
    assert len(granting.granted) == 2


def test_a_refused_refresh_token_asks_to_install_again_and_is_not_shown(granting: Granting) -> None:
    echo = f"refresh token is invalid: {SECRETS['refresh_token']} {SECRETS['client_secret']}"
    granting.refuse = Reply(400, {"status": "BAD_REFRESH_TOKEN", "message": echo})
    with pytest.raises(AccessRefused, match=r"refuses the refresh token.*\*\*\* \*\*\*") as error:
        pulled(oauth(granting))
    assert "install the app again" in error.value.hint
    assert len(granting.forms) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"access_token": 5}', b"<html>"])
def test_a_token_answer_without_token_stops_the_run(granting: Granting, body: bytes) -> None:
    granting.refuse = Reply(200, body)
    with pytest.raises(BadAnswer, match="holds no access token"):
        pulled(oauth(granting))


def test_a_429_on_a_refresh_is_waited_out(granting: Granting) -> None:
    clock = FakeClock()
    refusals = [Reply(429, {"policyName": "TEN_SECONDLY_ROLLING"})] * 2
    proper = granting.rule

    def rule(seen: Seen) -> Reply | None:
        return refusals.pop() if refusals and "/oauth/" in seen.path else proper(seen)

    granting.server.rule = rule
    assert pulled(oauth(granting, clock))[0]
    assert 3 <= clock.at < 6


@pytest.mark.parametrize(
    "given", [{}, {"client_id": "a", "client_secret": "b"}, {"refresh_token": "c"}, {"token": "  "}]
)
def test_no_usable_credentials_are_a_settings_error(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="needs a token"):
        connect(now=FakeClock().now, **given)


@pytest.mark.parametrize("url", ["api.hubapi.com", "ftp://x", "http://", ""])
def test_an_address_that_is_none_is_a_settings_error(url: str) -> None:
    with pytest.raises(UsageError, match="base_url"):
        hubspot_at(url)


def test_an_api_version_that_is_none_is_a_settings_error() -> None:
    with pytest.raises(UsageError, match="2026-13"):
        hubspot_at("http://localhost", api_version="2026-13")


def test_tokens_in_use_are_masked_and_those_long_gone_forgotten() -> None:
    mask = Mask(Secret("given-secret"))
    for number in range(5):
        mask.renewed(Secret(f"access-{number}"), Secret(f"refresh-{number}"))
    assert mask("given-secret access-4 refresh-4 access-3 refresh-3") == "*** *** *** *** ***"
    assert "access-0" in mask("access-0")
