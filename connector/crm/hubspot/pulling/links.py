"""Associations: which company a deal or ticket belongs to, 1,000 records a call.

Source: HubSpot's associations v4 pages and recordings: a record without any comes back as a NO_ASSOCIATIONS_FOUND
error inside a 207, which is normal; `toObjectId` is a number; one pair may carry several association types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from connector.crm.hubspot.session import checks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.crm.hubspot.paths import Paths
    from connector.crm.hubspot.session.client import Client

LINKS_BATCH = 1_000

_PRIMARY_TYPES = {("deals", "companies"): 5, ("tickets", "companies"): 26}


class Linked(Struct):
    """Per source record its targets, each once, with whether any of its types is the primary one."""

    targets: dict[str, dict[str, bool]] = field(default_factory=dict)

    def columns(self, *, keep_empty: bool) -> dict[str, list[str | None]]:
        """Link rows; a record without links gets one row without account when `keep_empty`."""
        sources: list[str | None] = []
        targets: list[str | None] = []
        primaries: list[str | None] = []
        for source, found in self.targets.items():
            for target, primary in found.items():
                sources.append(source)
                targets.append(target)
                primaries.append("true" if primary else "false")
            if keep_empty and not found:
                sources.append(source)
                targets.append(None)
                primaries.append(None)
        return {"from_id": sources, "account_id": targets, "primary": primaries}


def read(client: Client, paths: Paths, source: str, target: str, ids: Sequence[str]) -> Linked:
    """All links of at most 1,000 records, following the paging of each record."""
    what = f"reading which {target} belong to {source}"
    linked = Linked({record: {} for record in ids})
    primary = _PRIMARY_TYPES.get((source, target))
    open_pages: dict[str, str | None] = dict.fromkeys(ids)
    while open_pages:
        inputs = [
            {"id": record, "after": cursor} if cursor else {"id": record} for record, cursor in open_pages.items()
        ]
        document = client.post(paths.links(source, target), what, {"inputs": inputs}, lane="links")
        open_pages = _add(linked, document, open_pages, primary, what)
    return linked


def _add(
    linked: Linked, document: Mapping[str, Any], asked: Mapping[str, str | None], primary: int | None, what: str
) -> dict[str, str | None]:
    """Add one answer; returns the records of which more pages are to come, with their cursors."""
    more: dict[str, str | None] = {}
    answered = _without_links(document, what)
    for result in checks.results(document, what):
        source = _source(result, asked, what)
        answered.add(source)
        fresh = _collect(result, linked.targets[source], primary, what)
        if "paging" in result and (cursor := checks.after(result, asked[source], what)) is not None:
            if not fresh:
                raise checks.bad(what, f"the pages of record {source} bring nothing new and claim that more follow")
            more[source] = cursor
    checks.nothing_missing(asked, answered, what)
    return more


def _collect(result: Mapping[str, Any], known: dict[str, bool], primary: int | None, what: str) -> bool:
    """Note the targets of one record, each once however many types it carries; whether any is new."""
    before = len(known)
    try:
        for to in result["to"]:
            target = str(to["toObjectId"])
            if not target.isdecimal():
                raise checks.bad(what, f"HubSpot's answer holds a link without record or types: to {target!r}")
            known[target] = _is_primary(to["associationTypes"], primary) or known.get(target, False)
    except (KeyError, TypeError, AttributeError):
        raise checks.bad(what, "HubSpot's answer holds a link without record or types") from None
    return len(known) > before


def _without_links(document: Mapping[str, Any], what: str) -> set[str]:
    found: set[str] = set()
    for error in document.get("errors") or ():
        if not isinstance(error, dict) or error.get("category") != "OBJECT_NOT_FOUND":
            words = error.get("message") if isinstance(error, dict) else error
            raise checks.bad(what, f"HubSpot could not read some of them: {words}")
        context = error.get("context")
        for key in ("fromObjectId", "ids"):
            ids = context.get(key) if isinstance(context, dict) else None
            found.update(map(str, ids if isinstance(ids, list) else ()))
    return found


def _source(result: Mapping[str, Any], asked: Mapping[str, str | None], what: str) -> str:
    try:
        source = str(result["from"]["id"])
    except (KeyError, TypeError):
        source = ""
    if source not in asked:
        raise checks.bad(what, "HubSpot's answer names a record that was not asked for")
    return source


def _is_primary(types: Sequence[Mapping[str, Any]], primary: int | None) -> bool:
    for kind in types:
        if kind["category"] == "HUBSPOT_DEFINED" and (kind.get("label") == "Primary" or kind["typeId"] == primary):
            return True
    return False
