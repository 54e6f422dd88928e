"""Reading ahead: the same items in the same order, one more than asked for, and no thread is left behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.ahead import ahead

if TYPE_CHECKING:
    from collections.abc import Iterator


class Source:
    """Numbers, with a note of each as it is made; at `broken` it fails instead."""

    def __init__(self, count: int, *, broken: int | None = None) -> None:
        self.count, self.broken = count, broken
        self.made: list[int] = []
        self.closed = False
        self.more = threading.Semaphore(0)

    def __iter__(self) -> Iterator[int]:
        try:
            for number in range(self.count):
                if number == self.broken:
                    raise OSError(number)
                self.made.append(number)
                self.more.release()
                yield number
        finally:
            self.closed = True


@given(st.lists(st.none() | st.integers()))
def test_the_items_come_as_they_are_and_in_their_order(items: list[int | None]) -> None:
    assert [*ahead(items)] == items


def test_one_item_is_made_while_the_one_before_is_worked_on() -> None:
    source = Source(9)
    reading = ahead(source)
    assert source.made == []
    for number in range(4):
        assert next(reading) == number
    for _ in range(5):
        assert source.more.acquire(timeout=5)
    assert not source.more.acquire(timeout=0.05)
    assert source.made == [0, 1, 2, 3, 4]


def test_an_error_comes_in_its_turn() -> None:
    reading = ahead(Source(9, broken=2))
    assert [next(reading), next(reading)] == [0, 1]
    with pytest.raises(OSError, match="2"):
        next(reading)


@pytest.mark.parametrize("taken", [1, 3, 9])
def test_who_stops_asking_leaves_no_thread_and_nothing_open(taken: int) -> None:
    before = threading.active_count()
    source = Source(9)
    reading = ahead(source)
    for _ in range(taken):
        next(reading)
    reading.close()
    assert threading.active_count() == before
    assert len(source.made) <= taken + 1
    del reading
    assert source.closed
