"""Fields the vendor fills by itself: from the stage of an opportunity, the status of a case, the parts of a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.tables import Record

QUARTER = 3


def derive(org: Org, sobject: str, record: Record, before: Record | None) -> Record:
    """Give the record with everything that follows from its other fields."""
    way = WAYS.get(sobject)
    return record if way is None else {**record, **way(org, record, before)}


def stage_of(org: Org, name: str) -> Record | None:
    """Find a stage by its API name."""
    return next((row for row in org.table("OpportunityStage").rows.values() if row["ApiName"] == name), None)


def _opportunity(org: Org, record: Record, before: Record | None) -> dict[str, Any]:
    stage = stage_of(org, record["StageName"])
    if stage is None:
        # StageName is not restricted: an unknown stage is taken, and stays open.
        stage = {"IsClosed": False, "IsWon": False, "ForecastCategory": "Pipeline", "DefaultProbability": None}
    moved = before is None or before["StageName"] != record["StageName"]
    found = stage_facts(stage) | periods(record["CloseDate"])
    if moved and (before is not None or record.get("Probability") is None):
        found["Probability"] = stage.get("DefaultProbability")
    if moved:
        found["LastStageChangeDate"] = org.stamp()
    if before is not None and before.get("HasOpportunityLineItem"):
        # With products the amount is their total; a write of it is taken and has no effect.
        found["Amount"] = before.get("Amount")
    whole = record | found
    if whole.get("Amount") is not None and whole.get("Probability") is not None:
        found["ExpectedRevenue"] = round(whole["Amount"] * whole["Probability"] / 100, 2)
    return {name: value for name, value in found.items() if value is not None}


def stage_facts(stage: Record) -> dict[str, Any]:
    """Give what a stage says of an opportunity."""
    names = {"BestCase": "Best Case", "MostLikely": "Most Likely", "Forecast": "Commit"}
    category = stage["ForecastCategory"]
    return {
        "IsClosed": stage["IsClosed"],
        "IsWon": stage["IsWon"],
        "ForecastCategory": category,
        "ForecastCategoryName": names.get(category, category),
    }


def periods(day: str) -> dict[str, Any]:
    """Give the fiscal year and quarter of a date; the fiscal year is the calendar's."""
    year, quarter = int(day[:4]), (int(day[5:7]) + QUARTER - 1) // QUARTER
    return {"FiscalYear": year, "FiscalQuarter": quarter, "Fiscal": f"{year} {quarter}"}


def _case(org: Org, record: Record, before: Record | None) -> dict[str, Any]:
    closed = record.get("Status") == "Closed"
    found: dict[str, Any] = {"IsClosed": closed}
    if closed and not (before or {}).get("IsClosed") and record.get("ClosedDate") is None:
        found["ClosedDate"] = org.stamp()
    if "CaseNumber" not in record:
        found["CaseNumber"] = f"{len(org.table('Case').rows) + 1001:08d}"
    return found


def _activity(org: Org, record: Record, _before: Record | None) -> dict[str, Any]:
    about = record.get("WhatId", "")
    if about.startswith("001"):
        return {"AccountId": about}
    held = org.find(about) if about else None
    found: dict[str, Any] = {}
    if held is not None and held[1].get("AccountId"):
        found["AccountId"] = held[1]["AccountId"]
    return found


def _task(org: Org, record: Record, before: Record | None) -> dict[str, Any]:
    return {**_activity(org, record, before), "IsClosed": record.get("Status") == "Completed"}


def _person(_org: Org, record: Record, _before: Record | None) -> dict[str, Any]:
    return {"Name": " ".join(part for part in (record.get("FirstName"), record.get("LastName")) if part)}


def _line(org: Org, record: Record, _before: Record | None) -> dict[str, Any]:
    opportunity = org.table("Opportunity").rows.get(record["OpportunityId"])
    if opportunity is None:
        raise invalid("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "OpportunityId")
    price, count = record.get("UnitPrice", 0.0), record.get("Quantity", 1.0)
    total = round(price * count * (1 - record.get("Discount", 0.0) / 100), 2)
    lines = org.table("OpportunityLineItem").having("OpportunityId", [opportunity["Id"]])
    amount = total + sum(row.get("TotalPrice", 0.0) for row in lines if row["Id"] != record["Id"])
    org.table("Opportunity").put(opportunity | {"HasOpportunityLineItem": True, "Amount": round(amount, 2)})
    return {"TotalPrice": total}


WAYS: dict[str, Callable[[Org, Record, Record | None], dict[str, Any]]] = {
    "Opportunity": _opportunity,
    "Case": _case,
    "Task": _task,
    "Event": _activity,
    "Contact": _person,
    "User": _person,
    "OpportunityLineItem": _line,
}
