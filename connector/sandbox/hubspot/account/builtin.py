"""The property definitions and groups every account starts with: the ones that matter here, not all 257.

One line per property: name, type, field type, flags and options. Flags: `ro` the value is read-only,
`calc` it is calculated, `ext` its options live elsewhere (pipelines, owners), `unique` values are unique.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.hubspot.account.industries import INDUSTRIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GROUPS = {
    "contacts": "contactinformation",
    "companies": "companyinformation",
    "deals": "dealinformation",
    "tickets": "ticketinformation",
    "line_items": "lineiteminformation",
    "invoices": "invoiceinformation",
    "meetings": "meetinginformation",
    "calls": "callinformation",
    "emails": "emailinformation",
}

_SHARED = """
hs_object_id number number ro
hs_object_source string text ro
hs_object_source_label string text ro
hs_merged_object_ids enumeration checkbox ro,ext
hubspot_owner_id enumeration select ext
hubspot_owner_assigneddate datetime date ro
hs_created_by_user_id number number ro
hs_updated_by_user_id number number ro
"""
_STAMPS = "createdate datetime date ro\nhs_lastmodifieddate datetime date ro\n"
_COMMERCE_STAMPS = "hs_createdate datetime date ro\nhs_lastmodifieddate datetime date ro\n"

_LIFECYCLE = (
    "lifecyclestage enumeration radio - subscriber,lead,marketingqualifiedlead,salesqualifiedlead,"
    "opportunity,customer,evangelist,other\n"
)

_TABLES = {
    "contacts": """
email string text
firstname string text
lastname string text
phone string phonenumber
jobtitle string text
company string text
createdate datetime date ro
lastmodifieddate datetime date ro
hs_feedback_last_nps_rating enumeration select ro 0,1,2,3,4,5,6,7,8,9,10
"""
    + _LIFECYCLE
    + _SHARED,
    "companies": f"""
name string text
domain string text
website string text
phone string phonenumber
address string text
zip string text
city string text
state string text
country string text
description string textarea
founded_year string text
about_us string textarea
is_public bool booleancheckbox
numberofemployees number number
annualrevenue number number
industry enumeration select - {",".join(INDUSTRIES)}
type enumeration select - PROSPECT,PARTNER,RESELLER,VENDOR,OTHER
hs_lead_status enumeration radio - NEW,OPEN,IN_PROGRESS,OPEN_DEAL,UNQUALIFIED,ATTEMPTED_TO_CONTACT,CONNECTED,BAD_TIMING
hs_ideal_customer_profile enumeration select - tier_1,tier_2,tier_3
hs_parent_company_id number number ro,calc
hs_num_child_companies number number ro,calc
num_associated_deals number number ro,calc
num_associated_contacts number number ro,calc
hs_num_open_deals number number ro,calc
total_revenue number number ro,calc
recent_deal_amount number number ro,calc
recent_deal_close_date datetime date ro,calc
notes_last_contacted datetime date ro,calc
notes_last_updated datetime date ro,calc
notes_next_activity_date datetime date ro,calc
num_contacted_notes number number ro,calc
num_notes number number ro,calc
first_deal_created_date datetime date ro,calc
closedate datetime date
"""
    + _LIFECYCLE
    + _STAMPS
    + _SHARED,
    "deals": """
dealname string text
amount number number
amount_in_home_currency number number ro,calc
deal_currency_code enumeration select - EUR
closedate datetime date
pipeline enumeration select ext
dealstage enumeration radio ext
dealtype enumeration radio - newbusiness,existingbusiness
description string textarea
hs_priority enumeration select - low,medium,high
hs_is_closed bool calculation_equation ro,calc
hs_is_closed_won bool calculation_equation ro,calc
hs_is_closed_lost bool calculation_equation ro,calc
hs_deal_stage_probability number number ro,calc
hs_forecast_amount number number ro,calc
hs_projected_amount number number ro,calc
hs_closed_amount number number ro,calc
hs_closed_amount_in_home_currency number number ro,calc
hs_primary_associated_company number number ro,calc
hs_acv number number ro,calc
hs_arr number number ro,calc
hs_mrr number number ro,calc
hs_tcv number number ro,calc
num_associated_contacts number number ro,calc
notes_last_contacted datetime date ro,calc
closed_lost_reason string textarea
closed_won_reason string textarea
days_to_close number number ro,calc
createdate datetime date
hs_lastmodifieddate datetime date ro
"""
    + _SHARED,
    "tickets": """
