"""Reading ahead: what takes its time outside Python goes on while what came before is worked on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

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
