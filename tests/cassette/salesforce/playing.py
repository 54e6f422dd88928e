"""What recording and replay of the Salesforce situations share."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from connector.crm.salesforce import Login
from connector.crm.salesforce.pulling import pull, reading
from connector.crm.salesforce.writing import write
from connector.model.secrets import Secret
from tests.cassette.tape import ROOT, config, one_after_another
from tests.hubspot.parts import FakeClock
from tests.salesforce.parts import salesforce_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.crm.salesforce import Salesforce
    from tests.cassette.salesforce.situations import Situation

FOLDER = ROOT / "cassettes" / "salesforce"
HOST = "https://acme.my.salesforce.com"
KEPT = re.compile(r"content-type|date|sforce-.*", re.IGNORECASE)
SESSION, ADMIN = "00D5g00000000G8!sandbox-integration", "00D5g00000000G8!sandbox-admin"
CLIENT_SECRET = "sandbox-secret"
SECRETS = (SESSION, ADMIN, CLIENT_SECRET, "planted-wrong-secret")


def login(situation: Situation, session: str = "") -> Login:
    """How a situation gets in."""
    if situation.login == "session":
        return Login("session", token=Secret(session or (ADMIN if situation.admin else SESSION)))
    secret = CLIENT_SECRET if situation.login == "client_credentials" else "planted-wrong-secret"
    return Login("client_credentials", client_id="sandbox-integration", client_secret=Secret(secret))


def provider(situation: Situation, url: str, session: str = "") -> Salesforce:
    """The provider of a situation, whose waits take no time; a session of its own tells no user."""
    options: dict[str, Any] = {"assignee": lambda: "0055g00000000G9AAI"} | situation.options
    return salesforce_at(url, FakeClock(), login=login(situation, session), **options)


def settings(record_mode: str) -> dict[str, Any]:
    """The settings of VCR.py."""
    return config(SECRETS, record_mode=record_mode, host=HOST, kept=KEPT)


@contextmanager
def as_told(situation: Situation) -> Iterator[None]:
    """Jobs in turn, and in bulk when the situation asks for it."""
    with one_after_another(pull), pytest.MonkeyPatch.context() as patch:
        if situation.bulk:
            patch.setattr(reading, "BULK_FROM", -1)
            patch.setattr(write, "BULK_FROM", 2)
        yield
