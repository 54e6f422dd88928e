"""Every situation of the Salesforce provider, replayed from its recording with the network closed."""

from __future__ import annotations

import re
import socket
from typing import NoReturn

import pytest
import vcr

from tests.cassette.salesforce.playing import FOLDER, HOST, SECRETS, as_told, provider, settings
from tests.cassette.salesforce.situations import SITUATIONS, Situation


@pytest.fixture
def closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a replay reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
@pytest.mark.usefixtures("closed_network")
def test_a_recorded_situation_ends_as_it_must(situation: Situation) -> None:
    with as_told(situation), vcr.VCR(**settings("none")).use_cassette(str(FOLDER / f"{situation.name}.yaml")) as tape:
        crm = provider(situation, HOST)
        situation.check(situation.outcome(crm))
        crm.close()
        assert tape.all_played
        assert tape.play_count == crm.requests() > 0


def test_there_is_a_recording_of_every_situation_and_none_besides() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(SITUATIONS)


SHAPES = re.compile(
    r"00D\w{12,15}!|authorization|bearer \S|basic \S|set-cookie|sessionId>(?!hidden)[^<]", re.IGNORECASE
)


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_recording_holds_a_secret_in_header_or_body(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert SHAPES.search(text) is None
    assert not [secret for secret in SECRETS if secret in text]
    assert "127.0.0.1" not in text


def test_the_search_for_secrets_finds_planted_ones() -> None:
    for planted in (f"{SECRETS[0]}", "Authorization:", '"Bearer x"', "<m:sessionId>x</m:sessionId>"):
        assert SHAPES.search(planted), planted
