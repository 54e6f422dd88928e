"""Whether the CRM still holds what a plan was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.model.changes import Change
    from connector.planning.compare import Holds

SHOWN = 5


class Moved(Struct, frozen=True):
    """A planned change whose old value is no longer what the CRM holds; `gone` when its record is not there."""

    change: Change
    holds: str | None
    gone: bool = False

    def __str__(self) -> str:
        place = f"{self.change.target} {self.change.record} {self.change.property}"
        if self.gone:
            return f"{place}: the record is gone"
        return f"{place}: planned from {_shown(self.change.old)}, the CRM holds {_shown(self.holds)}"


def moved(changes: Iterable[Change], holds: Holds) -> Iterator[Moved]:
    """Yield the changes that no longer start from what the CRM holds."""
    for change in changes:
        record = holds.get((change.target, change.record))
        if record is None:
            yield Moved(change, None, gone=True)
        elif record.get(change.property) != change.old:
            yield Moved(change, record.get(change.property))


def tell(found: list[Moved]) -> str:
    """Tell what moved, the first few by name."""
    rest = len(found) - SHOWN
    more = [f"and {rest} more"] if rest > 0 else []
    return "; ".join([str(item) for item in found[:SHOWN]] + more)


def _shown(value: str | None) -> str:
    return "nothing" if value is None else f"'{value}'"
