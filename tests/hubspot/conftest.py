"""A HubSpot of seven companies and five deals whose answers a test may spoil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hubspot.scripted import Scripted, scripted
from tests.hubspot.tiny import Tiny

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[Scripted]:
    tiny = Tiny(page=3)
    for number in range(1, 8):
        tiny.add("companies", number, name=f"company {number}")
    for number in range(11, 16):
        tiny.add("deals", number, dealname=f"deal {number}", amount="10")
    tiny.links["deals", "companies"] = {11: [(1, True), (2, False)], 12: [(2, False)]}
    tiny.definitions = {
        "companies": [{"name": "name", "type": "string"}, {"name": "seg_tier", "type": "string"}],
        "deals": [{"name": "dealname", "type": "string"}, {"name": "amount", "type": "number"}],
    }
    with scripted(tiny) as script:
        yield script
