"""An output: one property the rules publish on an account (or mirror on its open deals)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.model.fields import Type

Texts = dict[str, str]
"""One text per language: `{"en": …, "nl": …}`."""


class Output(Struct, frozen=True):
    """One property: its logical name (domain.md 6.1), type, labels and options.

    `written` is false for the four override inputs and `seg_exclude`: they are provisioned, people fill
    them, and we never write them. `follows` is true for values that ride along with another change but
    never cause a write themselves (explanation, rule version, last evaluated).
    `ranked` is true where the options stand best first, or where less of an amount is worse.
    `on_deals` names the deal property this one is mirrored to on open deals, if any (domain.md 6.2).
    """

    name: str
    type: Type
    label: Mapping[str, str]
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Option value -> label per language, in display order; empty when the type has no options."""
    decimals: int | None = None
    written: bool = True
    follows: bool = False
    ranked: bool = False
    on_deals: str = ""


NOTHING = "\N{EN DASH}"
OURS = "seg_"
"""What the name of every property of ours begins with."""
TIER, LEVEL, LADDER_STEP = f"{OURS}tier", f"{OURS}pyramid_level", f"{OURS}ladder_step"
SAY_NO, SAY_NO_STATUS = f"{OURS}say_no", f"{OURS}say_no_status"
REVENUE, OVERRIDE_STATUS = f"{OURS}revenue_12m", f"{OURS}override_status"
"""Outputs that more is known of here than what the rules say: they are counted, drawn, compared and told apart."""
CUSTOMER_TYPE, ICP_FIT, DAYS_OPEN = f"{OURS}customer_type", f"{OURS}icp_fit", f"{OURS}days_open"
NET, MARGIN, COST_TO_SERVE = f"{OURS}net_contribution", f"{OURS}margin_after_service", f"{OURS}cost_to_serve"
ENERGY_HOURS, ACQ_COST_RATIO, PAYBACK = f"{OURS}energy_hours_12m", f"{OURS}acq_cost_ratio", f"{OURS}cac_payback_months"
PAYMENT_STATUS = f"{OURS}payment_status"
CUSTOMER_VALUE, MARGIN_VALUE = f"{OURS}customer_value", f"{OURS}margin_value"
DREAM_CUSTOMER, REFERRED_REVENUE = f"{OURS}dream_customer", f"{OURS}referred_revenue_12m"
AMBASSADOR_INDEX, KNOWHOW_INDEX = f"{OURS}ambassador_index", f"{OURS}knowhow_index"
ATTENTION_DUE, AT_RISK, UPGRADE_OFFER_DUE = f"{OURS}attention_due", f"{OURS}at_risk", f"{OURS}upgrade_offer_due"
"""Outputs that the report draws of the single models, where the rules have them (domain.md 7.3 to 7.11)."""
GROUP_NAME = f"{OURS}customer_segmentation"
GROUP_LABEL: Texts = {"en": "Customer segmentation", "nl": "Klantsegmentatie"}


class Labels(Struct, frozen=True):
    """What properties and their values are called in one language; the name itself where nothing better is known."""

    language: str
    outputs: Mapping[str, Output]

    def property(self, name: str) -> str:
        """The label of a property."""
        output = self.outputs.get(name)
        return output.label.get(self.language, name) if output else name

    def value(self, name: str, value: str | None) -> str:
        """The label of an option, a dash for no value."""
        if value is None:
            return NOTHING
        output = self.outputs.get(name)
        return output.options.get(value, {}).get(self.language, value) if output else value
