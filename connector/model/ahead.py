"""Reading ahead: what takes its time outside Python goes on while what came before is worked on."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")
_FAREWELL_SECONDS = 5.0


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The items in their order, one of them read ahead in a thread of its own.

    An error of theirs is raised here, in its turn. Whoever stops asking lets the thread end after the item in hand.
    """
    ready: SimpleQueue[tuple[T] | BaseException | None] = SimpleQueue()
    asked_for = threading.Semaphore()
    left = threading.Event()

    def read() -> None:
        try:
            for item in items:
                ready.put((item,))
                asked_for.acquire()
                if left.is_set():
                    return
            ready.put(None)
        except BaseException as error:  # noqa: BLE001 - carried over to whoever asks
            ready.put(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        while found := ready.get():
            if isinstance(found, BaseException):
                raise found
            yield found[0]
            asked_for.release()
    finally:
        left.set()
        asked_for.release()
        thread.join(_FAREWELL_SECONDS)
