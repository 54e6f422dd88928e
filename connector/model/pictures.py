"""Set-wise pictures of one evaluation: what the engine counts and the report draws.

Two ways of counting, never mixed: `accounts` are CRM records, `customers` count a group once (domain.md
2.8, 11.14). Revenue counts a group once. Money is integer cents of the home currency. `None` means the
model behind a figure is not configured, which is not zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal


class Window(Struct, frozen=True):
    """The days revenue was counted over, both included; `name` is the rule parameter, as `trailing_12_months`."""

    name: str
    first_day: date
    last_day: date


class Slice(Struct, frozen=True):
    """Everything that has one value of one output; `value` None is the slice without a value."""

    value: str | None
    accounts: int
    customers: int
    revenue_cents: int
    energy_hours: Decimal | None = None
    margin_after_service_cents: int | None = None


class Crossing(Struct, frozen=True):
    """Accounts that had `before` of an output in the pulled data and get `after` now; equal for those that stay."""

    before: str | None
    after: str | None
    accounts: int
    revenue_cents: int


class MissingField(Struct, frozen=True):
    """A field in `seg_missing_data`: the accounts it would settle, and their revenue."""

    field: str
    accounts: int
    revenue_cents: int


class WarningCount(Struct, frozen=True):
    """A warning code and the accounts that carry it."""

    code: str
    accounts: int


class Override(Struct, frozen=True):
    """An override a person set (domain.md 5.5)."""

    account: str
    name: str | None
    tier: str | None
    say_no: str | None
    until: date | None
    status: str
    computed: str | None = None
    """The tier without it, where the rules publish that."""


class AdvisedAccount(Struct, frozen=True):
    """One account whose say-no status is `say_no` or `watch`, with what the advice would save (domain.md 7.9).

    Texts are in the language of the evaluation. The amounts from gross margin on are None where unknown.
    """

    account: str
    name: str | None
    owner: str | None
    tier: str | None
    level: str | None
    status: str
    scope: str | None
    reasons: tuple[str, ...]
    protected_by: tuple[str, ...]
    action: str | None
    action_text: str | None
    reason: str | None
    revenue_cents: int | None
    gross_margin_cents: int | None = None
    cost_to_serve_cents: int | None = None
    spend_cents: int | None = None
    net_contribution_cents: int | None = None
    energy_hours: Decimal | None = None


class Ageing(Struct, frozen=True):
    """Accounts of one tier by the age of their oldest open invoice: 0-30, 31-60, 61-89, 90 days and more."""

    tier: str | None
    accounts: Sequence[int]


class Attention(Struct, frozen=True):
    """Accounts of a level nobody should take for granted; None where a model is not configured."""

    level: str
    accounts: int
    attention_due: int | None
    at_risk: int | None
    upgrade_offer_due: int | None


class Dream(Struct, frozen=True):
    """One dream customer, and what its value is made of."""

    account: str
    name: str | None
    value_cents: int | None
    referred_cents: int | None
    margin_value_cents: int | None
    ambassador_index: str | None
    knowhow_index: str | None
    forward_cents: int | None = None
    """FW, the revenue of a year."""
    introductions: int | None = None
    introductions_won: int | None = None


class Spend(Struct, frozen=True):
    """Sales and marketing spend on one segment; the ratio is that of the accounts whose revenue is known, too."""

    output: str
    """The output, or the field, that makes the segment."""
    value: str | None
    accounts: int
    spend_cents: int
    revenue_cents: int | None
    priced_cents: int | None = None
    """The part of the spend that stands against that revenue; None means all of it."""
    new_customers: int | None = None
    """Customers, a group once, whose first purchase lies in the last 12 months."""
    payback_months: Decimal | None = None
    """Mean over the accounts that have one."""
    allocated_cents: int | None = None
    """Its part of the budget that stands on no account; None where none is allocated."""


class Fit(Struct, frozen=True):
    """What active customers that fit the profile, or do not, bring and ask; None where a model is not configured."""

    output: str
    """The output, or the name of the rules, that makes the segment."""
    value: str | None
    customers: int
    revenue_cents: int | None
    margin_cents: int | None = None
    """Margin after service."""
    contacts: int | None = None
    """Service contacts in 12 months."""
    nps: Decimal | None = None
    """Mean over the accounts that have one."""
    spend_cents: int | None = None
    """The spend on accounts whose revenue is known, and in `priced_cents` that revenue."""
    priced_cents: int | None = None
    bad_payers: int | None = None


class DiscountGap(Struct, frozen=True):
    """Mean discount of new and of existing business, in percent, where enough deals tell it (domain.md M9)."""

    new: Decimal
    existing: Decimal
    gap: Decimal
    alert: bool


class Insights(Struct, frozen=True):
    """What single models show (domain.md 7.3 to 7.11); empty, or None, where the model is not configured."""

    net_cents: Sequence[int] | None = None
    """Net contribution of every active customer that has one, highest first."""
    ageing: Sequence[Ageing] = ()
    attention: Sequence[Attention] = ()
    dreams: Sequence[Dream] = ()
    spend: Sequence[Spend] = ()
    fits: Sequence[Fit] = ()
    spend_on_customers_cents: int | None = None
    spend_on_others_cents: int | None = None
    """On prospects, suspects and inactive accounts."""
    discounts: DiscountGap | None = None


class Pictures(Struct, frozen=True):
    """What one evaluation looks like from above; bounded in size, whatever the population."""

    window: Window
    revenues_cents: Sequence[int]
    """Revenue of every active customer, a group once, in any order (`array('q')` is welcome)."""
    slices: Mapping[str, Sequence[Slice]]
    """Per enumeration output (`seg_tier`, `seg_pyramid_level`, `seg_ladder_step`, `seg_customer_type`,
    `seg_say_no_status`, `seg_icp_fit`, …) its values; absent when its model is not configured."""
    crossings: Mapping[str, Sequence[Crossing]]
    """Found value against wanted value, for `seg_tier`, `seg_pyramid_level` and `seg_ladder_step`."""
    benchmarks: Mapping[str, Decimal] = field(default_factory=dict)
    """Pyramid level -> the percentage of revenue it is held against (rule parameter `benchmark_revenue_pct`)."""
    lines_cents: Mapping[str, int] = field(default_factory=dict)
    """Pyramid level -> the amount that separates it from the next level down."""
    missing: Sequence[MissingField] = ()
    warnings: Sequence[WarningCount] = ()
    deals_without_account: int = 0
    """Deals that belong to no account we know: reported, never counted (domain.md 2.7)."""
    overrides: Sequence[Override] = ()
    insights: Insights = field(default_factory=Insights)


class Quarter(Struct, frozen=True):
    """The last good run of a quarter: how many accounts had each value, empty for none, of tier, level and step."""

    year: int
    number: int
    """1 to 4."""
    as_of: date
    run: str
    accounts: Mapping[str, Mapping[str, int]]
