"""Races too rare to wait for: a person acts between a write whose answer is lost and the look at what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.crm.transport import NoAnswer
from connector.model.changes import Target
from tests.simulation.life import CALM, ONE_AFTER_THE_OTHER, Life, one_after_the_other
from tests.simulation.town import TIER, VIP

if TYPE_CHECKING:
    from pathlib import Path

    from connector.crm.transport import Answer, Call
    from connector.model.secrets import Secret


@pytest.mark.parametrize("seed", [4, 5], ids=["HubSpot", "Salesforce"])
@pytest.mark.parametrize("fate", ["applied", "lost"])
def test_a_value_set_while_the_fate_of_a_write_is_unknown_stays(
    fate: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ONE_AFTER_THE_OTHER:
        monkeypatch.setattr(f"connector.crm.{module}.gather", one_after_the_other)
    life = Life(seed, tmp_path)
    company = life.town.live(Target.ACCOUNT)[0]
    walk = life.worker(life.store(), CALM)
    wire = life.wires[-1]
    send = wire.send
    lost: list[Call] = []

    def losing(call: Call, bearer: Secret | None) -> Answer | NoAnswer:
        if life.town.sent(life.town.request(call, bearer)) and not lost:
            lost.append(call)
            if fate == "applied":
                send(call, bearer)
            life.town.change(Target.ACCOUNT, company, seg_tier=VIP)
            return NoAnswer("the connection broke off", sent=True)
        return send(call, bearer)

    monkeypatch.setattr(wire, "send", losing)
    walk.sync(yes=True)
    assert lost
    assert life.town.held(Target.ACCOUNT, company, TIER) == VIP
    life.trace.clear()
    life.recover()
    assert life.town.held(Target.ACCOUNT, company, TIER) == VIP


@pytest.mark.parametrize("seed", [4, 5], ids=["HubSpot", "Salesforce"])
def test_a_new_account_that_outlives_one_with_a_tier_gets_its_own(seed: int, tmp_path: Path) -> None:
    life = Life(seed, tmp_path)
    assert life.run() is not None
    old, new = life.town.live(Target.ACCOUNT)[0], life.town.company()
    survivor = life.town.merge(new, old)
    assert survivor is not None
    life.town.remember()
    life.recover()
    life.check()
    assert life.town.held(Target.ACCOUNT, survivor, TIER) == life.town.right()[survivor][0]
