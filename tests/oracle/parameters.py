"""Domain section 9: every parameter with its default, by dotted name."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULTS = {
    "window": "trailing_12_months",
    "fiscal_year_start_month": "1",
    "revenue.source": "won_deals",
    "rollup": "ultimate_parent",
    "exclude_types": "vendor,partner,reseller,competitor,own company",
    "sales_pipelines": "",
    "prospect_stages": "marketingqualifiedlead,salesqualifiedlead,opportunity",
    "grace_months": "6",
    "pyramid.metric": "revenue_12m",
    "pyramid.population": "active_customers",
    "pyramid.levels.top.customers_pct": "1",
    "pyramid.levels.big.customers_pct": "4",
    "pyramid.levels.medium.customers_pct": "15",
    "pyramid.levels.small.customers_pct": "80",
    "pyramid.two_level_below": "0",
    "pyramid.absolute_lines.top": "",
    "pyramid.absolute_lines.big": "",
    "pyramid.absolute_lines.medium": "",
    "ladder.top_levels": "top",
    "ladder.margin_also": "true",
    "icp.criteria.size.weight": "40",
    "icp.criteria.size.employees_more_than": "100",
    "icp.criteria.industry.weight": "30",
    "icp.criteria.pain.weight": "30",
    "icp.criteria.pain.half": "medium",
    "icp.ideal_min": "80",
    "icp.partial_min": "50",
    "icp.coverage_min": "50",
    "icp.knockouts.employees.less_than": "100",
    "customer_type.current_value.high_min": "",
    "customer_type.current_value.metric": "customer_value",
    "customer_type.potential.min_abs": "10000",
    "customer_type.potential.min_rel": "0.20",
    "customer_type.strategic_requires_ambassador": "false",
    "customer_value.fw_years": "3",
    "customer_value.referral_window_months": "12",
    "customer_value.aw_estimate.nps_min": "9",
    "customer_value.aw_estimate.network_role": "active",
    "customer_value.aw_estimate.index": "2.0",
    "customer_value.aw_max": "",
    "customer_value.kw.default": "1.00",
    "customer_value.kw.innovator": "1.25",
    "customer_value.kw.feature_requests_min": "3",
    "customer_value.kw.min": "1.00",
    "customer_value.kw.max": "1.50",
    "customer_value.reputation": "1.00",
    "customer_value.loyalty_years": "5",
    "customer_value.lifetime": "years",
    "customer_value.retention": "0.75",
    "customer_value.discount_rate": "0.10",
    "customer_value.dream_top_pct": "20",
    "acquisition.healthy_max": "0.20",
    "acquisition.high_above": "0.50",
    "acquisition.off_at": "0.40",
    "acquisition.low_revenue_max": "",
    "service.gross_margin_pct": "",
    "service.cost_per_contact": "75",
    "service.hours_per_contact": "0.5",
    "service.hourly_rate": "75",
    "service.burden_exclude": "FEATURE_REQUEST,PRODUCT_ISSUE",
    "service.demanding.contacts_30d": "15",
    "service.demanding.off_30d": "10",
    "service.demanding.energy_index": "3.0",
    "service.demanding.off_index": "2.0",
    "service.demanding.contacts_12m": "12",
    "service.unprofitable.on_below": "0",
    "service.unprofitable.off_margin": "0.05",
    "service.guard_margin": "0.10",
    "service.talks.budget_pct": "5",
    "service.talks.cost_per_talk": "300",
    "payment.bad_open_days": "90",
    "payment.bad_overdue_days": "60",
    "payment.min_open_amount": "100",
    "payment.data_max_age_days": "45",
    "payment.default_term_days": "30",
    "payment.basis": "open_or_overdue",
    "loyalty.gap_points": "5",
    "loyalty.min_deals": "5",
    "loyalty.min_tenure_months": "11",
    "contact_norm_days.strategic": "30",
    "contact_norm_days.large": "60",
    "contact_norm_days.development": "60",
    "contact_norm_days.regular": "180",
    "contact_norm_days.inactive": "180",
    "contact_norm_days.prospect": "60",
    "contact_norm_days.top": "30",
    "contact_norm_days.big": "60",
    "contact_norm_days.medium": "90",
    "say_no.transactional_policy": "say_no",
    "say_no.protections": "strategic,large,potential,ambassador_knowhow",
    "say_no.ambassador_knowhow_min": "1.5",
    "override.max_days": "180",
    "stability.hysteresis": "0.10",
    "stability.publish": "every_run",
    "movement.basis": "frozen_lines",
}


@dataclass(frozen=True)
class Parameters:
    """The defaults with some of them set to another value, as `--set` does (domain 11.8)."""

    told: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The value as written."""
        return self.told.get(name, DEFAULTS[name])

    def number(self, name: str) -> Fraction:
        """The value as an exact number."""
        return Fraction(self.text(name))

    def optional(self, name: str) -> Fraction | None:
        """The value as a number, None where nothing is set."""
        text = self.text(name)
        return Fraction(text) if text else None

    def whole(self, name: str) -> int:
        """The value as a whole number."""
        return int(self.text(name))

    def flag(self, name: str) -> bool:
        """The value as true or false."""
        return self.text(name) == "true"

    def words(self, name: str) -> list[str]:
        """The value as a list, compared without case."""
        return [word.strip().casefold() for word in self.text(name).split(",") if word.strip()]
