"""Domain 5.1, 5.5, 5.6, 11.4: one tier, with a person's override."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.oracle.types import told_whole

if TYPE_CHECKING:
    from datetime import date

    from tests.oracle.world import Account, Group, World

RANKS = (
    "strategic",
    "large",
    "development",
    "regular",
    "transactional",
    "prospect",
    "inactive",
    "suspect",
    "unknown",
    "excluded",
)


def override_status(world: World, account: Account) -> str:
    """5.5: whether a person's words count."""
    row = account.row
    if not row.text("seg_override_tier") and not row.text("seg_override_say_no"):
        return "none"
    if not row.text("seg_override_reason"):
        return "invalid_no_reason"
    until = row.day("seg_override_until")
    if until is None:
        return "invalid_no_date"
    if until < world.as_of:
        return "expired"
    longest = world.as_of + timedelta(days=world.parameters.whole("override.max_days"))
    return "active" if until <= longest else "invalid_too_long"


def computed_tier(world: World, group: Group, account: Account) -> str:
    """5.1 without the override."""
    if group.unreliable:
        return account.row.text("seg_tier") or "unknown"
    if not group.active:
        return group.lifecycle
    if group.value_high:
        return "strategic" if group.customer_type == "strategic" else "large"
    if group.value_high is None or not told_whole(world, group):
        return "regular"
    if group.potential == "high":
        return "development"
    old = group.tenure is not None and group.tenure >= world.parameters.whole("grace_months")
    return "transactional" if group.potential == "low" and old else "regular"


def settle_tier(world: World, group: Group | None, account: Account) -> None:
    """The tier and what belongs to it."""
    status = override_status(world, account)
    computed = computed_tier(world, group, account) if group else "excluded"
    told = account.row.text("seg_override_tier") if status == "active" and group else None
    account.tier = told or computed
    before = account.row.text("seg_tier")
    account.out |= {
        "seg_override_status": status,
        "seg_tier": account.tier,
        "seg_tier_computed": computed,
        "seg_tier_rank": RANKS.index(account.tier) + 1,
        "seg_tier_since": _since(world, account, before),
        "seg_previous_tier": before if before != account.tier else account.row.text("seg_previous_tier"),
    }


def _since(world: World, account: Account, before: str | None) -> date:
    since = account.row.day("seg_tier_since")
    return since if before == account.tier and since else world.as_of
