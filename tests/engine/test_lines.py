"""Lines come out in the order of accounts, in whatever order the database hands them on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.engine.lines import in_order


@given(st.permutations(range(1, 12)))
def test_lines_come_out_by_their_places(places: list[int]) -> None:
    lines = [(place, str(place).encode()) for place in places]
    assert [int(line) for line in in_order(lines)] == sorted(places)


def test_a_line_in_its_place_does_not_wait_for_the_rest() -> None:
    coming = iter([(1, b"one"), (2, b"two")])
    assert next(in_order(coming)) == b"one"
    assert next(coming) == (2, b"two")
