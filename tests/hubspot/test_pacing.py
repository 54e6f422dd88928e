"""Pacing: the limits are used and never exceeded, as the other side counts them."""

from __future__ import annotations

import heapq
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.crm.hubspot.session.limits import Limits, burst_rate
from connector.crm.pacing import Lane, Rate
from connector.crm.transport import Answer
from connector.errors import QuotaUsedUp
from tests.hubspot.parts import NOW, FakeClock


class BlockedError(Exception):
    """A worker would have to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


def arrivals(rate: Rate, *, workers: int, latencies: list[float], seen_at: list[float], until: float) -> list[float]:
    """When the server counts each call, of so many workers calling as fast as the lane lets them."""
    clock = FakeClock()

    def pause(seconds: float) -> None:
        raise BlockedError(seconds)

    lane = Lane(rate, ticks=clock.ticks, pause=pause)
    order, calls = count(), count()
    events = [(0.0, next(order), False) for _ in range(workers)]
    counted: list[float] = []
    while events and events[0][0] < until:
        clock.at, _, answered = heapq.heappop(events)
        if answered:
            lane._give_back()
        try:
            lane._take()
        except BlockedError as error:
            heapq.heappush(events, (clock.at + max(error.seconds, 1e-6), next(order), False))
            continue
        number = next(calls)
        latency = latencies[number % len(latencies)]
        counted.append(clock.at + latency * seen_at[number % len(seen_at)])
        heapq.heappush(events, (clock.at + latency, next(order), True))
    return sorted(counted)


def most_in_any(window: float, times: list[float]) -> int:
    most, first = 0, 0
    for position, time in enumerate(times):
        while times[first] <= time - window:
            first += 1
        most = max(most, position - first + 1)
    return most


@given(
    calls=st.sampled_from([10, 100, 110, 190, 250]),
    workers=st.integers(1, 12),
    latencies=st.lists(st.floats(0.001, 3.0), min_size=1, max_size=9),
    seen_at=st.lists(st.floats(0, 1), min_size=1, max_size=7),
)
@settings(deadline=None, max_examples=80)
def test_no_rolling_window_of_the_server_ever_holds_more_than_the_limit(
    calls: int, workers: int, latencies: list[float], seen_at: list[float]
) -> None:
    times = arrivals(burst_rate(calls), workers=workers, latencies=latencies, seen_at=seen_at, until=45.0)
    assert most_in_any(10.0, times) <= calls


@pytest.mark.parametrize("calls", [100, 110, 150, 190, 200, 250])
@pytest.mark.parametrize("latency", [0.01, 0.2, 0.5])
def test_nine_tenths_of_the_limit_are_used(calls: int, latency: float) -> None:
    workers = int(calls / 10 * latency) + 4
    times = arrivals(burst_rate(calls), workers=workers, latencies=[latency], seen_at=[0.5], until=100.0)
    assert len(times) >= 0.9 * calls * 10
    assert most_in_any(0.999, times) <= calls / 10


def test_searches_stay_under_five_in_a_second_and_use_nine_tenths() -> None:
    rate = limits_of(FakeClock()).lanes["search"].rate
    assert rate is not None
    times = arrivals(rate, workers=3, latencies=[0.05, 0.02], seen_at=[0.3], until=60.0)
    assert most_in_any(1.0, times) <= 5
    assert len(times) >= 0.9 * 5 * 60 - 5


def limits_of(clock: FakeClock, share: float = 1.0) -> Limits:
    zone = NOW.tzinfo
    assert zone is not None
    return Limits(max_share=share, zone=zone, now=clock.now, ticks=clock.ticks, pause=clock.sleep)


def answer(status: int = 200, **headers: str) -> Answer:
    return Answer(status, {f"X-HubSpot-RateLimit-{k.replace('_', '-')}": v for k, v in headers.items()}, b"")


def test_the_limit_is_learned_from_the_headers() -> None:
    limits = limits_of(FakeClock())
    assert limits.lanes["app"].rate == burst_rate(100)
    limits.see("app", answer(Max="190", Interval_Milliseconds="10000"))
    assert limits.lanes["app"].rate == Rate(calls=184, seconds=10.0, burst=19)
    assert limits.lanes["links"].rate == burst_rate(150)


def test_a_search_answer_teaches_nothing_about_bursts() -> None:
    limits = limits_of(FakeClock())
    limits.see("search", answer())
    assert limits.lanes["app"].rate == burst_rate(100)


def test_a_server_that_tells_no_limit_is_not_paced_until_it_refuses() -> None:
    limits = limits_of(FakeClock())
    limits.see("app", answer())
    assert [limits.lanes[name].rate for name in ("app", "search", "links")] == [None, None, None]
    limits.exceeded("app")
    assert limits.lanes["app"].rate == burst_rate(100)


def test_a_limit_far_above_hubspots_own_is_none() -> None:
    limits = limits_of(FakeClock())
    limits.see("app", answer(Max="1000000"))
    assert [limits.lanes[name].rate for name in ("app", "search", "links")] == [None, None, None]


def test_one_answer_without_headers_does_not_lift_a_known_limit() -> None:
    limits = limits_of(FakeClock())
    limits.see("app", answer(Max="110"))
    limits.see("app", answer())
    assert limits.lanes["app"].rate == burst_rate(110)


def test_an_edge_error_without_headers_lifts_nothing() -> None:
    limits = limits_of(FakeClock())
    limits.see("app", answer(503))
    assert limits.lanes["app"].rate == burst_rate(100)


def test_a_held_lane_sends_nothing_until_it_opens() -> None:
    clock = FakeClock()
    lane = Lane(None, ticks=clock.ticks, pause=clock.sleep)
    lane.hold(3.0)
    with lane.slot():
        assert clock.at >= 3.0


def test_yesterdays_count_is_forgotten_at_midnight() -> None:
    clock = FakeClock()
    limits = limits_of(clock, share=0.5)
    limits.see("app", answer(Daily="1000", Daily_Remaining="900"))
    with limits.call():
        limits.see("app", answer(Daily="1000", Daily_Remaining="500"))
    with pytest.raises(QuotaUsedUp, match="500 are kept for others"), limits.call():
        pass
    limits.see("app", answer(Daily="1000", Daily_Remaining="501"))  # an older answer, late
    with pytest.raises(QuotaUsedUp), limits.call():
        pass
    clock.at += 24 * 3600
    with limits.call():
        limits.see("app", answer(Daily="1000", Daily_Remaining="999"))
    assert limits.quota().left == 999


def test_an_answer_that_does_not_tell_counts_as_one_call_more() -> None:
    limits = limits_of(FakeClock())
    limits.see("app", answer(Daily="10", Daily_Remaining="6"))
    limits.see("search", answer())
    assert limits.quota().left == 5


def test_calls_in_flight_count_as_used() -> None:
    limits = limits_of(FakeClock(), share=0.5)
    limits.see("app", answer(Daily="10", Daily_Remaining="6"))
    with limits.call(), pytest.raises(QuotaUsedUp), limits.call():
        pass
