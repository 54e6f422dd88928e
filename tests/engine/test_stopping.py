"""A query that is stopped ends as a person or the system asked, not as a fault."""

import signal

import duckdb
import pytest

from connector.engine.stopping import interruptions


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_signal_during_a_query_is_an_interruption() -> None:
    former = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with duckdb.connect() as db, pytest.raises(KeyboardInterrupt), interruptions():
            db.execute("select sum(i * i % 7) from range(400000000) t(i)").fetchall()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def test_other_faults_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="another"), interruptions():
        raise RuntimeError("another")
