"""Races too rare to wait for: a person acts between a write whose answer is lost and the look at what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.crm.transport import NoAnswer
from tests.simulation.life import CALM, Life, one_after_the_other
from tests.simulation.portal import TIER, VIP

if TYPE_CHECKING:
    from pathlib import Path

    from connector.crm.transport import Answer, Call
    from connector.model.secrets import Secret


@pytest.mark.parametrize("fate", ["applied", "lost"])
def test_a_value_set_while_the_fate_of_a_write_is_unknown_stays(
    fate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("full", "changes"):
        monkeypatch.setattr(f"connector.crm.hubspot.{module}.gather", one_after_the_other)
    life = Life(5, tmp_path)
    company = str(min(life.town.portal.shelves["companies"].live))
    walk = life.worker(life.store(), CALM)
    wire = life.wires[-1]
    send = wire.send
    lost: list[Call] = []

    def losing(call: Call, bearer: Secret | None) -> Answer | NoAnswer:
        if "companies/batch/update" in call.path and not lost:
            lost.append(call)
            if fate == "applied":
                send(call, bearer)
            life.town.do("PATCH", f"/crm/v3/objects/companies/{company}", {"properties": {TIER: VIP}})
            return NoAnswer("the connection broke off", sent=True)
        return send(call, bearer)

    monkeypatch.setattr(wire, "send", losing)
    walk.sync(yes=True)
    assert lost
    assert life.town.held("companies", company, TIER) == VIP
    life.trace.clear()
    life._recover()
    assert life.town.held("companies", company, TIER) == VIP
