"""Whether the CRM still holds what a plan was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.texts import Texts

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

    def told(self, texts: Texts) -> str:
        """Tell which value it is, and what stands there."""
        place = f"{self.change.target} {self.change.record} {self.change.property}"
        if self.gone:
            return texts.say("moved.gone", place=place)
        old, holds = (texts.say("moved.nothing") if v is None else f"'{v}'" for v in (self.change.old, self.holds))
        return texts.say("moved.otherwise", place=place, old=old, holds=holds)


def moved(changes: Iterable[Change], holds: Holds) -> Iterator[Moved]:
    """Yield the changes that no longer start from what the CRM holds."""
    for change in changes:
        record = holds.get((change.target, change.record))
        if record is None:
            yield Moved(change, None, gone=True)
        elif record.get(change.property) != change.old:
            yield Moved(change, record.get(change.property))


def tell(found: list[Moved], language: str) -> str:
    """Tell what moved, the first few by name."""
    texts, rest = Texts("connector.planning", language), len(found) - SHOWN
    more = [texts.say("moved.more", n=rest)] if rest > 0 else []
    return "; ".join([item.told(texts) for item in found[:SHOWN]] + more)
