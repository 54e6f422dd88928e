"""The engine that is loaded while the pull waits: named at once, and its troubles told where somebody waits for it."""

from __future__ import annotations

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


def asked(engine: Arriving) -> object:
    return engine.evaluate(*cast("Any", ("rules", "request", "progress")))


def test_a_kind_that_is_not_there_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(UsageError, match="spark"):
        Arriving("spark")


def test_the_engine_that_arrived_is_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(kind: str) -> Told:
        made.append(kind)
        return Told()

    monkeypatch.setattr(engines, "engine", make)
    arriving = Arriving("duckdb")
    assert [asked(arriving), asked(arriving)] == [("rules", "request", "progress")] * 2
    found: object = arriving.standing(*cast("Any", ("rules", "request", "progress")))
    assert found == ("standing", "rules", "request", "progress")
    assert made == ["duckdb"]


def test_what_loading_it_raised_is_raised_where_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise ImportError("libduckdb.so: no space left")

    monkeypatch.setattr(engines, "engine", broken)
    with pytest.raises(ImportError, match="no space left"):
        asked(Arriving("duckdb"))
