"""Where the next pull for changes begins: Salesforce's own time before this one began.

No clock of ours is in it, so a wrong or fixed clock loses nothing. Stamps are set when a transaction starts and seen
when it ends, minutes later at times: the overlap covers that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct, field

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

OVERLAP = timedelta(minutes=10)
"""How long a change may stay invisible after its stamp."""
BEGINNING = datetime(1999, 1, 1, tzinfo=UTC)


class Watermark(Struct, frozen=True):
    """Per kind of record the moment up to which it is known."""

    stamps: Mapping[str, str | None] = field(default_factory=dict)

    def since(self, entity: str) -> datetime:
        """From when on changes of this kind are to be read."""
        found = self.stamps.get(entity)
        return datetime.fromisoformat(found) - OVERLAP if found else BEGINNING

    def text(self) -> str:
        """The opaque text kept between pulls."""
        return orjson.dumps({"v": 1, "stamps": dict(sorted(self.stamps.items()))}).decode()


def parse(text: str) -> Watermark:
    """Read a kept watermark; raises UsageError when it is none of ours."""
    try:
        document: dict[str, Any] = orjson.loads(text)
        stamps = {str(entity): at for entity, at in document["stamps"].items()}
        for at in filter(None, stamps.values()):
            datetime.fromisoformat(at)
        return Watermark(stamps)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise UsageError(
            "the stored watermark is not one of a Salesforce pull",
            hint="run once with --full",
        ) from None
