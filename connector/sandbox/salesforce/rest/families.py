"""The other composite calls: batches of independent ones, graphs of dependent ones, trees of new records.

salesforce.md 2.3 for their limits and what each counts as; bodies as the vendor's REST guide shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce.answers import Refusal, invalid
from connector.sandbox.salesforce.org.undo import Undo
from connector.sandbox.salesforce.rest.composite import dispatched, series
from connector.sandbox.salesforce.rest.rows import writer

if TYPE_CHECKING:
    from connector.sandbox.salesforce.calls import Asked
    from connector.sandbox.salesforce.org.schema import SObject

MOST_BATCHED, MOST_GRAPHS, MOST_NODES, MOST_GROWN = 25, 75, 500, 200
BAD = 400


def batch(asked: Asked) -> Answer:
    """Do up to 25 calls, each for itself and each counted; with haltOnError the rest waits for nobody."""
    content, wanted = asked.json(), asked.objects("batchRequests")
    if not 0 < len(wanted) <= MOST_BATCHED:
        raise Refusal(400, "LIMIT_EXCEEDED", f"A batch holds 1 to {MOST_BATCHED} subrequests")
    results: list[dict[str, Any]] = []
    for place, one in enumerate(wanted):
        if place:
            asked.org.meter.take(asked.org.now())
        if content.get("haltOnError") is True and any(told["statusCode"] >= BAD for told in results):
            skipped = {"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}
            results.append({"statusCode": 412, "result": [skipped]})
            continue
        url = str(one.get("url"))
        whole = url if url.startswith("/") else f"/services/data/{url}"
        raw = orjson.dumps(one["richInput"]) if one.get("richInput") is not None else b""
        try:
            found = dispatched(asked, str(one.get("method")).upper(), whole, raw, {})
        except Refusal as refusal:
            found = refusal.answer()
        results.append({"statusCode": found.status, "result": orjson.loads(found.body) if found.body else None})
    return answer({"hasErrors": any(told["statusCode"] >= BAD for told in results), "results": results})


def graph(asked: Asked) -> Answer:
    """Do up to 75 graphs of together 500 calls; what fails takes back its own graph only."""
    graphs = asked.objects("graphs")
    nodes = [one.get("compositeRequest") for one in graphs]
    if not all(isinstance(node, list) and node and all(isinstance(one, dict) for one in node) for node in nodes):
        raise Refusal(400, "INVALID_INPUT", "Every graph needs a compositeRequest")
    if not 0 < len(graphs) <= MOST_GRAPHS or sum(map(len, filter(None, nodes))) > MOST_NODES:
        raise Refusal(400, "LIMIT_EXCEEDED", f"At most {MOST_GRAPHS} graphs with together {MOST_NODES} nodes")
    told = []
    for one in graphs:
        done = series(asked, one["compositeRequest"], strict=True)
        good = all(found["httpStatusCode"] < BAD for found in done)
        response = {"compositeResponse": done}
        told.append({"graphId": str(one.get("graphId")), "graphResponse": response, "isSuccessful": good})
    return answer({"graphs": told})


def tree(asked: Asked, name: str) -> Answer:
    """Make up to 200 records with their children, all or none: 201 with their ids, or 400 with what was refused."""
    undo, growth = Undo(asked.org), Growth(asked)
    growth.add(asked.view.named(name), asked.objects("records"), {})
    if not 0 < len(growth.made) + len(growth.refused) <= MOST_GROWN:
        undo.back()
        raise Refusal(400, "INVALID_INPUT", f"A tree holds 1 to {MOST_GROWN} records")
    if growth.refused:
        undo.back()
        return answer({"hasErrors": True, "results": growth.refused}, BAD)
    return answer({"hasErrors": False, "results": growth.made}, 201)


@dataclass
class Growth:
    """A tree as it is made: the results of its records."""

    asked: Asked
    made: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def add(self, sobject: SObject, records: list[dict[str, Any]], parent: dict[str, str]) -> None:
        """Make records below a parent, then what hangs on each; children of one that was refused are not tried."""
        for record in records:
            branches = {name: held for name, held in record.items() if isinstance(held, dict) and name != "attributes"}
            own = {name: held for name, held in record.items() if name not in branches}
            attributes = record.get("attributes")
            reference = str(attributes.get("referenceId")) if isinstance(attributes, dict) else ""
            try:
                identity = writer(self.asked).create(sobject, own | parent)
                self.made.append({"referenceId": reference, "id": identity})
                for name, held in branches.items():
                    children = [one for one in held.get("records") or [] if isinstance(one, dict)]
                    self.add(_child(self.asked, name), children, {f"{sobject.name}Id": identity})
            except Refusal as refusal:
                self.refused.append({"referenceId": reference, "errors": [refusal.fault.told()]})


def _child(asked: Asked, relationship: str) -> SObject:
    for sobject in asked.org.objects.values():
        if sobject.children and sobject.children.lower() == relationship.lower():
            return sobject
    raise invalid("INVALID_FIELD", f"Cannot resolve child relationship {relationship}")
