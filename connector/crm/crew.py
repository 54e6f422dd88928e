"""Jobs in threads whose findings arrive in the calling thread, through one bounded pipe."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from connector.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
_FAREWELL_SECONDS = 5.0


class Abandoned(ConnectorError):
    """Another job failed: this one has nobody to work for any more."""


class Pipe(Generic[T]):
    """A queue of at most `depth` items; `abandon` wakes everyone who waits."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._abandoned = False
        self._closed = False

    def put(self, item: T) -> None:
        """Wait for room, then add. Raises Abandoned."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._depth or self._abandoned)
            if self._abandoned:
                raise Abandoned("the pull was abandoned")
            self._items.append(item)
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """Nobody listens any more."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """Items as they come, until closed. Raises Abandoned."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._closed or self._abandoned)
                if self._abandoned:
                    raise Abandoned("the pull was abandoned")
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item


def gather(
    jobs: Sequence[Callable[[Callable[[T], None]], None]],
    deliver: Callable[[T], None],
    *,
    depth: int = 4,
    pipes: Sequence[Pipe[list[str]]] = (),
) -> None:
    """Run the jobs side by side; `deliver` is called here, one item at a time, while they work.

    The first error of a job, or of `deliver`, is raised after the others were told to stop; `pipes` between jobs
    are abandoned with them.
    """
    if not jobs:
        return
    findings: Pipe[T] = Pipe(depth)
    errors: list[BaseException] = []
    left = [len(jobs)]
    lock = threading.Lock()

    def work(job: Callable[[Callable[[T], None]], None]) -> None:
        try:
            job(findings.put)
        except BaseException as error:  # noqa: BLE001 - carried over to the calling thread
            errors.append(error)
            findings.close()
        with lock:
            left[0] -= 1
            if not left[0]:
                findings.close()

    threads = [threading.Thread(target=work, args=(job,), daemon=True) for job in jobs]
    try:
        for thread in threads:
            thread.start()
        for item in findings:
            deliver(item)
            if errors:
                break
    finally:
        findings.abandon()
        for pipe in pipes:
            pipe.abandon()
        for thread in threads:
            thread.join(_FAREWELL_SECONDS)
    if errors:
        raise next((error for error in errors if not isinstance(error, Abandoned)), errors[0])
