"""Domain 4 to 6 in order: every output of every account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.amounts import cents
from tests.oracle.groups import form_groups
from tests.oracle.pyramid import confidence, settle_levels
from tests.oracle.revenue import settle_revenue

if TYPE_CHECKING:
    from tests.oracle.world import World


def evaluate(world: World) -> None:
    """Fill `out` of every account."""
    form_groups(world)
    settle_revenue(world)
    for group in world.groups:
        group.metric = group.revenue
    settle_levels(world)
    for account in world.accounts.values():
        account.out["warnings"] = sorted(account.warnings)
        account.out["seg_last_evaluated"] = world.as_of
    for group, account in world.served:
        account.out |= {
            "seg_pyramid_level": group.level,
            "seg_revenue_12m": cents(group.revenue) if group.revenue_known else None,
            "seg_revenue_rank": group.rank,
            "seg_inactive_returning": group.won_count >= 2 if group.lifecycle == "inactive" else None,
            "seg_confidence": confidence(world) if group.active else None,
        }
