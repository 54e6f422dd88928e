"""Where a logical field lives in HubSpot, the sandbox's own reading of domain.md 3.2.

`account_id` and `deal_id` become record ids, `parent_id` and a deal's `account_id` become associations,
`stage`, `pipeline`, `is_won` and `is_closed` become a pipeline stage; everything else is a property.
"""

from __future__ import annotations

from typing import Any

from connector.model.fields import ACCOUNTS, DEALS, TICKETS, Type
from connector.model.outputs import GROUP_LABEL, GROUP_NAME
from connector.sandbox.hubspot.account.builtin import GROUPS, option
from connector.sandbox.hubspot.account.catalogue import Catalogue, add_options, complete

EXTERNAL_ID = "external_id"
"""Unique property that keeps an id of the files that is no HubSpot id."""

PROPERTIES: dict[str, dict[str, str]] = {
    "companies": {
        "type": "type",
        "lifecycle": "lifecyclestage",
        "lead_status": "hs_lead_status",
        "employees": "numberofemployees",
        "own_turnover": "annualrevenue",
        "activity_code": "nace_code",
        "owner_id": "hubspot_owner_id",
        "last_contact": "notes_last_contacted",
        "referred_by": "referred_by_company_id",
        "created_at": "createdate",
        "merged_ids": "hs_merged_object_ids",
    },
    "deals": {
        "name": "dealname",
        "home_amount": "amount_in_home_currency",
        "currency": "deal_currency_code",
        "close_date": "closedate",
        "created_at": "createdate",
        "deal_type": "dealtype",
        "probability": "hs_deal_stage_probability",
        "owner_id": "hubspot_owner_id",
    },
    "tickets": {
        "created_at": "createdate",
        "closed_at": "closed_date",
        "category": "hs_ticket_category",
        "priority": "hs_ticket_priority",
    },
}
"""Logical field -> property where the names differ or the property is built in; else the name is the same."""

ELSEWHERE = {
    "companies": {"account_id", "parent_id"},
    "deals": {"deal_id", "account_id", "pipeline", "stage", "is_won", "is_closed"},
    "tickets": {"ticket_id", "account_id"},
}
"""Logical fields that are no property."""

TYPES = {
    "companies": {field.name: field.type for field in ACCOUNTS},
    "deals": {field.name: field.type for field in DEALS},
    "tickets": {field.name: field.type for field in TICKETS},
}
CHOICES = {
    "pain_fit": ("high", "medium", "low"),
    "growth_potential": ("high", "low"),
    "network_role": ("active", "passive"),
    "seg_override_say_no": ("force_say_no", "force_clear"),
    "seg_override_tier": (),
}
DEAL_TYPES = {"new": "newbusiness", "existing": "existingbusiness"}

_OUTPUTS = {
    "enumeration select": """seg_tier seg_tier_computed seg_previous_tier seg_pyramid_level seg_customer_type
        seg_potential seg_ladder_step seg_ladder_change seg_movement seg_icp_fit seg_say_no_status seg_say_no_scope
        seg_action seg_ambassador_source seg_acq_status seg_service_load seg_payment_status seg_purchase_pattern
        seg_confidence seg_data_quality seg_override_status seg_account_tier""",
    "enumeration checkbox": "seg_say_no_reasons seg_signals seg_protected_by",
    "bool booleancheckbox": """seg_say_no seg_is_ambassador seg_dream_customer seg_at_risk seg_attention_due
        seg_upgrade_offer_due seg_contact_data_ok seg_inactive_returning seg_group_white_space seg_account_say_no""",
    "number number": """seg_tier_rank seg_revenue_rank seg_upside seg_ladder_rank seg_icp_score seg_revenue_12m
        seg_customer_value seg_margin_value seg_clv seg_ambassador_index seg_referred_revenue_12m seg_knowhow_index
        seg_acq_cost_ratio seg_cac_payback_months seg_cost_to_serve seg_margin_after_service seg_net_contribution
        seg_energy_hours_12m seg_energy_index seg_days_open seg_talks_per_year""",
    "date date": "seg_tier_since seg_next_contact_due seg_last_evaluated",
    "string textarea": "seg_explanation",
}
OUTPUTS = {name: tuple(shape.split()) for shape, names in _OUTPUTS.items() for name in names.split()}
"""Outputs of an earlier run that files may carry, with their types of domain.md 6.1; any other is a text."""

SHAPES: dict[Type, tuple[str, str]] = {
    Type.TEXT: ("string", "text"),
    Type.LONG_TEXT: ("string", "textarea"),
    Type.INTEGER: ("number", "number"),
    Type.NUMBER: ("number", "number"),
    Type.MONEY: ("number", "number"),
    Type.PERCENT: ("number", "number"),
    Type.BOOLEAN: ("bool", "booleancheckbox"),
    Type.DATE: ("date", "date"),
    Type.TIMESTAMP: ("datetime", "date"),
    Type.MULTI: ("enumeration", "checkbox"),
}


def property_of(kind: str, logical: str) -> str:
    """Give the property a logical field lives in."""
    return PROPERTIES[kind].get(logical, logical)


def shape_of(kind: str, logical: str) -> tuple[str, str]:
    """Give type and field type of the property for a logical or custom field."""
    if logical in OUTPUTS:
        value_type, field_type = OUTPUTS[logical]
        return value_type, field_type
    if logical in CHOICES:
        return "enumeration", "select"
    return SHAPES[TYPES[kind].get(logical, Type.TEXT)]


def ensure(catalogue: Catalogue, logical: str, now: int) -> dict[str, Any]:
    """Give the definition a field needs, made when it is not there yet."""
    kind = catalogue.kind.name
    name = property_of(kind, logical)
    found = catalogue.definitions.get(name)
    return found if found is not None else catalogue.set(_definition(catalogue, kind, logical, name, now))


def _definition(catalogue: Catalogue, kind: str, logical: str, name: str, now: int) -> dict[str, Any]:
    value_type, field_type = shape_of(kind, logical)
    asked = {"name": name, "label": name.replace("_", " ").capitalize(), "groupName": GROUPS[kind]}
    if logical.startswith("seg_"):
        asked["groupName"] = _our_group(catalogue)
    made = complete({**asked, "type": value_type, "fieldType": field_type}, now)
    if value_type == "bool":
        made["options"] = [option("true", 0, "Yes"), option("false", 1, "No")]
    made["hasUniqueValue"] = logical == EXTERNAL_ID
    return add_options(made, CHOICES.get(logical, ()))


def _our_group(catalogue: Catalogue) -> str:
    if GROUP_NAME not in catalogue.groups:
        catalogue.add_group({"name": GROUP_NAME, "label": GROUP_LABEL["en"]})
    return GROUP_NAME
