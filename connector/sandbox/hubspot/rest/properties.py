"""The properties API: definitions and groups (hubspot.md 5.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import NO_CONTENT, answer
from connector.sandbox.hubspot.answers import Refusal, batch, not_found
from connector.sandbox.hubspot.shapes import ANYTHING, DEFINITION, FLAT

if TYPE_CHECKING:
    from connector.sandbox.answers import Answer
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.requests import Request

MOST = 100


def list_properties(portal: Portal, request: Request, kind: str) -> Answer:
    """Answer all definitions, unpaged; sensitive ones only when asked for."""
    catalogue = portal.catalogue(kind)
    held = catalogue.archived if request.flag("archived") else catalogue.definitions
    wanted = request.first("dataSensitivity", "non_sensitive")
    # A raw definition put here past every check may lack the key.
    fitting = [found for found in held.values() if found.get("dataSensitivity", "non_sensitive") == wanted]
    return answer({"results": fitting})


def get_property(portal: Portal, request: Request, kind: str, name: str) -> Answer:
    """Answer one definition."""
    catalogue = portal.catalogue(kind)
    if request.flag("archived"):
        if name not in catalogue.archived:
            raise not_found()
        return answer(catalogue.archived[name])
    return answer(catalogue.get(name))


def create_property(portal: Portal, request: Request, kind: str) -> Answer:
    """Create a property: 201; a taken name is 409."""
    made = portal.catalogue(kind).add(request.json(DEFINITION), portal.now())
    portal.changes += 1
    return answer(made, 201)


def patch_property(portal: Portal, request: Request, kind: str, name: str) -> Answer:
    """Change a property; options that are left out of a sent list vanish."""
    changed = portal.catalogue(kind).change(name, request.json(DEFINITION), portal.now())
    portal.changes += 1
    return answer(changed)


def archive_property(portal: Portal, _request: Request, kind: str, name: str) -> Answer:
    """Archive a property."""
    portal.catalogue(kind).archive(name, portal.now())
    portal.changes += 1
    return NO_CONTENT


def create_batch(portal: Portal, request: Request, kind: str) -> Answer:
    """Create properties: 201, or 207 where taken names show up as errors."""
    started, catalogue = portal.stamp(), portal.catalogue(kind)
    results, errors = [], []
    for item in request.inputs(DEFINITION, most=MOST):
        try:
            results.append(catalogue.add(item, portal.now()))
        except Refusal as refusal:
            errors.append(_error(refusal, str(item.get("name", ""))))
    portal.changes += len(results)
    return batch(results, errors, started=started, completed=portal.stamp(), status=201)


def _error(refusal: Refusal, name: str) -> dict[str, Any]:
    return {"context": {"name": [name]}, **refusal.content}


def read_batch(portal: Portal, request: Request, kind: str) -> Answer:
    """Answer definitions by name."""
    started, catalogue = portal.stamp(), portal.catalogue(kind)
    archived = request.json(ANYTHING).get("archived") is True
    held = catalogue.archived if archived else catalogue.definitions
    names = [str(item.get("name", "")) for item in request.inputs(FLAT, most=MOST)]
    results = [held[name] for name in names if name in held]
    errors = [_error(not_found(f"Property {name} does not exist"), name) for name in names if name not in held]
    return batch(results, errors, started=started, completed=portal.stamp())


def archive_batch(portal: Portal, request: Request, kind: str) -> Answer:
    """Archive properties by name: 204."""
    catalogue = portal.catalogue(kind)
    for item in request.inputs(FLAT, most=MOST):
        if item.get("name") in catalogue.definitions:
            catalogue.archive(item["name"], portal.now())
            portal.changes += 1
    return NO_CONTENT


def list_groups(portal: Portal, _request: Request, kind: str) -> Answer:
    """Answer all groups."""
    return answer({"results": list(portal.catalogue(kind).groups.values())})


def get_group(portal: Portal, _request: Request, kind: str, name: str) -> Answer:
    """Answer one group."""
    return answer(portal.catalogue(kind).group(name))


def create_group(portal: Portal, request: Request, kind: str) -> Answer:
    """Create a group: 201."""
    made = portal.catalogue(kind).add_group(request.json(FLAT))
    portal.changes += 1
    return answer(made, 201)


def patch_group(portal: Portal, request: Request, kind: str, name: str) -> Answer:
    """Change label and order of a group; nothing else can be changed."""
    found = portal.catalogue(kind).group(name)
    asked = request.json(FLAT)
    found |= {key: asked[key] for key in ("label", "displayOrder") if key in asked}
    portal.changes += 1
    return answer(found)


def archive_group(portal: Portal, _request: Request, kind: str, name: str) -> Answer:
    """Archive a group without live properties."""
    portal.catalogue(kind).archive_group(name)
    portal.changes += 1
    return NO_CONTENT
