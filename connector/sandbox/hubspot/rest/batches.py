"""Batch calls on records: up to 100 inputs, refused as a whole or mixed, as the vendor does (hubspot.md 5.2-5.4)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from connector.sandbox.answers import NO_CONTENT
from connector.sandbox.hubspot.account import writing
from connector.sandbox.hubspot.account.kinds import kind_of
from connector.sandbox.hubspot.account.linking import make_links, wanted_links
from connector.sandbox.hubspot.account.values import Problem, message, refusal
from connector.sandbox.hubspot.answers import batch, invalid
from connector.sandbox.hubspot.rest.objects import PAGE_WITH_HISTORY, archive, with_history, written
from connector.sandbox.hubspot.shapes import FLAT, READ, RECORD

if TYPE_CHECKING:
    from connector.sandbox.answers import Answer
    from connector.sandbox.hubspot.account.kinds import Kind
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.account.records import Record
    from connector.sandbox.hubspot.account.writing import Values
    from connector.sandbox.hubspot.requests import Request

MOST = 100
Item = dict[str, Any]
Checked = tuple[Item, "Record | None", "Values", list[Problem]]


def read_batch(portal: Portal, request: Request, name: str) -> Answer:
    """Answer records by id or by a unique property; all missing ids share one error entry."""
    kind = kind_of(name)
    started, asked = portal.stamp(), request.json(READ)
    history = tuple(asked.get("propertiesWithHistory") or ())
    inputs = request.inputs(FLAT, most=PAGE_WITH_HISTORY if history else MOST)
    by = str(asked.get("idProperty") or "")
    _require_unique(portal, kind, by)
    names = portal.catalogues[kind.name].select(tuple(asked.get("properties") or ()))
    found: dict[int, Record] = {}
    missing: list[str] = []
    for item in inputs:
        identity = str(item.get("id", ""))
        record = _lookup(portal, kind, identity, by, archived=request.flag("archived"))
        if record is None:
            missing.append(identity)
        else:
            found[record.id] = record
    url = portal.url(kind)
    bodies = {record: record.rendered(names, url) for record in found.values()}
    if history:
        bodies = {record: with_history(kind, record, history, body) for record, body in bodies.items()}
    results = [orjson.Fragment(body) for body in bodies.values()]
    return _answered(portal, results, _not_found(kind, missing), started)


def _lookup(portal: Portal, kind: Kind, identity: str, by: str, *, archived: bool = False) -> Record | None:
    shelf = portal.shelves[kind.name]
    if archived:
        return shelf.archived.get(int(identity)) if identity.isdigit() else None
    return writing.find_by(portal, kind, by, identity) if by else shelf.resolve(identity)


def _require_unique(portal: Portal, kind: Kind, by: str) -> None:
    definition = portal.catalogues[kind.name].definitions.get(by, {})
    if by and not definition.get("hasUniqueValue"):
        portal_id = portal.account.portal_id
        text = f"Unable to perform update/upsert by non-unique {kind.type_id} property {by} in portal ID {portal_id}"
        raise invalid(text)


def _not_found(kind: Kind, missing: list[str]) -> list[Item]:
    if not missing:
        return []
    text = (
        f"Could not get some {kind.singular.upper()} objects, they may be deleted or not exist. "
        "Check that ids are valid."
    )
    return [{"status": "error", "category": "OBJECT_NOT_FOUND", "message": text, "context": {"ids": missing}}]


def _answered(portal: Portal, results: list[Any], errors: list[Any], started: str, status: int = 200) -> Answer:
    # The order of results is not the order of inputs; whoever relies on it finds out here.
    if portal.switches.result_order == "shuffled":
        portal.chance.shuffle(results)
    return batch(results, errors, started=started, completed=portal.stamp(), status=status)


def _refuse_duplicates(inputs: list[Item]) -> None:
    counts = Counter(str(item.get("id", "")) for item in inputs)
    if repeated := [identity for identity, times in counts.items() if times > 1]:
        text = f"Duplicate IDs found in batch input: [{', '.join(repeated)}]. IDs must be unique"
        raise invalid(text, context={"ids": repeated})


def update_batch(portal: Portal, request: Request, name: str) -> Answer:
    """Change records: one invalid value refuses the whole call, an unknown id only itself (207)."""
    kind = kind_of(name)
    started, inputs = portal.stamp(), request.inputs(RECORD, most=MOST)
    _refuse_duplicates(inputs)
    checked = [_checked(portal, kind, item) for item in inputs]
    traced = portal.switches.trace_errors_on_update
    errors = _problems(portal, inputs, checked, traced=traced)
    missing: list[str] = []
    results = []
    for item, record, values, problems in checked:
        if record is None:
            _note_missing(portal, kind, item, missing)
        elif not problems:
            writing.update(portal, kind, record, values)
            results.append(written(portal, kind, record.id, list(values)) | _trace(item))
    return _answered(portal, results, errors + _not_found(kind, missing), started)


def _trace(item: Item) -> Item:
    trace = writing.trace_of(item)
    return {"objectWriteTraceId": trace} if trace else {}


def _checked(portal: Portal, kind: Kind, item: Item) -> Checked:
    by = str(item.get("idProperty") or "")
    _require_unique(portal, kind, by)
    identity = str(item.get("id", ""))
    shelf = portal.shelves[kind.name]
    record = writing.find_by(portal, kind, by, identity) if by else shelf.get(identity)
    values, problems = writing.examine(portal, kind, item.get("properties") or {}, record)
    return item, record, values, problems


def _note_missing(portal: Portal, kind: Kind, item: Item, missing: list[str]) -> None:
    # An id that was merged away is not even named: the answer is a 200 without it (observed, hubspot.md 5.3).
    identity = str(item.get("id", ""))
    if portal.shelves[kind.name].resolve(identity) is None:
        missing.append(identity)


def _problems(portal: Portal, inputs: list[Item], checked: list[Checked], *, traced: bool) -> list[Item]:
    """Refuse the call over any problem, or give one error per record when all inputs carry a trace id."""
    portal_id = portal.account.portal_id
    found = [(item, problems) for item, _, _, problems in checked if problems]
    if found and not (traced and all(writing.trace_of(item) for item in inputs)):
        raise refusal([problem for _, problems in found for problem in problems], portal_id=portal_id)
    return [
        {
            "status": "error",
            "category": "VALIDATION_ERROR",
            "message": message(problems, portal_id=portal_id),
            "context": {"objectWriteTraceId": [writing.trace_of(item)]},
        }
        for item, problems in found
    ]


def create_batch(portal: Portal, request: Request, name: str) -> Answer:
    """Create records: 201; with a trace id on every input, one that is refused spares the others (207)."""
    kind = kind_of(name)
    started, inputs = portal.stamp(), request.inputs(RECORD, most=MOST)
    checked = [(item, None, *writing.examine(portal, kind, item.get("properties") or {}, None)) for item in inputs]
    errors = _problems(portal, inputs, list(checked), traced=True)
    good = [(item, values) for item, _, values, problems in checked if not problems]
    links = [wanted_links(portal, kind, item.get("associations") or []) for item, _ in good]
    results = []
    for (item, values), wanted in zip(good, links, strict=True):
        record = writing.create(portal, kind, values)
        make_links(portal, kind, record.id, wanted)
        results.append(written(portal, kind, record.id, list(values)) | _trace(item))
    return _answered(portal, results, errors, started, 201)


def upsert_batch(portal: Portal, request: Request, name: str) -> Answer:
    """Create or change records by a unique property; results tell which were new."""
    kind = kind_of(name)
    started, inputs = portal.stamp(), request.inputs(RECORD, most=MOST)
    _refuse_duplicates(inputs)
    if any(not item.get("idProperty") for item in inputs):
        raise invalid("Every input of an upsert needs an idProperty with unique values")
    checked = [_checked(portal, kind, item) for item in inputs]
    errors = _problems(portal, inputs, checked, traced=False)
    results = []
    for item, record, values, _ in checked:
        named = values | {item["idProperty"]: str(item["id"])}
        kept = writing.update(portal, kind, record, values) if record else writing.create(portal, kind, named)
        results.append(written(portal, kind, kept.id, list(named)) | {"new": record is None} | _trace(item))
    return _answered(portal, results, errors, started)


def archive_batch(portal: Portal, request: Request, name: str) -> Answer:
    """Archive records: 204 whatever their state."""
    kind = kind_of(name)
    for item in request.inputs(RECORD, most=MOST):
        archive(portal, kind, str(item.get("id", "")))
    return NO_CONTENT
