"""Writes: values checked against the definitions, derived values kept in step, nothing half done."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.sandbox.hubspot.account.pipelines import has_stage, stage_of, stage_options
from connector.sandbox.hubspot.account.records import Record
from connector.sandbox.hubspot.account.times import iso, read_instant
from connector.sandbox.hubspot.account.values import Problem, accept, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.sandbox.hubspot.account.kinds import Kind
    from connector.sandbox.hubspot.account.portal import Portal

Values = dict[str, str]
STAGES = {"deals": ("pipeline", "dealstage"), "tickets": ("hs_pipeline", "hs_pipeline_stage")}
HOME_PIPELINE = {"deals": "default", "tickets": "0"}
LIFECYCLE = "lifecyclestage"


def examine(
    portal: Portal, kind: Kind, asked: Mapping[str, object], current: Record | None
) -> tuple[Values, list[Problem]]:
    """Check the values of one record: give those to keep ("" clears), and every problem found."""
    held = current.properties if current else {}
    values: Values = {}
    problems: list[Problem] = []
    for name, raw in asked.items():
        if raw is None and not portal.switches.null_clears:
            continue
        try:
            values[name] = _accepted(portal, kind, name, raw, held, fresh=current is None)
        except Problem as problem:
            problems.append(problem)
    problems += _stage_problems(portal, kind, held | values, values)
    return values, problems


def _accepted(portal: Portal, kind: Kind, name: str, raw: object, held: Values, *, fresh: bool) -> str:
    definition = portal.catalogues[kind.name].definitions.get(name)
    if definition is None:
        raise Problem(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if definition["modificationMetadata"]["readOnlyValue"] or definition["calculated"]:
        raise Problem(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    if name == kind.created and not fresh:
        raise Problem(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    value = accept(definition, raw, held.get(name))
    if name == "hubspot_owner_id" and value and not any(owner["id"] == value for owner in portal.owners):
        raise Problem(name, "INVALID_OWNER_ID", f"Owner {value} does not exist")
    if definition["hasUniqueValue"] and value != held.get(name):
        _check_unique(portal, kind, name, value)
    return _forward_only(definition, value, held) if name == LIFECYCLE else value


def _check_unique(portal: Portal, kind: Kind, name: str, value: str) -> None:
    if value and find_by(portal, kind, name, value) is not None:
        raise Problem(name, "DUPLICATE_UNIQUE_PROPERTY_VALUE", f"{value} is already in use for {name}")


def find_by(portal: Portal, kind: Kind, name: str, value: str) -> Record | None:
    """Find a live record by a property with unique values."""
    for record in portal.shelves[kind.name].live.values():
        if record.properties.get(name) == value:
            return record
    return None


def _forward_only(definition: dict[str, Any], value: str, held: Values) -> str:
    # The lifecycle stage only moves forward through the API; an older stage is not taken over (hubspot.md 4).
    order = [option["value"] for option in definition["options"]]
    old = held.get(LIFECYCLE, "")
    return old if value and old and order.index(value) < order.index(old) else value


def _stage_problems(portal: Portal, kind: Kind, wanted: Values, asked: Values) -> list[Problem]:
    if kind.name not in STAGES or not set(STAGES[kind.name]) & asked.keys():
        return []
    pipeline, stage = (wanted.get(name, "") for name in STAGES[kind.name])
    if not stage or has_stage(portal, kind.name, pipeline or HOME_PIPELINE[kind.name], stage):
        return []
    options = stage_options(portal, kind.name)
    text = f"{stage} is not a valid pipeline stage ID. Valid options are: {options}"
    return [Problem(STAGES[kind.name][1], "INVALID_OPTION", text)]


def create(
    portal: Portal, kind: Kind, values: Values, *, identity: int | None = None, changed: int | None = None
) -> Record:
    """Put a new record on its shelf."""
    now = portal.now()
    fixed = portal.mint() if identity is None else identity
    created = read_instant(values[kind.created]) if values.get(kind.created) else now
    stamp = max(created, now) if changed is None else changed
    properties = {name: value for name, value in values.items() if value}
    properties |= {
        "hs_object_id": str(fixed),
        "hs_object_source": "INTEGRATION",
        kind.created: iso(created),
        kind.modified: iso(stamp),
    }
    record = Record(kind, fixed, derived(portal, kind, properties, {}), created=created, changed=stamp)
    portal.shelves[kind.name].put(record, now)
    portal.changes += 1
    return record


def update(portal: Portal, kind: Kind, record: Record, values: Values) -> Record:
    """Put the next version of a record on its shelf; equal values do not bump the modified date [U]."""
    properties = {name: value for name, value in (record.properties | values).items() if value}
    if properties == record.properties and not portal.switches.no_op_bumps_modified:
        return record
    changed = [name for name in values if properties.get(name) != record.properties.get(name)]
    written = touch(portal, kind, record, derived(portal, kind, properties, record.properties), given=values)
    portal.workflows.enrol(kind, written, changed, now=portal.now())
    return written


def run_workflows(portal: Portal) -> None:
    """Do what workflows were about to do by now."""
    for kind, identity, values in portal.workflows.due(portal.now()):
        record = portal.shelves[kind.name].get(str(identity))
        if record is not None:
            update(portal, kind, record, values)


def touch(
    portal: Portal, kind: Kind, record: Record, properties: Values, *, given: Iterable[str], user: str | None = None
) -> Record:
    """Put a version with a new modified date on the shelf; `user` gave these properties, or an integration did."""
    now = portal.now()
    # Strictly later than before: two writes in one millisecond must not look like one.
    stamp = max(now, record.changed + 1)
    changed = [name for name in given if properties.get(name) != record.properties.get(name)]
    version = record.replaced(properties | {kind.modified: iso(stamp)}, changed=stamp)
    return replace(portal, kind, version.given(changed, user))


def replace(portal: Portal, kind: Kind, record: Record) -> Record:
    """Put a version on the shelf as it is."""
    portal.shelves[kind.name].put(record, portal.now())
    portal.changes += 1
    return record


def derived(portal: Portal, kind: Kind, properties: Values, before: Values) -> Values:
    """Give the properties with those the vendor calculates brought in step with what changed."""
    if kind.name not in STAGES:
        return properties
    pipeline, stage = STAGES[kind.name]
    found = dict(properties)
    if found.get(stage):
        found.setdefault(pipeline, HOME_PIPELINE[kind.name])
    if found.get(stage) != before.get(stage):
        found |= _stage_facts(portal, kind, found.get(stage))
    if kind.name == "deals":
        found["amount_in_home_currency"] = home_amount(portal, found)
    return {name: value for name, value in found.items() if value}


def _stage_facts(portal: Portal, kind: Kind, identity: str | None) -> Values:
    stage = stage_of(portal, kind.name, identity)
    if stage is None:
        return {}
    if kind.name == "tickets":
        return {"hs_is_closed": stage["metadata"]["isClosed"]}
    return stage_facts(stage)


def stage_facts(stage: dict[str, Any]) -> Values:
    """Tell what a stage says of its deals: won means closed at probability 1.0 (hubspot.md 5.8)."""
    closed, probability = stage["metadata"]["isClosed"], stage["metadata"]["probability"]
    certain = closed == "true"
    return {
        "hs_is_closed": closed,
        "hs_is_closed_won": str(certain and Decimal(probability) == 1).lower(),
        "hs_is_closed_lost": str(certain and Decimal(probability) == 0).lower(),
        "hs_deal_stage_probability": probability,
    }


def home_amount(portal: Portal, properties: Values) -> str:
    """Convert the amount to the company currency at the rate of the close date; "" when there is no rate."""
    amount, currency = properties.get("amount", ""), properties.get("deal_currency_code", "")
    if not amount or currency in {"", portal.account.currency}:
        return amount
    day = properties.get("closedate", "") or iso(portal.now())
    known = [rate for rate in portal.rates if rate["fromCurrencyCode"] == currency and rate["effectiveAt"] <= day]
    if not known:
        return ""
    latest = max(known, key=lambda rate: str(rate["effectiveAt"]))
    return format((Decimal(amount) * Decimal(latest["rate"])).normalize(), "f")


def trace_of(item: Mapping[str, object]) -> str:
    """Give the trace id of a batch input."""
    return text_of(item.get("objectWriteTraceId"))
