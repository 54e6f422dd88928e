"""Finds the pipeline stage that says of a deal what its file row says, and makes it when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.hubspot.account.pipelines import deal_stage, pipeline, stage_of
from connector.sandbox.hubspot.account.writing import HOME_PIPELINE, stage_facts

if TYPE_CHECKING:
    from connector.sandbox.hubspot.account.pipelines import Pipeline, Stage
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.tables import Row

OPEN, WON, LOST = "appointmentscheduled", "closedwon", "closedlost"


def place_deal(portal: Portal, row: Row) -> tuple[str, str]:
    """Give pipeline and stage of a deal; a stage keeps its text as id unless that says something else."""
    home = _pipeline(portal, row.get("pipeline") or HOME_PIPELINE["deals"])
    wanted = row.get("stage") or _by_outcome(row)
    for identity in (wanted, f"{home['id']} {wanted}", *(f"{home['id']} {wanted} {end}" for end in (OPEN, WON, LOST))):
        stage = _stage(home, identity)
        if stage is not None and _agrees(stage, row):
            return home["id"], identity
        if stage is None and stage_of(portal, "deals", identity) is None:
            home["stages"].append(_made(identity, wanted, row, len(home["stages"])))
            return home["id"], identity
    raise AssertionError(row)  # an outcome has its own id at the latest


def _pipeline(portal: Portal, identity: str) -> Pipeline:
    for found in portal.pipelines["deals"]:
        if found["id"] == identity:
            return found
    made = pipeline(identity, identity, len(portal.pipelines["deals"]), [])
    portal.pipelines["deals"].append(made)
    return made


def _by_outcome(row: Row) -> str:
    if row.get("is_won") == "true":
        return WON
    return LOST if row.get("is_closed") == "true" else OPEN


def _stage(home: Pipeline, identity: str) -> Stage | None:
    return next((stage for stage in home["stages"] if stage["id"] == identity), None)


def _agrees(stage: Stage, row: Row) -> bool:
    facts = stage_facts(stage)
    closed = row.get("is_closed") or row.get("is_won")
    return row.get("is_won", facts["hs_is_closed_won"]) == facts["hs_is_closed_won"] and (
        closed is None or closed == facts["hs_is_closed"] or row.get("is_won") == "true"
    )


def _made(identity: str, label: str, row: Row, order: int) -> Stage:
    outcome = _by_outcome(row)
    probability = {WON: "1.0", LOST: "0.0", OPEN: row.get("probability", "0.2")}[outcome]
    return deal_stage(identity, label, probability, order, closed=outcome != OPEN)
