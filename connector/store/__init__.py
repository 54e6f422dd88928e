"""What outlives a run: the journal (SQL), the mirror (Parquet) and the lease."""

from connector.store.opening import Store, open_store

__all__ = ["Store", "open_store"]
