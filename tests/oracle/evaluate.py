"""Domain 4 to 6 in order: every output of every account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.acquisition import acquisition, acquisition_outputs
from tests.oracle.amounts import cents
from tests.oracle.groups import form_groups
from tests.oracle.icp import profile
from tests.oracle.ladder import STEPS, group_margin, ladder_change, movement, settle_ladder
from tests.oracle.loyalty import loyalty_outputs
from tests.oracle.payment import payment
from tests.oracle.pyramid import confidence, settle_levels
from tests.oracle.revenue import settle_revenue
from tests.oracle.sentences import Findings, reason
from tests.oracle.service import Service, service_outputs, settle_service
from tests.oracle.signals import signals
from tests.oracle.tier import settle_tier
from tests.oracle.types import settle_types
from tests.oracle.value import dreams, settle_values, value_outputs
from tests.oracle.verdict import Verdict, decide, rules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from tests.oracle.world import Account, Group, World


def evaluate(world: World) -> None:
    """Fill `out` of every account."""
    form_groups(world)
    settle_revenue(world)
    settle_values(world)
    services = settle_service(world)
    for group in world.groups:
        group.metric = metric(world, group, services)
    settle_levels(world)
    settle_types(world)
    settle_ladder(world, services)
    dreaming = dreams(world)
    for account in world.accounts.values():
        account.out |= {"warnings": sorted(account.warnings), "seg_last_evaluated": world.as_of}
        if account.group is None:
            settle_tier(world, None, account)
            _tell_verdict(account, Verdict())
    for group, account in world.served:
        _tell_group(world, group, account)
        _tell_account(world, group, account, services[account.id], dreaming=id(group) in dreaming)


def metric(world: World, group: Group, services: Mapping[str, Service]) -> Fraction | None:
    """M1: what the pyramid ranks by; None where it is unknown (2.9: unknown is not zero)."""
    by = world.parameters.text("pyramid.metric")
    if by == "margin_after_service":
        return group_margin(group, services)
    if by == "customer_value":
        return group.value if group.value_known else None
    return group.revenue


def _tell_group(world: World, group: Group, account: Account) -> None:
    level, step = group.given("seg_pyramid_level"), group.given("seg_ladder_step")
    account.out |= {
        "seg_data_quality": "insufficient" if group.unreliable else "reliable",
        "seg_pyramid_level": group.level,
        "seg_revenue_12m": cents(group.revenue) if group.revenue_known else None,
        "seg_revenue_rank": group.rank,
        "seg_inactive_returning": group.won_count >= 2 if group.lifecycle == "inactive" else None,
        "seg_confidence": confidence(world) if group.active else None,
        "seg_ladder_step": group.ladder_step,
        "seg_ladder_rank": STEPS[group.ladder_step] if group.ladder_step else None,
        "seg_ladder_change": ladder_change(world, group, previous=step.text("seg_ladder_step") if step else None),
        "seg_movement": movement(world, group, previous=level.text("seg_pyramid_level") if level else None),
        "seg_customer_type": group.customer_type,
        "seg_potential": group.potential,
        "seg_upside": None if group.upside is None else cents(group.upside),
        "seg_group_white_space": white_space(group, account),
        **value_outputs(world, group),
    }


def white_space(group: Group, account: Account) -> bool | None:
    """2.8: buys nothing in a group that buys; unknown as long as revenue is."""
    unknown = group.lifecycle == "unknown" or (group.active and not account.revenue_known)
    if len(group.members) > 1 and unknown and (account.revenue == 0 or not account.revenue_known):
        return None
    return len(group.members) > 1 and group.active and account.revenue == 0


def _tell_account(world: World, group: Group, account: Account, service: Service, *, dreaming: bool) -> None:
    ideal = profile(world, group, account)
    cost = acquisition(world, group, account)
    paid = payment(world, account)
    settle_tier(world, group, account)
    account.signals = signals(world, group, account, (ideal, service, cost, paid))
    verdict = decide(world, group, account, rules(world, group, account, ideal, service))
    account.status = verdict.status
    loss = service.margin is not None and service.margin < 0
    account.out |= {
        "seg_icp_fit": ideal.fit,
        "seg_icp_score": ideal.score,
        "seg_payment_status": paid.status,
        "seg_days_open": paid.days_open,
        "seg_dream_customer": _dream(group, account, first=dreaming, loss=loss),
        **acquisition_outputs(cost),
        **service_outputs(world, group, service),
        **loyalty_outputs(world, group, account),
    }
    _tell_verdict(account, verdict)
    if group.lifecycle == "unknown":
        del account.out["seg_upgrade_offer_due"], account.out["seg_dream_customer"]
    told = reason(world, group, account, Findings(ideal, service, cost, paid, verdict))
    if told is not None:
        account.out["seg_reason"] = told


def _dream(group: Group, account: Account, *, first: bool, loss: bool) -> bool | None:
    """M5: among the first by value, pays, and leaves something; unknown as long as the value is."""
    if "BAD_PAYER" in account.signals or loss:
        return False
    unknown = group.lifecycle in {"customer", "unknown"} and not group.value_known
    return None if unknown else first


def _tell_verdict(account: Account, verdict: Verdict) -> None:
    account.out |= {
        "seg_signals": account.signals,
        "seg_say_no": verdict.status == "say_no",
        "seg_say_no_status": verdict.status,
        "seg_say_no_scope": verdict.scope,
        "seg_say_no_reasons": verdict.hits,
        "seg_protected_by": verdict.protected_by,
        "seg_action": verdict.action,
    }
