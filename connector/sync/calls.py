"""What writing a plan will cost: the calls `apply` and `approve` make, before they make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sync.write import FIRST_BATCH

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from connector.model.changes import Target
    from connector.ports import Crm


def calls(
    crm: Crm, records: Mapping[Target, int], properties: Collection[str], *, looks_for_edits: bool = False
) -> int:
    """Return the calls that releasing a plan over so many records, and these properties, takes.

    Every record is read to see that the plan is fresh, read again just before it is sent (twice where people's edits
    are looked for), and sent; the first batch is read back. Refusals, lost answers and edits made meanwhile cost more.
    """
    looks = 2 if looks_for_edits else 1
    return sum(_calls(crm, target, count, properties, looks) for target, count in records.items() if count)


def _calls(crm: Crm, target: Target, count: int, properties: Collection[str], looks: int) -> int:
    looked_at = [crm.cost(target, size, properties) for size in _sizes(count, crm.batch_size)]
    first = min(count, crm.batch_size, FIRST_BATCH)
    sent = [crm.cost(target, size, properties) for size in (first, *_sizes(count - first, crm.batch_size))]
    reads = sum(batch.read for batch in (*looked_at, *sent * looks)) + sent[0].read
    return sent[0].opening + reads + sum(batch.write for batch in sent)


def _sizes(count: int, most: int) -> list[int]:
    full, rest = divmod(count, most)
    return [most] * full + [rest] * (rest > 0)
