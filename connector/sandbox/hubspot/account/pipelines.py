"""Pipelines and stages of deals and tickets, and what a stage says of a deal (hubspot.md 5.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import answer
from connector.sandbox.hubspot.account.times import iso
from connector.sandbox.hubspot.answers import invalid, not_found
from connector.sandbox.hubspot.shapes import PIPELINE, STAGE

if TYPE_CHECKING:
    from connector.sandbox.answers import Answer
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.requests import Request

Pipeline = dict[str, Any]
Stage = dict[str, Any]
LONG_AGO = "1970-01-01T00:00:00Z"
_DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
_TICKET_STAGES = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)


def deal_stage(stage: str, label: str, probability: str, order: int, *, closed: bool | None = None) -> Stage:
    """Shape a deal stage; closed unless said otherwise when the probability is 1.0 or 0.0."""
    is_closed = probability in {"1.0", "0.0"} if closed is None else closed
    return _stage(stage, label, order, {"isClosed": str(is_closed).lower(), "probability": probability})


def ticket_stage(stage: str, label: str, state: str, order: int) -> Stage:
    """Shape a ticket stage; `state` is OPEN or CLOSED."""
    return _stage(stage, label, order, {"ticketState": state, "isClosed": str(state == "CLOSED").lower()})


def _stage(stage: str, label: str, order: int, metadata: dict[str, str]) -> Stage:
    return {
        "label": label,
        "displayOrder": order,
        "metadata": metadata,
        "id": stage,
        "createdAt": LONG_AGO,
        "updatedAt": LONG_AGO,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        "archived": False,
    }


def pipeline(identity: str, label: str, order: int, stages: list[Stage], *, at: str = LONG_AGO) -> Pipeline:
    """Shape a pipeline."""
    return {
        "label": label,
        "displayOrder": order,
        "id": identity,
        "archived": False,
        "stages": stages,
        "createdAt": at,
        "updatedAt": at,
    }


def standard_pipelines() -> dict[str, list[Pipeline]]:
    """Give the pipelines of a new account."""
    deal_stages = [deal_stage(*row, order) for order, row in enumerate(_DEAL_STAGES)]
    ticket_stages = [ticket_stage(*row, order) for order, row in enumerate(_TICKET_STAGES)]
    return {
        "deals": [pipeline("default", "Sales Pipeline", 0, deal_stages)],
        "tickets": [pipeline("0", "Support Pipeline", 0, ticket_stages)],
    }


def stage_of(portal: Portal, kind: str, stage: str | None) -> Stage | None:
    """Find a stage in any pipeline of an object type."""
    for found in portal.pipelines.get(kind, ()):
        for candidate in found["stages"]:
            if candidate["id"] == stage:
                return dict(candidate)
    return None


def has_stage(portal: Portal, kind: str, pipeline_id: str, stage: str) -> bool:
    """Tell whether a stage belongs to a pipeline."""
    return any(found["id"] == pipeline_id and _named(found["stages"], stage) for found in portal.pipelines[kind])


def stage_options(portal: Portal, kind: str) -> str:
    """List the valid stages the way the vendor's refusal does (hubspot.md 6.1)."""
    parts = [
        f"pipelineId={found['id']} : [{','.join(stage['id'] for stage in found['stages'])}]"
        for found in portal.pipelines[kind]
    ]
    return "; ".join(parts)


def _named(items: list[dict[str, Any]], identity: str) -> dict[str, Any] | None:
    return next((item for item in items if item["id"] == identity), None)


def _pipelines(portal: Portal, kind: str) -> list[Pipeline]:
    try:
        return portal.pipelines[portal.shelf(kind).kind.name]
    except KeyError:
        raise invalid(f"Object type {kind} has no pipelines") from None


def list_pipelines(portal: Portal, _request: Request, kind: str) -> Answer:
    """Answer all pipelines of an object type; not paged."""
    return answer({"results": _pipelines(portal, kind)})


def get_pipeline(portal: Portal, _request: Request, kind: str, identity: str) -> Answer:
    """Answer one pipeline."""
    found = _named(_pipelines(portal, kind), identity)
    if found is None:
        raise not_found()
    return answer(found)


def list_stages(portal: Portal, _request: Request, kind: str, identity: str) -> Answer:
    """Answer the stages of one pipeline."""
    found = _named(_pipelines(portal, kind), identity)
    if found is None:
        raise not_found()
    return answer({"results": found["stages"]})


def get_stage(portal: Portal, _request: Request, kind: str, identity: str, stage: str) -> Answer:
    """Answer one stage."""
    found = _named(_pipelines(portal, kind), identity)
    chosen = _named(found["stages"], stage) if found else None
    if chosen is None:
        raise not_found()
    return answer(chosen)


def create_pipeline(portal: Portal, request: Request, kind: str) -> Answer:
    """Create a pipeline with its stages; ids are numeric strings, as for any added pipeline."""
    asked = request.json(PIPELINE)
    stages = [_asked_stage(portal, kind, found) for found in asked.get("stages") or []]
    pipelines = _pipelines(portal, kind)
    made = pipeline(str(portal.mint()), _label(asked), len(pipelines), stages, at=iso(portal.now()))
    pipelines.append(made)
    portal.changes += 1
    return answer(made, 201)


def create_stage(portal: Portal, request: Request, kind: str, identity: str) -> Answer:
    """Add a stage to a pipeline."""
    found = _named(_pipelines(portal, kind), identity)
    if found is None:
        raise not_found()
    made = _asked_stage(portal, kind, request.json(STAGE))
    found["stages"].append(made)
    portal.changes += 1
    return answer(made, 201)


def _label(asked: dict[str, Any]) -> str:
    if not asked.get("label"):
        raise invalid("Invalid input JSON: some required fields were not set: [label]")
    return str(asked["label"])


def _asked_stage(portal: Portal, kind: str, asked: dict[str, Any]) -> Stage:
    metadata = asked.get("metadata") or {}
    order = asked.get("displayOrder")
    order = order if isinstance(order, int) else 0
    if portal.shelf(kind).kind.name == "tickets":
        return ticket_stage(str(portal.mint()), _label(asked), metadata.get("ticketState", "OPEN"), order)
    if "probability" not in metadata:
        raise invalid("A deal stage needs metadata.probability", subCategory="PipelineError.INVALID_METADATA")
    closed = str(metadata.get("isClosed", "")).lower() == "true" if "isClosed" in metadata else None
    return deal_stage(str(portal.mint()), _label(asked), str(metadata["probability"]), order, closed=closed)
