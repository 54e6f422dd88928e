"""Whether a pull is complete: the rows that arrived against HubSpot's own count.

The search index counts with a lag of "a few moments" while lists are exact, and people create and delete meanwhile.
So the rows must reach the smaller of the counts before and after; what deletions and merges of the last minutes
explain is no shortage, and an index that was merely late is asked again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.crm.hubspot import mapping
from connector.crm.hubspot.pulling.objects import ASK_AGAIN_AFTER, BEGINNING, merged_ids, timestamp
from connector.crm.hubspot.session import checks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from connector.crm.hubspot.pulling.objects import Objects, Standing
    from connector.crm.hubspot.session.checks import Record

INDEX_LAG = timedelta(minutes=5)
"""How late the search index may be; also the overlap of two pulls. HubSpot says "a few moments"."""


def check_complete(
    objects: Objects,
    *,
    rows: int,
    merged: Sequence[Record],
    before: Standing,
    since: datetime | None,
    pause: Callable[[float], None],
) -> None:
    """Return when `rows` are all there are (changed `since`, when given); raise BadAnswer otherwise.

    `merged` are those of the rows that others were merged into.
    """
    expected = before.total
    if rows >= expected:
        return
    explained = None
    for wait in (0.0, *ASK_AGAIN_AFTER):
        pause(wait)
        expected = min(expected, objects.standing(since=since).total)
        if rows >= expected:
            return
        if explained is None:
            explained = _left_lately(objects, merged, before.newest)
        if rows + explained >= expected:
            return
    raise checks.bad(
        f"reading {objects.kind}",
        f"{rows:,} records arrived and HubSpot counts {expected:,}: the pull is incomplete",
    )


def _left_lately(objects: Objects, merged: Sequence[Record], newest: datetime | None) -> int:
    """How many records were deleted or merged away so lately that the index may still count them."""
    horizon = (newest or BEGINNING) - INDEX_LAG
    what = f"reading {objects.kind}"
    merges = [record for record in merged if timestamp(record["properties"].get(mapping.MODIFIED), what) >= horizon]
    return len(archived_since(objects, horizon)) + sum(len(merged_ids(record)) for record in merges)


def archived_since(objects: Objects, horizon: datetime) -> list[str]:
    """Ids archived at or after the horizon, and those merged into them; HubSpot keeps them for 90 days."""
    what = f"listing archived {objects.kind}"
    return [
        number
        for page in objects.pages([mapping.MERGED], archived=True)
        for record in page
        if not record.get("archivedAt") or timestamp(record["archivedAt"], what) >= horizon
        for number in (record["id"], *merged_ids(record))
    ]
