"""The outputs of random populations, against an implementation that was written from the specification alone.

Not compared: the sentences made of several outputs (seg_explanation, seg_action_text) and seg_missing_data.

By hand, for longer: `python -m tests.oracle.compare FIRST LAST` prints what differs for these seeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.oracle.compare import differences
from tests.oracle.explained import explained_wrongly, held_wrongly
from tests.oracle.populations import draw
from tests.oracle.product import commanded, evaluated
from tests.oracle.reading import misread

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = (*range(1, 13), 19, 34, 36, 37, 48, 53, 122, 158, 219, 230, 236, 324, 405)
"""Small ones and great ones, with and without groups, currencies, previous state and other parameters."""


@pytest.mark.parametrize("seed", SEEDS)
def test_the_explanation_equals_what_is_stored_and_the_advice_fits(seed: int, tmp_path: Path) -> None:
    case = draw(seed)
    case.write(tmp_path)
    told = evaluated(tmp_path, case)
    wrong = [
        (account, what)
        for account, one in told.items()
        for what in (*explained_wrongly(one, language=case.language, as_of=case.as_of), *held_wrongly(one))
    ]
    assert wrong == []
    assert [one for account in told.values() for one in misread(account["seg_explanation"] or "", case.language)] == []
    assert len({one["seg_rule_version"] for one in told.values()}) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_every_output_compared_is_what_the_specification_says(seed: int, tmp_path: Path) -> None:
    assert differences(draw(seed), tmp_path) == []


def test_the_command_prints_what_the_specification_says(tmp_path: Path) -> None:
    case = draw(8)
    case.write(tmp_path)

    assert differences(case, tmp_path, commanded(tmp_path, case)) == []
