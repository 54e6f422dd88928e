"""What writing a plan will cost: the calls `apply` and `approve` make, before they make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.model.changes import Target
    from connector.ports import Crm


def calls(crm: Crm, records: Mapping[Target, int]) -> int:
    """Return the calls that releasing a plan over so many records takes.

    Every record is read to see that the plan is fresh, read again just before it is sent, and sent; the first batch
    is read back. Refusals, lost answers and edits made meanwhile cost more.
    """
    return sum(_calls(crm, count) for count in records.values() if count)


def _calls(crm: Crm, count: int) -> int:
    full, rest = divmod(count, crm.batch_size)
    sizes = [crm.batch_size] * full + [rest] * (rest > 0)
    batches = [crm.cost(size) for size in sizes]
    sent = sum(2 * batch.read + batch.write for batch in batches)
    return batches[0].opening + sent + batches[0].read
