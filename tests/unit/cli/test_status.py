"""How `status` tells what waits for a person."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.cli.history import HELD_SHOWN, _aged, _standing
from connector.model.texts import Texts

MOMENT = "2026-03-09T06:00:00+00:00"


def standing(held: int) -> list[tuple[str, str]]:
    runs = [
        {"run": f"r{at}", "as_of": "2026-03-02", "ahead": False, "expired": False, "expires": MOMENT}
        | {"release": f"tiersync approve r{at}"}
        for at in range(held)
    ]
    found: dict[str, Any] = {"last": None, "last_good": None, "age_seconds": None, "quota_left": None, "quarantined": 0}
    found |= {"overdue_since": None, "overrides": {}, "held": next(iter(runs), None), "held_runs": runs}
    return list(_standing(found, ZoneInfo("UTC"), Texts("connector.cli", "en")))


@pytest.mark.parametrize("held", [1, 2, HELD_SHOWN])
def test_every_run_that_waits_has_a_line_with_its_own_command(held: int) -> None:
    lines = standing(held)
    first = [name for name, _ in lines].index("held")
    mine = lines[first : first + held]
    assert [name for name, _ in mine] == ["held"] + [""] * (held - 1)
    assert all(f"tiersync approve r{at} (until" in told for at, (_, told) in enumerate(mine))
    assert lines[first + held][0] == "quarantined"


def test_of_many_that_wait_the_rest_is_counted() -> None:
    assert ("", "… and 7 more: --json has all of them") in standing(HELD_SHOWN + 7)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-3, "r1, 0 minutes ago"), (60, "r1, 1 minute ago"), (-7_200, "r1, which ended later than it is now: is this")],
)
def test_a_run_is_never_so_many_minutes_less_than_nothing_ago(seconds: int, told: str) -> None:
    assert _aged("r1", seconds, Texts("connector.cli", "en")).startswith(told)


def test_nothing_that_waits_is_said() -> None:
    assert ("held", "nothing") in standing(0)
