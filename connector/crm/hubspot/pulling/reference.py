"""Reference data: the account's details, pipelines with their stages, owners."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from connector.crm.hubspot.pulling.columns import Stages
from connector.crm.hubspot.session import checks
from connector.crm.hubspot.session.client import Forbidden, Refused
from connector.crm.texts import listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from connector.crm.hubspot.paths import Paths
    from connector.crm.hubspot.session.client import Client


class Details(Struct, frozen=True):
    """The HubSpot account; None where it may not be read."""

    portal: str | None = None
    currency: str | None = None
    zone: tzinfo | None = None


def details(client: Client, paths: Paths) -> Details:
    """Who this account is; an empty answer to a token that may not ask."""
    try:
        document = client.get(paths.details(), "reading the account's details")
    except (Forbidden, Refused):
        return Details()
    portal, currency = document.get("portalId"), document.get("companyCurrency")
    return Details(
        portal=str(portal) if portal is not None else None,
        currency=currency if isinstance(currency, str) and currency else None,
        zone=_zone(document),
    )


def _zone(document: dict[str, Any]) -> tzinfo | None:
    try:
        return ZoneInfo(str(document.get("timeZone") or ""))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        offset = document.get("utcOffsetMilliseconds")
    return timezone(timedelta(milliseconds=offset)) if isinstance(offset, int) else None


def deal_stages(client: Client, paths: Paths) -> Stages:
    """Which stages are closed, and which of them won: closed with probability 1 (metadata are texts)."""
    what = "reading the deal pipelines"
    pipelines = checks.results(client.get(paths.pipelines("deals"), what), what)
    stages = [stage for line in pipelines for stage in listed(line.get("stages")) if isinstance(stage, dict)]
    known = {str(stage["id"]): stage.get("metadata") or {} for stage in stages if stage.get("id")}
    closed = frozenset(stage for stage, facts in known.items() if str(facts.get("isClosed")).lower() == "true")
    won = frozenset(stage for stage in closed if _is_one(known[stage].get("probability")))
    return Stages(frozenset(known), closed, won)


def _is_one(text: object) -> bool:
    try:
        return float(str(text)) == 1.0
    except ValueError:
        return False


def owners(client: Client, paths: Paths, *, archived: bool) -> Iterator[dict[str, list[str | None]]]:
    """Owners as columns, a page at a time; archived ones are still named by old records."""
    what = "listing owners"
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        query = {"limit": "100", "archived": str(archived).lower()} | ({"after": cursor} if cursor else {})
        document = client.get(paths.owners(), what, **query)
        found = checks.results(document, what)
        if any(not owner.get("id") for owner in found):
            raise checks.bad(what, "HubSpot's answer holds an owner without id")
        yield _owner_columns(found, archived=archived)
        cursor = checks.after(document, cursor, what)
        ids = {str(owner["id"]) for owner in found}
        if cursor is not None and ids <= seen:
            raise checks.bad(what, "the pages bring nothing new and claim that more follow")
        seen |= ids
        if cursor is None:
            return


def _owner_columns(found: list[dict[str, Any]], *, archived: bool) -> dict[str, list[str | None]]:
    names = [" ".join(str(owner.get(k) or "") for k in ("firstName", "lastName")).strip() or None for owner in found]
    return {
        "owner_id": [str(owner["id"]) for owner in found],
        "name": names,
        "email": [str(owner["email"]) if owner.get("email") else None for owner in found],
        "archived": ["true" if archived else "false"] * len(found),
    }
