"""A restored state: what docs/how-to/operate.md promises of backups."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from connector.model.changes import Target
from connector.model.runs import RunOutcome
from tests.simulation.life import Life
from tests.simulation.town import REVENUE

if TYPE_CHECKING:
    from pathlib import Path


def life_with_runs(folder: Path) -> Life:
    life = Life(6, folder)
    assert life.run() is not None
    return life


def back_up(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "state.db")) as one, closing(sqlite3.connect(folder / "backup.db")) as other:
        one.backup(other)


def restore(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "backup.db")) as one, closing(sqlite3.connect(folder / "state.db")) as other:
        one.backup(other)


def test_a_backup_without_the_mirror_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    life = life_with_runs(tmp_path)
    back_up(tmp_path)
    life.time.sleep(3_600)
    restore(tmp_path)
    shutil.rmtree(tmp_path / "mirror")
    (tmp_path / "mirror").mkdir()
    result = life.run()
    assert result is not None
    assert (result.outcome, result.figures["changes"], result.figures["kept"]) == (RunOutcome.OK, 0, 0)
    life.check()


def test_values_written_after_an_old_backup_are_kept_and_listed_and_nothing_is_lost(tmp_path: Path) -> None:
    life = life_with_runs(tmp_path)
    back_up(tmp_path)
    company = life.town.company()
    life.town.deal(company, 700, won=True)
    life.time.sleep(100_000)
    assert life.run() is not None
    assert life.town.held(Target.ACCOUNT, company, REVENUE) == "700"
    restore(tmp_path)
    life.town.deal(company, 500, won=True)
    life.time.sleep(100_000)
    result = life.run()
    assert result is not None
    assert result.figures["kept"] >= 1
    assert life.town.held(Target.ACCOUNT, company, REVENUE) == "700"
