"""The records of a plan as JSON, kept packed while the plan is made: a plan of any size takes little room."""

import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import orjson

from connector.planning.listing import listed

if TYPE_CHECKING:
    from connector.planning.compare import AccountPlan

_FASTEST = 1


class Listed:
    """Takes the parts of a plan as they are made; gives the text of a JSON list without its brackets, in pieces."""

    def __init__(self) -> None:
        self._pack = zlib.compressobj(_FASTEST)
        self._packed: list[bytes] = []
        self._comma = b""

    def __call__(self, plans: Sequence["AccountPlan"]) -> None:
        """Take in the plans of some accounts."""
        entries = [orjson.dumps(entry) for plan in plans for entry in listed(plan)]
        if entries:
            self._packed.append(self._pack.compress(self._comma + b",\n".join(entries)))
            self._comma = b",\n"

    def __iter__(self) -> Iterator[bytes]:
        """Yield what was taken in; nothing can be added afterwards."""
        unpack = zlib.decompressobj()
        self._packed.append(self._pack.flush())
        yield from filter(None, map(unpack.decompress, self._packed))
