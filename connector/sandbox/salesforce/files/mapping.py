"""Where a logical field lives in Salesforce: the sandbox's own reading of domain.md 3.2 and contract.md.

Anything without a standard field lives in a custom one: each word capitalised, joined by `_`, with `__c`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.model.fields import ACCOUNTS, DEALS, TICKETS, Type
from connector.sandbox.salesforce.org.schema import Field, value

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.schema import SObject

EXTERNAL_ID = "External_Id__c"
"""Unique field that keeps an id of the files that is no Salesforce id."""
STANDARD: dict[str, dict[str, str]] = {
    "Account": {
        "name": "Name",
        "type": "Type",
        "employees": "NumberOfEmployees",
        "own_turnover": "AnnualRevenue",
        "industry": "Industry",
        "parent_id": "ParentId",
        "owner_id": "OwnerId",
        "country": "BillingCountry",
        "last_contact": "LastActivityDate",
        "created_at": "CreatedDate",
    },
    "Opportunity": {
        "name": "Name",
        "account_id": "AccountId",
        "stage": "StageName",
        "pipeline": "RecordTypeId",
        "is_won": "IsWon",
        "is_closed": "IsClosed",
        "amount": "Amount",
        "currency": "CurrencyIsoCode",
        "close_date": "CloseDate",
        "created_at": "CreatedDate",
        "deal_type": "Type",
        "probability": "Probability",
        "owner_id": "OwnerId",
    },
    "Case": {
        "account_id": "AccountId",
        "created_at": "CreatedDate",
        "closed_at": "ClosedDate",
        "category": "Type",
        "priority": "Priority",
    },
}
"""Logical field -> standard field; any other lives in a custom one."""
OWN_NAMES = {"activity_code": "Nace_Code__c"}
"""Custom fields that are not called after their logical field."""
KEYS = {"account_id", "deal_id", "ticket_id"}
TYPES = {
    "Account": {field.name: field.type for field in ACCOUNTS},
    "Opportunity": {field.name: field.type for field in DEALS},
    "Case": {field.name: field.type for field in TICKETS},
}
CHOICES = {
    "pain_fit": ("high", "medium", "low"),
    "growth_potential": ("high", "low"),
    "network_role": ("active", "passive"),
    "seg_override_say_no": ("force_say_no", "force_clear"),
    "seg_override_tier": (),
}
DEAL_TYPES = {"new": "New Business", "existing": "Existing Business"}
_OUTPUTS = {
    "picklist": """seg_tier seg_tier_computed seg_previous_tier seg_pyramid_level seg_customer_type seg_potential
        seg_ladder_step seg_ladder_change seg_movement seg_icp_fit seg_say_no_status seg_say_no_scope seg_action
        seg_ambassador_source seg_acq_status seg_service_load seg_payment_status seg_purchase_pattern seg_confidence
        seg_data_quality seg_override_status seg_account_tier""",
    "multipicklist": "seg_say_no_reasons seg_signals seg_protected_by",
    "boolean": """seg_say_no seg_is_ambassador seg_dream_customer seg_at_risk seg_attention_due seg_upgrade_offer_due
        seg_contact_data_ok seg_inactive_returning seg_group_white_space seg_account_say_no""",
    "double": """seg_tier_rank seg_revenue_rank seg_ladder_rank seg_icp_score seg_ambassador_index seg_knowhow_index
        seg_acq_cost_ratio seg_cac_payback_months seg_energy_hours_12m seg_energy_index seg_days_open
        seg_talks_per_year""",
    "currency": """seg_upside seg_revenue_12m seg_customer_value seg_margin_value seg_clv seg_referred_revenue_12m
        seg_cost_to_serve seg_margin_after_service seg_net_contribution""",
    "date": "seg_tier_since seg_next_contact_due seg_last_evaluated",
    "textarea": "seg_explanation",
}
OUTPUTS = {name: kind for kind, names in _OUTPUTS.items() for name in names.split()}
"""Outputs of an earlier run that files may carry, with their types of domain.md 6.1; any other is a text."""
SHAPES: dict[Type, tuple[str, dict[str, Any]]] = {
    Type.TEXT: ("string", {"length": 255}),
    Type.LONG_TEXT: ("textarea", {"length": 32768}),
    Type.INTEGER: ("double", {"precision": 18, "scale": 0}),
    Type.NUMBER: ("double", {"precision": 18, "scale": 6}),
    Type.MONEY: ("currency", {"precision": 18, "scale": 2}),
    Type.PERCENT: ("percent", {"precision": 18, "scale": 6}),
    Type.BOOLEAN: ("boolean", {}),
    Type.DATE: ("date", {}),
    Type.TIMESTAMP: ("datetime", {}),
    Type.MULTI: ("multipicklist", {"length": 4099}),
}
SIZES: dict[str, dict[str, Any]] = {
    "picklist": {"length": 255},
    "multipicklist": {"length": 4099},
    "double": {"precision": 18, "scale": 6},
    "currency": {"precision": 18, "scale": 2},
    "textarea": {"length": 32768},
}


def custom_name(logical: str) -> str:
    """Give the default name of a custom field: `Growth_Potential__c`."""
    return OWN_NAMES.get(logical) or "_".join(word[:1].upper() + word[1:] for word in logical.split("_")) + "__c"


def field_of(sobject: str, logical: str) -> str:
    """Give the field a logical field lives in."""
    return STANDARD[sobject].get(logical) or custom_name(logical)


def ensure(held: SObject, logical: str) -> Field:
    """Give the field a logical field needs, made when it is not there yet."""
    name = EXTERNAL_ID if logical == EXTERNAL_ID else field_of(held.name, logical)
    return held.get(name) or held.add(_made(held.name, logical, name))


def _made(sobject: str, logical: str, name: str) -> Field:
    label = name.removesuffix("__c").replace("_", " ")
    if logical == EXTERNAL_ID:
        unique: dict[str, Any] = {"unique": True, "external_id": True, "case_sensitive": True, "length": 255}
        return Field(name, "string", label, custom=True, permissionable=True, **unique)
    if logical == "referred_by" and sobject == "Account":
        lookup: dict[str, Any] = {"refers": ("Account",), "relationship": "Referred_By__r", "length": 18}
        return Field(name, "reference", label, custom=True, permissionable=True, **lookup)
    kind, sizes = _shape(sobject, logical)
    made = Field(name, kind, label, custom=True, permissionable=True, **sizes)
    made.long = kind == "textarea"
    made.nillable = kind != "boolean"
    made.default = False if kind == "boolean" else None
    made.values = [value(text) for text in CHOICES.get(logical, ())]
    return made


def _shape(sobject: str, logical: str) -> tuple[str, dict[str, Any]]:
    if logical in OUTPUTS:
        return OUTPUTS[logical], SIZES.get(OUTPUTS[logical], {})
    if logical in CHOICES:
        return "picklist", SIZES["picklist"]
    return SHAPES[TYPES[sobject].get(logical, Type.TEXT)]
