"""Two things at once: what takes its time outside Python goes on while Python works on what comes before or after."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Generator[T]:
    """The items in their order; the next one is made in a thread of its own while this one is worked on.

    An error of theirs is raised here, in its turn. Whoever stops asking waits for the item in hand.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1, "ahead") as reader:
        coming = reader.submit(next, iterator)
        while True:
            try:
                item = coming.result()
            except StopIteration:
                return
            coming = reader.submit(next, iterator)
            yield item


def behind(work: Callable[[T], None], items: Iterable[T]) -> None:
    """Do the work on each item, one after the other, in a thread of its own while the next item is made.

    An error of either ends both, and is raised here; no item is made behind one whose work failed but the next.
    """
    with ThreadPoolExecutor(1, "behind") as worker:
        doing = worker.submit(lambda: None)
        for item in items:
            doing.result()
            doing = worker.submit(work, item)
        doing.result()
