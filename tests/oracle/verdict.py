"""Domain 5.3, 5.4, 5.7, 11.13, 11.20, 11.21: say no, watch, protections, scope and action."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.oracle.revenue import has_contract
from tests.oracle.service import configured

if TYPE_CHECKING:
    from tests.oracle.icp import Profile
    from tests.oracle.service import Service
    from tests.oracle.world import Account, Group, World

COSTLY = {"UNPROFITABLE", "BAD_PAYER", "DEMANDING", "HIGH_ACQ_COST"}
STRANGERS = {"prospect", "suspect"}
OUTSIDE = STRANGERS | {"inactive"}
BY_TIER = {
    "strategic": "partner_up",
    "large": "maintenance_talk",
    "development": "upsell_deepsell",
    "transactional": "say_no",
    "regular": "explore_potential",
    "inactive": "reactivate",
    "prospect": "convert",
    "suspect": "make_aware",
    "unknown": "complete_data",
    "excluded": "none_needed",
}


@dataclass
class Verdict:
    """One account's verdict."""

    hits: list[str] = field(default_factory=list)
    status: str = "clear"
    scope: str | None = None
    protected_by: list[str] = field(default_factory=list)
    action: str = "none_needed"
    forced: str | None = None

    @property
    def no(self) -> list[str]:
        """The say-no rules that hit."""
        return [hit for hit in self.hits if hit.startswith("N")]

    @property
    def watch(self) -> list[str]:
        """The watch rules that hit."""
        return [hit for hit in self.hits if hit.startswith("W")]


def rules(world: World, group: Group, account: Account, profile: Profile, service: Service) -> list[str]:
    """5.3: every rule that hits; none of an account that is not judged."""
    if account.tier == "excluded":
        return []
    on, kind, fit = account.signals, account.tier, profile.fit
    small, high = group.level == "small", group.potential == "high"
    tried = account.row.flag("acquisition_cost_reduction_tried") is True
    acquisition = "HIGH_ACQ_COST" in on
    hits = {
        "N1": account.tier == "transactional",
        "N2": {"BAD_PAYER", "DEMANDING"} <= on,
        "N3": {"UNPROFITABLE", "LEAST_IDEAL"} <= on,
        "N4": small and {"DEMANDING", "UNPROFITABLE"} <= on,
        "N5": kind in STRANGERS and fit == "least_ideal" and not high,
        "N6": kind == "prospect" and fit == "poor" and group.potential == "low",
        "N7": acquisition and (fit in {"poor", "least_ideal"} or tried),
        "N8": kind == "inactive" and "BAD_PAYER" in on,
        "W1": small and "DEMANDING" in on,
        "W2": acquisition,
        "W3": "BAD_PAYER" in on,
        "W4": "UNPROFITABLE" in on,
        "W5": kind in STRANGERS and (fit == "poor" or (fit == "least_ideal" and high)),
        "W6": "DEMANDING" in on and not small,
        "W7": group.active and "LEAST_IDEAL" in on and configured(world) and _thin(world, account, service),
        "W8": kind == "inactive" and "LEAST_IDEAL" in on,
    }
    return [rule for rule, holds in hits.items() if holds]


def _thin(world: World, account: Account, service: Service) -> bool:
    """W7: unknown, or less than 10% of revenue."""
    if service.margin is None:
        return True
    return service.margin < world.parameters.number("service.guard_margin") * account.revenue


def decide(world: World, group: Group, account: Account, hits: list[str]) -> Verdict:
    """5.3 to 5.5."""
    verdict = Verdict(hits)
    held = held_back(world, account, verdict)
    if verdict.no and not held:
        verdict.status = "say_no"
    elif verdict.hits:
        verdict.status = "watch"
    if verdict.status == "say_no" and account.tier == "unknown":
        verdict.status = "unknown"
    if verdict.status == "say_no":
        verdict.protected_by = protections(world, group, account)
        verdict.status = "watch" if verdict.protected_by else "say_no"
    _obey(account, verdict)
    if verdict.status == "say_no":
        verdict.scope = _scope(world, group, account, verdict)
    verdict.action = _action(account, verdict)
    return verdict


def held_back(world: World, account: Account, verdict: Verdict) -> bool:
    """11.20: under `say_no_if_costly` a transactional customer needs one more signal."""
    policy = world.parameters.text("say_no.transactional_policy")
    return policy == "say_no_if_costly" and verdict.no == ["N1"] and not account.signals & COSTLY


def protections(world: World, group: Group, account: Account) -> list[str]:
    """5.4."""
    known = group.aw_source in {"measured", "estimate"} and group.aw is not None
    index = group.aw * group.kw if group.aw is not None else 0
    holds = {
        "strategic": account.tier == "strategic",
        "large": account.tier == "large",
        "potential": group.potential == "high",
        "ambassador_knowhow": known and index >= world.parameters.number("say_no.ambassador_knowhow_min"),
    }
    return [name for name in world.parameters.words("say_no.protections") if holds[name]]


def _obey(account: Account, verdict: Verdict) -> None:
    """5.5: a person may force either, past any protection; 11.21: not of an account that is left out."""
    obeyed = account.out["seg_override_status"] == "active" and account.tier != "excluded"
    told = account.row.text("seg_override_say_no") if obeyed else None
    if told == "force_say_no":
        verdict.forced, verdict.status, verdict.protected_by = told, "say_no", []
        verdict.hits = [*verdict.hits, "MANUAL"]
    elif told == "force_clear":
        verdict.forced, verdict.status, verdict.protected_by = told, "clear", []


def _scope(world: World, group: Group, account: Account, verdict: Verdict) -> str:
    """5.4, 5.7, 11.20; a tier that is held for want of reliable amounts tells who is a customer, a person's not."""
    outside, active = group.lifecycle in OUTSIDE, group.active
    typed = account.out["seg_override_status"] == "active" and account.row.text("seg_override_tier")
    if group.unreliable and account.tier != "unknown" and not typed:
        outside, active = account.tier in OUTSIDE, account.tier not in OUTSIDE
    if outside or ("MANUAL" in verdict.hits and not active):
        return "decline"
    grave = {"N2", "N3", "N4", "MANUAL"} & set(verdict.hits) or {"UNPROFITABLE", "BAD_PAYER"} & account.signals
    if grave or has_contract(world, group):
        return "exit_review"
    return "decline" if {"N5", "N6", "N8"} & set(verdict.hits) else "no_extra_effort"


def _action(account: Account, verdict: Verdict) -> str:
    """5.4: the first that fits."""
    hits = set(verdict.hits)
    if verdict.status == "say_no":
        return "say_no"
    if verdict.forced == "force_clear" and verdict.no:
        return "reconsider"
    if account.tier in {"strategic", "large"} and hits - {"W7"}:
        return "escalate_owner"
    if "W3" in hits:
        return "collect_first"
    if hits & {"W1", "W4", "W5", "W6"}:
        return "reconsider"
    if "W2" in hits:
        return "lower_acquisition_cost"
    if verdict.no and verdict.status != "unknown":
        return "reconsider"
    return "no_investment" if "W8" in hits else BY_TIER[account.tier]
