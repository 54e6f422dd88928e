"""As many lives as a minute or two allows; `python -m tests.simulation FIRST COUNT` lives more of them by hand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from tests.simulation import life
from tests.simulation.life import CALM, Life, lived
from tests.simulation.portal import TOKEN, asked

if TYPE_CHECKING:
    from connector.sandbox.hubspot.requests import Request
    from connector.sync import Result
    from tests.simulation.wire import Weather
    from tests.twins.fate import Fate

AT_ONCE = 20
SEEDS = 240
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_whatever_goes_wrong_nothing_is_lost_doubled_or_wrong_and_calm_brings_it_right(
    first: int, tmp_path: Path
) -> None:
    for seed in range(first, first + AT_ONCE):
        lived(seed, tmp_path)


def test_a_seed_replays_to_the_letter_whatever_the_order_of_hashes() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "9"],
            cwd=ROOT,
            env={"PYTHONHASHSEED": number},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for number in ("1", "2")
    ]
    first, second = (re.sub(r"\d+ ms", "", text) for text in told)
    assert first == second
    assert "batch/update" in first


class Careless(Life):
    """A worker that does what no worker may do: the invariants must see it."""

    deed = ""

    def run(self, weather: Weather = CALM, *, fate: Fate | None = None) -> Result | None:
        result = super().run(weather, fate=fate)
        company = str(min(self.town.portal.shelves["companies"].live))
        if self.deed == "writes past the plan":
            self.wires[-1]._apply(_update(company, "seg_revenue_12m", "12"))
        elif self.deed == "loses a value":
            self.town.do("PATCH", f"/crm/v3/objects/companies/{company}", {"properties": {"seg_tier": ""}})
        elif self.deed == "overwrites a person":
            self.town.do("PATCH", f"/crm/v3/objects/companies/{company}", {"properties": {"seg_tier": "vip"}})
            self.wires[-1]._apply(_update(company, "seg_tier", "small"))
        return result


def _update(company: str, name: str, value: str) -> Request:
    body = orjson.dumps({"inputs": [{"id": company, "properties": {name: value}}]})
    return asked("POST", "/crm/v3/objects/companies/batch/update", body=body, token=TOKEN)


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("writes past the plan", "was never planned|right is"),
        ("loses a value", "peace|right is"),
        ("overwrites a person", "a person's value of"),
    ],
)
def test_the_invariants_notice_a_careless_worker(
    deed: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "Life", type("Deed", (Careless,), {"deed": deed}))
    with pytest.raises(AssertionError, match=said) as caught:
        lived(3, tmp_path)
    assert "replay: python -m tests.simulation 3" in caught.value.__notes__
