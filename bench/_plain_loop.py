"""The plain baseline: requests and orjson, one page after the other, everything thrown away.

    python -m bench._plain_loop URL TOKEN

It reads the same pages as a full pull does: companies, deals and tickets by list with their properties, and the
companies of deals and tickets by 1,000. Started as its own process, so that interpreter start and imports are inside.
"""

from __future__ import annotations

import sys
from typing import Any

import orjson
import requests

COMPANY = (
    "name,type,lifecyclestage,hs_lead_status,numberofemployees,annualrevenue,industry,hs_parent_company_id,hubspot_owner_id,"
    "notes_last_contacted,country,pain_fit,growth_potential,potential_annual_revenue,share_of_wallet_pct,"
    "current_supplier,quote_requested_at,seg_tier,seg_pyramid_level,seg_ladder_step,seg_icp_fit,seg_say_no"
)
DEAL = (
    "dealname,pipeline,dealstage,hs_is_closed_won,hs_is_closed,amount,amount_in_home_currency,deal_currency_code,"
    "closedate,dealtype,hs_deal_stage_probability,hubspot_owner_id,hs_mrr,hs_arr"
)
TICKET = "createdate,closed_date,hs_ticket_category,hs_ticket_priority"


def pages(session: requests.Session, url: str, kind: str, properties: str) -> list[str]:
    """All ids of one object type."""
    ids: list[str] = []
    after: str | None = None
    while True:
        query: dict[str, Any] = {"limit": 100, "properties": properties}
        if after:
            query["after"] = after
        body = orjson.loads(session.get(f"{url}/crm/v3/objects/{kind}", params=query, timeout=60).content)
        ids += [record["id"] for record in body["results"]]
        if not (after := body.get("paging", {}).get("next", {}).get("after")):
            return ids


def links(session: requests.Session, url: str, kind: str, ids: list[str]) -> int:
    """How many of these records have companies."""
    found = 0
    for start in range(0, len(ids), 1000):
        inputs = [{"id": record} for record in ids[start : start + 1000]]
        answer = session.post(
            f"{url}/crm/v4/associations/{kind}/companies/batch/read", json={"inputs": inputs}, timeout=60
        )
        found += len(orjson.loads(answer.content)["results"])
    return found


def main(url: str, token: str) -> None:
    """One full read."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    companies = pages(session, url, "companies", COMPANY)
    for kind, properties in (("deals", DEAL), ("tickets", TICKET)):
        ids = pages(session, url, kind, properties)
        print(kind, len(ids), links(session, url, kind, ids))
    print("companies", len(companies))


if __name__ == "__main__":
    main(*sys.argv[1:3])
