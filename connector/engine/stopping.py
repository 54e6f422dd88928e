"""Ctrl-C and SIGTERM while a query runs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTED = "Query interrupted"
"""What DuckDB says of a query during which a signal handler raised; the handler's own exception is lost."""


@contextmanager
def interruptions() -> Iterator[None]:
    """Raise KeyboardInterrupt where DuckDB tells one as an error of its own, so that the run ends as stopped."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == INTERRUPTED:
            raise KeyboardInterrupt from error
        raise
