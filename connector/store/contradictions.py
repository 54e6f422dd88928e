"""What the store is told and cannot be true: a fault of tiersync's own, and what a person does meanwhile."""

from __future__ import annotations

from connector.errors import StopRun

SETTLED_NEXT = "this is a fault of tiersync, please report it; the next `tiersync sync` settles what this run left"
PULL_AGAIN = "nothing of this pull was kept: `tiersync pull --full` reads everything anew; please report it if it stays"


def contradiction(text: str) -> StopRun:
    """Return the error that stops a run before its journal contradicts itself."""
    return StopRun(text, hint=SETTLED_NEXT, code="JOURNAL")
