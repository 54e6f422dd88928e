"""A query that is stopped ends as a person or the system asked, not as a fault."""

import signal
from typing import Any, cast

import duckdb
import pytest

from connector.engine.answers.published import Published
from connector.engine.stopping import INTERRUPTED, interruptions


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


class Interrupted:
    """A database that was interrupted in mid-query."""

    def execute(self, _query: str) -> None:
        raise RuntimeError(INTERRUPTED)


def test_working_everything_out_ends_as_stopped_too() -> None:
    nothing: Any = None
    published = Published(cast("Any", Interrupted()), nothing, nothing, nothing, "(select 1)", ["account_0"])
    with pytest.raises(KeyboardInterrupt):
        published.settle()
