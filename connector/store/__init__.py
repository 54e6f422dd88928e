"""What outlives a run: the journal (SQL), the mirror (Parquet) and the lease."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.store.opening import Store, open_store

__all__ = ["Store", "open_store"]


def __getattr__(name: str) -> object:
    """Load what opens the state when it is first asked for: who only looks (glance.py) needs no SQLAlchemy."""
    if name not in __all__:
        raise AttributeError(f"connector.store has no {name}")
    return getattr(import_module("connector.store.opening"), name)
