"""Every promise of the state is tested on every database it may live in."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.store import Store, open_store
from tests.store import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NUMBERS = count()
_MEMORY = Path("/dev/shm")  # noqa: S108 - folders of their own in it, made safely
START = datetime(2026, 3, 1, 6, tzinfo=UTC)


def in_memory() -> Path | None:
    """Where many small states are quickest: in memory, where that can be; None for the usual place."""
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[str]:
    with postgres.server() as socket:
        yield socket


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases; one parameter per kind."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/state/{next(_NUMBERS)}.db"
        return
    postgres.programs()
    socket = request.getfixturevalue("postgres_socket")
    with ExitStack() as made:
        yield lambda: made.enter_context(postgres.database(socket, f"t{next(_NUMBERS)}"))


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def opened(database_url: str, tmp_path: Path, clock: FakeClock) -> Iterator[Callable[[], Store]]:
    """Opens the same state, as often as asked: each time as another process would."""
    stores: list[Store] = []

    def open_again() -> Store:
        stores.append(open_store(database_url, tmp_path / "mirror", clock=clock))
        return stores[-1]

    yield open_again
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    return opened()
