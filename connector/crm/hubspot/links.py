"""Associations: which company a deal or ticket belongs to, 1,000 records a call.

Source: HubSpot's associations v4 pages and recordings: a record without any comes back as a NO_ASSOCIATIONS_FOUND
error inside a 207, which is normal; `toObjectId` is a number; one pair may carry several association types.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.crm.hubspot import checks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.crm.hubspot.client import Client
    from connector.crm.hubspot.paths import Paths

LINKS_BATCH = 1_000

_PRIMARY_TYPES = {("deals", "companies"): 5, ("tickets", "companies"): 26}


@dataclass(slots=True)
class Linked:
    """Per source record its targets, each once, with whether any of its types is the primary one."""

    targets: dict[str, dict[str, bool]] = field(default_factory=dict)

    def columns(self, *, keep_empty: bool) -> dict[str, list[str | None]]:
        """Link rows; a record without links gets one row without account when `keep_empty`."""
        rows: list[tuple[str, str | None, str | None]] = []
        for source, found in self.targets.items():
            rows.extend((source, account, "true" if primary else "false") for account, primary in found.items())
            if keep_empty and not found:
                rows.append((source, None, None))
        return {
            "from_id": [row[0] for row in rows],
            "account_id": [row[1] for row in rows],
            "primary": [row[2] for row in rows],
        }


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
        known = linked.targets[source]
        before = len(known)
        for target, is_primary in _targets(result, primary, what):
            known[target] = known.get(target, False) or is_primary
        cursor = checks.after(result, asked[source], what)
        if cursor is not None and len(known) == before:
            raise checks.bad(what, f"the pages of record {source} bring nothing new and claim that more follow")
        if cursor is not None:
            more[source] = cursor
    checks.nothing_missing(asked, answered, what)
    return more


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
    source = result.get("from")
    record = source.get("id") if isinstance(source, dict) else None
    if str(record) not in asked:
        raise checks.bad(what, "HubSpot's answer names a record that was not asked for")
    return str(record)


def _targets(result: Mapping[str, Any], primary: int | None, what: str) -> list[tuple[str, bool]]:
    try:
        return [(_id(to["toObjectId"]), _is_primary(to["associationTypes"], primary)) for to in result["to"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise checks.bad(what, "HubSpot's answer holds a link without record or types") from None


def _id(value: object) -> str:
    text = str(value)
    if not text.isdecimal():
        raise ValueError(text)
    return text


def _is_primary(types: Sequence[Mapping[str, Any]], primary: int | None) -> bool:
    own = [kind for kind in types if kind.get("category") == "HUBSPOT_DEFINED"]
    return any(kind.get("label") == "Primary" or (primary and kind.get("typeId") == primary) for kind in own)