subject string text
content string textarea
hs_pipeline enumeration select ext
hs_pipeline_stage enumeration select ext
hs_ticket_priority enumeration select - LOW,MEDIUM,HIGH,URGENT
hs_ticket_category enumeration checkbox - PRODUCT_ISSUE,BILLING_ISSUE,FEATURE_REQUEST,GENERAL_INQUIRY
source_type enumeration select - CHAT,EMAIL,FORM,PHONE
closed_date datetime date
time_to_close number number ro,calc
hs_is_closed bool calculation_equation ro,calc
createdate datetime date
hs_lastmodifieddate datetime date ro
"""
    + _SHARED,
    "line_items": """
name string text
hs_sku string text
hs_product_id number number
quantity number number
price number number
amount number number ro,calc
discount number number
hs_discount_percentage number number
hs_line_item_currency_code enumeration select - EUR
recurringbillingfrequency enumeration select - weekly,monthly,quarterly,annually
"""
    + _STAMPS
    + _SHARED,
    "invoices": """
hs_invoice_status enumeration select - draft,open,paid,voided
hs_invoice_date datetime date
hs_due_date datetime date
hs_currency enumeration select - EUR
hs_amount_billed number number
hs_balance_due number number
"""
    + _COMMERCE_STAMPS
    + _SHARED,
    "meetings": """
hs_timestamp datetime date
hs_meeting_title string text
hs_meeting_start_time datetime date
hs_meeting_end_time datetime date
hs_meeting_outcome enumeration select - SCHEDULED,COMPLETED,RESCHEDULED,NO_SHOW,CANCELED
"""
    + _COMMERCE_STAMPS
    + _SHARED,
    "calls": """
hs_timestamp datetime date
hs_call_title string text
hs_call_duration number number
hs_call_direction enumeration select - INBOUND,OUTBOUND
hs_call_status enumeration select - COMPLETED,NO_ANSWER,BUSY,CANCELED,FAILED
"""
    + _COMMERCE_STAMPS
    + _SHARED,
    "emails": """
hs_timestamp datetime date
hs_email_subject string text
hs_email_direction enumeration select - EMAIL,INCOMING_EMAIL,FORWARDED_EMAIL
"""
    + _COMMERCE_STAMPS
    + _SHARED,
}


def definitions(kind: str) -> Iterator[dict[str, Any]]:
    """Give the built-in definitions of an object type, as HubSpot shapes them (hubspot.md 5.7)."""
    for line in filter(None, _TABLES[kind].splitlines()):
        words = line.split(maxsplit=4)
        name, value_type, field_type = words[:3]
        flags = set(words[3].split(",")) if len(words) > len(("name", "type", "field")) else set()
        options = words[4].split(",") if len(words) > len(("name", "type", "field", "flags")) else []
        yield _definition(name, value_type, field_type, flags, options, group=GROUPS[kind])


def _definition(
    name: str, value_type: str, field_type: str, flags: set[str], options: Sequence[str], *, group: str
) -> dict[str, Any]:
    if value_type == "bool":
        options = ["true", "false"]
    return {
        "name": name,
        "label": _label(name),
        "type": value_type,
        "fieldType": field_type,
        "description": "",
        "groupName": group,
        "options": [option(value, order) for order, value in enumerate(options)],
        "displayOrder": -1,
        "calculated": "calc" in flags,
        "externalOptions": "ext" in flags,
        "hasUniqueValue": "unique" in flags,
        "hidden": False,
        "hubspotDefined": True,
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyOptions": False,
            "readOnlyValue": "ro" in flags,
        },
        "formField": "ro" not in flags,
        "dataSensitivity": "non_sensitive",
    }


def option(value: str, order: int, label: str = "") -> dict[str, Any]:
    """Give one option of an enumeration, complete as HubSpot answers it."""
    return {"label": label or _label(value), "value": value, "description": "", "displayOrder": order, "hidden": False}


def _label(name: str) -> str:
    return name.removeprefix("hs_").replace("_", " ").capitalize()
