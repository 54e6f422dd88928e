"""The engine that is loaded while the pull waits: named at once, and its troubles told where somebody waits for it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from connector.errors import UsageError
from connector.wiring import engines
from connector.wiring.engines import Arriving


class Told:
    """An engine that tells what it was asked."""

    def evaluate(self, *asked: object) -> tuple[object, ...]:
        return asked

    def standing(self, *asked: object) -> tuple[object, ...]:
        return "standing", *asked


def arriving(kind: str) -> Arriving:
    return Arriving(kind, Path("mirror"), datetime(2026, 4, 2, tzinfo=UTC))


def asked(engine: Arriving) -> object:
    return engine.evaluate(*cast("Any", ("rules", "request", "progress")))


def test_a_kind_that_is_not_there_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(UsageError, match="spark"):
        arriving("spark")


def test_the_engine_that_arrived_is_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(kind: str, _mirror: Path, _now: datetime) -> Told:
        made.append(kind)
        return Told()

    monkeypatch.setattr(engines, "engine", make)
    engine = arriving("duckdb")
    assert [asked(engine), asked(engine)] == [("rules", "request", "progress")] * 2
    found: object = engine.standing(*cast("Any", ("rules", "request", "progress")))
    assert found == ("standing", "rules", "request", "progress")
    assert made == ["duckdb"]


def test_what_loading_it_raised_is_raised_where_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ImportError("libduckdb.so: no space left")

    monkeypatch.setattr(engines, "engine", broken)
    with pytest.raises(ImportError, match="no space left"):
        asked(arriving("duckdb"))


@pytest.mark.parametrize("there", [True, False])
def test_what_a_killed_process_left_of_its_memory_goes_a_day_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    """Beside the mirror where that can be, else where temporary files lie."""
    state, temporary = tmp_path / "state", tmp_path / "temporary"
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    used = state if there else temporary
    left, busy = used / "tiersync-spill-1", used / "tiersync-spill-2"
    for folder in (left, busy):
        folder.mkdir(parents=True)
    now = datetime(2026, 4, 2, tzinfo=UTC)
    os.utime(left, (now.timestamp() - 2 * 86_400,) * 2)
    os.utime(busy, (now.timestamp() - 3_600,) * 2)
    engines.engine("duckdb", state / "mirror", now)
    assert not left.exists()
    assert busy.exists()
