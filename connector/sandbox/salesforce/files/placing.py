"""Finds the stage that says of a deal what its file row says, and makes it when there is none; record types too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.sandbox.salesforce.org.founding import add_stage, place

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.tables import Row

USUAL = {"open": "Prospecting", "won": "Closed Won", "lost": "Closed Lost"}
CATEGORIES = {"open": "Pipeline", "won": "Closed", "lost": "Omitted"}
SURE = {"won": 100.0, "lost": 0.0}


class Stages:
    """The stages of an org by name; a text that means two things gets a second stage of its own."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._known = {row["ApiName"]: row for row in org.table("OpportunityStage").rows.values()}

    def of(self, row: Row) -> Record:
        """Give the stage of a deal; it keeps its text as API name unless that says something else."""
        outcome = _outcome(row)
        wanted = row.get("stage") or USUAL[outcome]
        for name in (wanted, f"{wanted} ({outcome})"):
            known = self._known.get(name)
            if known is None:
                return self._made(name, outcome, row)
            if _agrees(known, row):
                return known
        return self._known[USUAL[outcome]]

    def _made(self, name: str, outcome: str, row: Row) -> Record:
        probability = SURE.get(outcome) if outcome in SURE else _percent(row.get("probability"))
        made = add_stage(self._org, name, outcome=outcome, probability=probability or 0.0, category=CATEGORIES[outcome])
        self._known[name] = made
        return made


def _percent(text: str | None) -> float:
    return float(text) * 100 if text and re.fullmatch(r"\d*\.?\d+", text) else 20.0


def _outcome(row: Row) -> str:
    if row.get("is_won") == "true":
        return "won"
    return "lost" if row.get("is_closed") == "true" else "open"


def _agrees(stage: Record, row: Row) -> bool:
    if "is_won" not in row and "is_closed" not in row:
        return True
    return (stage["IsWon"], stage["IsClosed"]) == {"won": (True, True), "lost": (False, True)}.get(
        _outcome(row), (False, False)
    )


def record_type(org: Org, sobject: str, name: str) -> str:
    """Give the record type of a name, made when it is not there yet."""
    for row in org.table("RecordType").rows.values():
        if row["SobjectType"] == sobject and row["Name"] == name:
            return str(row["Id"])
    developer = re.sub(r"\W+", "_", name).strip("_") or "Type"
    made = {"Name": name, "DeveloperName": developer, "SobjectType": sobject, "IsActive": True, "IsPersonType": False}
    return str(place(org, "RecordType", made)["Id"])
