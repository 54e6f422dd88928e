"""Every situation of the HubSpot provider, replayed from its recording with the network closed."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tests.cassette.situations import SITUATIONS
from tests.cassette.tape import FOLDER, HIDDEN, HOST, config, one_after_another
from tests.hubspot.line import TOKEN
from tests.hubspot.parts import FakeClock, hubspot_at

if TYPE_CHECKING:
    from vcr.cassette import Cassette

    from tests.cassette.situation import Situation


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    return config((TOKEN,), record_mode="none")


@pytest.fixture(scope="module")
def vcr_cassette_dir() -> str:
    return str(FOLDER)


@pytest.fixture
def vcr_cassette_name(situation: Situation) -> str:
    return situation.name


@pytest.fixture
def closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a replay reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
@pytest.mark.usefixtures("closed_network")
@pytest.mark.vcr
def test_a_recorded_situation_ends_as_it_must(situation: Situation, vcr_cassette: Cassette) -> None:
    crm = hubspot_at(HOST, FakeClock(), **{"token": TOKEN, **situation.options})
    with one_after_another():
        situation.check(situation.outcome(crm))
    crm.close()
    assert vcr_cassette.all_played
    assert vcr_cassette.play_count == crm.requests() > 0


def test_there_is_a_recording_of_every_situation_and_none_besides() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(SITUATIONS)


SECRETS = re.compile(
    r"pat-[a-z]{2,3}\d?-\w|cassette-client-secret|eu1-cassette|authorization|bearer \S|set-cookie"
    r"|(access_token|refresh_token|client_secret)(\"\s*:\s*\"|=)(?!" + HIDDEN + r")[^\"&\s]",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_recording_holds_a_secret_in_header_or_body(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert SECRETS.search(text) is None
    assert "127.0.0.1" not in text


def test_the_search_for_secrets_finds_planted_ones() -> None:
    for planted in ("pat-na1-1234", '"access_token":"CabC"', "refresh_token=eu1-x", "Authorization:", '"Bearer x"'):
        assert SECRETS.search(planted), planted
    assert SECRETS.search('"access_token":"hidden","refresh_token":"hidden"') is None
    assert SECRETS.search("refresh_token=hidden&client_secret=hidden") is None
