"""The mirror for calls that only look: the state is opened, and what opens it loaded, only where a glance cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.store.glance import glance

if TYPE_CHECKING:
    from connector.ports import Snapshot
    from connector.wiring import Wiring


def current(wiring: Wiring) -> Snapshot | None:
    """The last committed snapshot; raises StopRun when a file of it is missing or cut."""
    found = glance(wiring.database_url, wiring.loaded.mirror)
    return found or wiring.store.mirror.current()
