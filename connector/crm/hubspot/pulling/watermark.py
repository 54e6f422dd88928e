"""Where the next pull for changes begins: the newest change the index knew before this one, in HubSpot's own clock.

No clock of ours is in it, so a wrong or fixed clock loses nothing: whatever is modified after a pull began carries a
date at or after the newest one known then, and the overlap covers what the index had not shown yet.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct, field

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Watermark(Struct, frozen=True):
    """Per kind of object its newest known change, and when all links were last read (our own clock)."""

    newest: Mapping[str, datetime | None] = field(default_factory=dict)
    links_at: datetime | None = None

    def text(self) -> str:
        """The opaque text kept between pulls."""
        times = {kind: at.isoformat() if at else None for kind, at in sorted(self.newest.items())}
        document = {"v": 1, "newest": times, "links_at": self.links_at.isoformat() if self.links_at else None}
        return orjson.dumps(document).decode()


def parse(text: str) -> Watermark:
    """Read a kept watermark; raises UsageError when it is none of ours."""
    try:
        document: dict[str, Any] = orjson.loads(text)
        newest = {str(kind): _time(at) for kind, at in document["newest"].items()}
        return Watermark(newest, _time(document["links_at"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise UsageError(
            "the stored watermark is not one of a HubSpot pull",
            hint="run once with --full",
        ) from None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
