"""Random values for the parameters of domain section 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.chance import Chance

CHOICES = {
    "window": ("calendar_year", "fiscal_year"),
    "fiscal_year_start_month": ("4", "7"),
    "revenue.source": ("account_field", "spread_deals"),
    "rollup": ("none",),
    "exclude_types": ("vendor", "customer,partner"),
    "prospect_stages": ("opportunity", "lead"),
    "grace_months": ("0", "3", "12"),
    "pyramid.metric": ("customer_value", "margin_after_service"),
    "pyramid.population": ("active_plus_inactive",),
    "pyramid.two_level_below": ("20", "100"),
    "ladder.top_levels": ("top,big",),
    "ladder.margin_also": ("false",),
    "icp.criteria.size.employees_more_than": ("99", "250"),
    "icp.criteria.pain.half": ("low,medium",),
    "icp.ideal_min": ("70",),
    "icp.partial_min": ("60",),
    "icp.coverage_min": ("30", "60"),
    "customer_type.current_value.high_min": ("25000", "5000"),
    "customer_type.potential.min_abs": ("5000", "10000.01"),
    "customer_type.potential.min_rel": ("0.1", "0.5"),
    "customer_type.strategic_requires_ambassador": ("true",),
    "customer_value.fw_years": ("1", "2", "5"),
    "customer_value.referral_window_months": ("6", "24"),
    "customer_value.aw_estimate.nps_min": ("8",),
    "customer_value.aw_estimate.index": ("1.5", "3.0"),
    "customer_value.kw.default": ("1.10",),
    "customer_value.kw.innovator": ("1.40",),
    "customer_value.kw.feature_requests_min": ("1", "2"),
    "customer_value.kw.max": ("1.30",),
    "customer_value.reputation": ("1.05",),
    "customer_value.loyalty_years": ("3",),
    "customer_value.dream_top_pct": ("50",),
    "acquisition.healthy_max": ("0.1",),
    "acquisition.high_above": ("0.60",),
    "acquisition.off_at": ("0.30",),
    "acquisition.low_revenue_max": ("5000", "12500"),
    "service.gross_margin_pct": ("50", "12.5"),
    "service.cost_per_contact": ("50",),
    "service.hours_per_contact": ("0.75",),
    "service.hourly_rate": ("90",),
    "service.burden_exclude": ("QUESTION",),
    "service.demanding.contacts_30d": ("12",),
    "service.demanding.off_30d": ("5",),
    "service.demanding.energy_index": ("2.5",),
    "service.demanding.off_index": ("1.0",),
    "service.demanding.contacts_12m": ("5",),
    "service.unprofitable.off_margin": ("0.2",),
    "service.guard_margin": ("0.3",),
    "service.talks.budget_pct": ("10",),
    "service.talks.cost_per_talk": ("100",),
    "payment.bad_open_days": ("60",),
    "payment.bad_overdue_days": ("45",),
    "payment.min_open_amount": ("500",),
    "payment.data_max_age_days": ("1",),
    "payment.default_term_days": ("14",),
    "payment.basis": ("overdue_only",),
    "loyalty.gap_points": ("10",),
    "loyalty.min_deals": ("1", "2"),
    "loyalty.min_tenure_months": ("6",),
    "contact_norm_days.regular": ("90",),
    "contact_norm_days.medium": ("60",),
    "contact_norm_days.prospect": ("30",),
    "say_no.transactional_policy": ("say_no_if_costly",),
    "say_no.protections": ("strategic", "large,potential"),
    "say_no.ambassador_knowhow_min": ("2.0",),
    "override.max_days": ("30",),
    "stability.hysteresis": ("0", "0.25"),
    "stability.publish": ("quarterly",),
}
TOGETHER = (
    {
        "pyramid.absolute_lines.top": "50000",
        "pyramid.absolute_lines.big": "25000",
        "pyramid.absolute_lines.medium": "5000",
    },
    {
        "pyramid.levels.top.customers_pct": "5",
        "pyramid.levels.big.customers_pct": "10",
        "pyramid.levels.medium.customers_pct": "25",
        "pyramid.levels.small.customers_pct": "60",
    },
    {
        "icp.criteria.size.weight": "50",
        "icp.criteria.industry.weight": "20",
        "icp.criteria.pain.weight": "30",
    },
)


MORE = {
    "customer_value.lifetime": ("margin", "retention"),
    "customer_value.retention": ("0.5", "0.9"),
    "customer_value.discount_rate": ("0.05",),
    "icp.knockouts.employees.less_than": ("50", "101", "250"),
}
"""Drawn by a chance of their own: the populations of the seeds stay what they were."""


def draw_more(chance: Chance) -> dict[str, str]:
    """Mostly nothing; else one or two of the later ones."""
    if chance.often(0.6):
        return {}
    names = chance.random.sample(sorted(MORE), chance.one(1, 2))
    return {name: chance.one(*MORE[name]) for name in names}


def draw_parameters(chance: Chance) -> dict[str, str]:
    """Mostly the defaults; else a handful of other values."""
    if chance.often(0.45):
        return {}
    names = chance.random.sample(sorted(CHOICES), chance.one(1, 3, 8))
    told = {name: chance.one(*CHOICES[name]) for name in names}
    return told | (chance.one(*TOGETHER) if chance.often(0.15) else {})
